"""Upstreams that are killed, hang, reset, refuse and restart, while clients talk: nothing is lost without a word."""
import time

from lib.kernel import holds_connections
from lib.ledger import world
from lib.proof import line, longest, milliseconds, schedule, told_after
from lib.story import check, check_equal, until

TALK = {"window": 4, "settle_ms": 20000}


def recovery(how, done):
    after = done["after_notice_us"]
    check("somebody was answered by another instance", after["count"] > 0, done)
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
        begun, faults, served = time.monotonic(), [], []
        for i in range(kills):
            await schedule(begun + i * every - time.monotonic())
            victim = how.chance.choice(here.instances)
            served.append(holds_connections(victim.process.pid))
            faults.append(time.monotonic())
            await victim.kill()
            await schedule(away)
            await victim.start()
        done = await talk.finish()
        told = told_after(faults, [at for *_, at in here.notices()])
        unheard = [took for took, held in zip(told, served) if held and took is None]
        how.saw("SIGKILLs", kills)
        how.saw("of instances with channels", sum(served))
        how.saw("told of", f"{kills - told.count(None)}{longest(told)}")
        how.saw("notices", f"{done['notices']:,}")
        how.saw("refused", done["refused"] or 0)
        how.wants("the death of every instance that had channels is told", not unheard)
        recovery(how, done)
        check_equal("no client was disconnected", done["closed"], {})
        await here.audit()


async def hung(how):
    """SIGSTOP for one of two upstreams: it hangs and is not dead. Heartbeats of 2 s, 1 s to answer.

    It is always one that has channels: after a hang most are on the other one.
    """
    hangs, seconds = how.scaled(50, 2), how.scaled(10.0, 5.0)
    async with world(how) as here:
        await here.serve("a", 2)
        await here.serve("b")
        gw = await here.gateway('[channel]\nping_interval = "2s"\npong_timeout = "1s"')
        clients = how.scaled(500, 200)
        talk = await here.load(clients=clients, rate=500, **TALK)
        await talk.opened()
        await talk.progressed("everybody talks", lambda now: now["acked"] >= 2 * clients)
        faults, victim = [], None

        def serving():
            return [one for one in here.instances[:2] if holds_connections(one.process.pid)]

        for i in range(hangs):
            await until("an instance has channels", serving, 60)
            could = serving() or here.instances[:2]
            victim = next((one for one in could if one is not victim), could[0])
            faults.append(time.monotonic())
            victim.stop()
            await schedule(seconds)
            victim.go_on()
            await schedule(2.0)
        done = await talk.finish()
        told = told_after(faults, [at for *_, at in here.notices()])
        how.saw("hangs", hangs)
        how.saw("told of", f"{hangs - told.count(None)} of them{longest(told)}")
        how.saw("notices", f"{done['notices']:,}")
        how.wants("every hang is told within 4 s", all(took is not None and took <= 4 for took in told))
        check("the gateway lives", gw.running)
        await here.audit()


async def reset(how):
    """Every upstream connection is cut by RST after some kilobytes, in either direction."""
    wanted = how.scaled(5000, 500)
    async with world(how) as here:
        await here.serve("a", 2)
        proxies = await here.chaos_upstream(reset_after=[300, how.scaled(60000, 12000)])
        gw = await here.gateway(through=proxies)
        descriptors = await gw.descriptors_at_rest()
        talk = await here.load(clients=how.scaled(500, 150), rate=how.scaled(5000, 3000), window=8,
                               seconds=how.scaled(200, 8))
        await talk.opened()
        done = await talk.done(300)
        how.saw("descriptors are back after", f"{await gw.at_rest(descriptors):.2f} s")
        resets = sum([(await one.finish())["resets"] for one in proxies.values()])
        how.saw("RSTs", f"{resets:,}")
        how.saw("notices", f"{done['notices']:,}")
        how.wants(f"there were {wanted:,} RSTs", resets >= wanted)
        recovery(how, done)
        await here.audit()


async def refused(how):
    """All instances of a service are gone for a while; the clients of another service do not notice."""
    away, observed = how.scaled(30.0, 3.0), 4.0
    async with world(how) as here:
        gone = await here.serve("a", 3)
        await here.serve("b")
        await here.gateway()
        clients = how.scaled(500, 200)
        beside = await here.load(clients=50, first_client=1 + clients, services=["b"], rate=200, **TALK)
        talk = await here.load(clients=clients, services=["a"], rate=800, **TALK)
        await beside.opened()
        await talk.opened()
        for one in gone:
            await one.kill()
        await schedule(away)
        for one in gone:
            await one.start()
        back = time.monotonic()
        await schedule(observed)
        done, others = await talk.finish(), await beside.finish()
        refusals = [at - back for _, at in here.refusals()]
        check("messages were refused", refusals)
        last = max(refusals)
        how.saw("refused", f"{sum(done['refused'].values()):,} messages in {away:g} s")
        how.saw("error after p50/p99", "/".join(milliseconds(done["refusal_us"][key]) for key in ("p50", "p99")))
        how.saw("the last one after their return", f"{max(last, 0.0):.2f} s")
        how.wants("a message is refused within 100 ms (p99)", done["refusal_us"]["p99"] < 100_000)
        how.wants("2 s after their return nothing is refused", last < 2)
        check("the service recovers: in the last second nothing is refused", last < observed - 1, last)
        check_equal("the other service's clients did not notice",
                    (others["refused"], others["notices"], others["closed"]), ({}, 0, {}))
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
    line("R1.hang", "SIGSTOP an upstream for 10 s; ping 2 s + 1 s", "50 hangs told within 4 s", hung, "2 hangs of 5 s"),
    line("R1.reset", "RST on upstream connections", "5,000 RSTs: ledger clean, descriptors back", reset, "500"),
    line("R1.refused", "all instances gone for 30 s", "error < 100 ms; recovery < 2 s", refused, "3 s"),
    line("R1.roll", "rolling restart of upstreams by SIGTERM", "100 full rolls: 0 refused, 0 lost", rolled, "2 rolls"),
]
