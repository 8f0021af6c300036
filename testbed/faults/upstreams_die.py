"""Upstreams that are killed, hang, reset, refuse and restart, while clients talk: nothing is lost without a word."""
import time

from lib.ledger import world
from lib.proof import line, milliseconds, schedule
from lib.story import check, check_equal

TALK = {"window": 4, "settle_ms": 20000}


def told_after(faults, notices):
    """Seconds from each fault, a monotonic time, to the last notice before the next one."""
    times = [at for *_, at in notices]
    ends = faults[1:] + [float("inf")]
    return [max((at - begun for at in times if begun <= at < end), default=0.0) for begun, end in zip(faults, ends)]


def recovery(how, done):
    after = done["after_notice_us"]
    how.saw("first answer of another instance p99", f"{milliseconds(after['p99'])} ({after['count']:,} times)")
    how.wants("the first answer of another instance comes within a second (p99)", after["p99"] < 1e6)


async def killed(how):
    """SIGKILL for one of six upstreams, again and again; it returns a little later."""
    kills, every, away = how.scaled(200, 10), how.scaled(3.0, 1.2), how.scaled(1.0, 0.4)
    async with world(how) as here:
        for name in "ab":
            await here.serve(name, 3)
        await here.gateway()
        talk = await here.load(clients=how.scaled(2000, 400), rate=2000, **TALK)
        await talk.opened()
        begun, faults = time.monotonic(), []
        for i in range(kills):
            await schedule(begun + i * every - time.monotonic())
            victim = how.chance.choice(here.instances)
            faults.append(time.monotonic())
            await victim.kill()
            await schedule(away)
            await victim.start()
        done = await talk.finish()
        how.saw("SIGKILLs", kills)
        how.saw("notices", f"{done['notices']:,}")
        how.saw("refused", done["refused"] or 0)
        how.saw("told within", f"{max(told_after(faults, here.notices())):.2f} s")
        recovery(how, done)
        check_equal("no client was disconnected", done["closed"], {})
        await here.audit()


async def hung(how):
    """SIGSTOP for one of two upstreams: it hangs and is not dead. Heartbeats of 2 s, 1 s to answer.

    They take turns, for after a hang all channels are on the other one.
    """
    hangs, seconds = how.scaled(50, 2), how.scaled(10.0, 6.0)
    async with world(how) as here:
        await here.serve("a", 2)
        await here.serve("b")
        gw = await here.gateway('[channel]\nping_interval = "2s"\npong_timeout = "1s"')
        clients = how.scaled(500, 200)
        talk = await here.load(clients=clients, rate=500, **TALK)
        await talk.opened()
        await talk.progressed("everybody talks", lambda now: now["acked"] >= 2 * clients)
        faults = []
        for i in range(hangs):
            victim = here.instances[i % 2]
            faults.append(time.monotonic())
            victim.stop()
            await schedule(seconds)
            victim.go_on()
            await schedule(2.0)
        done = await talk.finish()
        told = told_after(faults, here.notices())
        how.saw("hangs", hangs)
        how.saw("told of", f"{sum(1 for seconds in told if seconds)} of them, within {max(told):.2f} s")
        how.saw("notices", f"{done['notices']:,}")
        how.wants("every hang is told within 4 s", all(0 < seconds <= 4 for seconds in told))
        check("the gateway lives", gw.running)
        await here.audit()


async def reset(how):
    """Every upstream connection is cut by RST after some kilobytes, in either direction."""
    async with world(how) as here:
        await here.serve("a", 2)
        through = await here.chaos_upstream(reset_after=[300, how.scaled(60000, 12000)])
        gw = await here.gateway(through=through)
        descriptors = gw.descriptors()
        talk = await here.load(clients=how.scaled(500, 150), rate=how.scaled(5000, 3000), window=8,
                               seconds=how.scaled(200, 8))
        await talk.opened()
        done = await talk.done(300)
        resets = done["notices"]
        how.saw("RSTs", f"{resets:,}")
        how.wants(f"{how.scaled(5000, 500):,} RSTs were told", resets >= how.scaled(5000, 500))
        recovery(how, done)
        how.saw("descriptors are back after", f"{await gw.at_rest(descriptors):.2f} s")
        await here.audit()


async def refused(how):
    """All instances of a service are gone for a while; the other service is not affected."""
    away = how.scaled(30.0, 3.0)
    async with world(how) as here:
        gone = await here.serve("a", 3)
        await here.serve("b")
        await here.gateway()
        talk = await here.load(clients=how.scaled(500, 200), rate=1000, **TALK)
        await talk.opened()
        for one in gone:
            await one.kill()
        await schedule(away)
        for one in gone:
            await one.start()
        back = time.monotonic()
        await talk.progressed("nothing is refused any more", lambda now: now["unexplained"] < 50)
        await schedule(2.5 - (time.monotonic() - back))
        late = time.monotonic()
        await schedule(1.0)
        done = await talk.finish()
        refusals = sum(done["refused"].values())
        how.saw("refused", f"{refusals:,} messages in {away:g} s")
        how.saw("error after p50/p99", "/".join(milliseconds(done["refusal_us"][key]) for key in ("p50", "p99")))
        how.wants("a message is refused within 100 ms (p99)", done["refusal_us"]["p99"] < 100_000)
        after = [at for kind, at in here.refusals() if at > late]
        how.wants("2 s after their return nothing is refused", not after)
        check("messages were refused", refusals > 0)
        await here.audit()


async def rolled(how):
    """Rolling restarts: each instance in turn is ended by SIGTERM and started again."""
    rolls = how.scaled(100, 2)
    async with world(how) as here:
        await here.serve("a", 3)
        await here.gateway()
        talk = await here.load(clients=how.scaled(500, 200), rate=1000, **TALK)
        await talk.opened()
        for _ in range(rolls):
            for one in here.instances:
                await one.end()
                await one.start()
                await schedule(1.0)
        done = await talk.finish()
        how.saw("full rolls", rolls)
        how.saw("notices", f"{done['notices']:,}")
        how.saw("refused", done["refused"] or 0)
        how.wants("no message is refused", not done["refused"])
        recovery(how, done)
        await here.audit()


LINES = [
    line("R1.kill", "SIGKILL one of 6 upstreams every 3 s", "200 kills: ledger clean; first answer elsewhere p99 < 1 s",
         killed, "10 kills"),
    line("R1.hang", "SIGSTOP an upstream for 10 s; ping 2 s + 1 s", "50 hangs told within 4 s", hung, "2 hangs of 6 s"),
    line("R1.reset", "RST on upstream connections", "5,000 RSTs: ledger clean, descriptors back", reset, "500"),
    line("R1.refused", "all instances gone for 30 s", "error < 100 ms; recovery < 2 s", refused, "3 s"),
    line("R1.roll", "rolling restart of upstreams by SIGTERM", "100 full rolls: 0 refused, 0 lost", rolled, "2 rolls"),
]
