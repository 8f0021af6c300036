"""The network between clients, gateway and upstreams misbehaves: slow, chopped, stalled, damaged, lossy, dead."""
import time

from lib.ledger import world
from lib.netns import far_side
from lib.proof import line, longest, milliseconds, schedule, told_after
from lib.story import check, until

HEARTBEATS = '''[session]
ping_interval = "2s"
pong_timeout = "1s"

[channel]
ping_interval = "2s"
pong_timeout = "1s"'''
TOLD_WITHIN = 4.0  # seconds: ping + pong + 1


async def through_chaos(how, clients, rate, seconds, damaged=False, **plan):
    """Traffic whose both legs pass a chaos proxy. Returns the load's summary and what the proxy of the clients did."""
    async with world(how) as here:
        await here.serve("a", 2)
        await here.serve("b")
        gw = await here.gateway(through=await here.chaos_upstream(**plan))
        front = await here.chaos(gw.address, **plan)
        talk = await here.load([front.address], clients=clients, rate=rate, window=4, seconds=seconds,
                               reconnect_ms=[0, 300], settle_ms=5000 if damaged else 30000)
        await talk.opened()
        done = await talk.done(seconds + 120)
        did = await front.finish()
        check("the gateway lives", gw.running)
        how.saw("p50/p99", "/".join(milliseconds(done["answer_us"][key]) for key in ("p50", "p99")))
        await here.audit(damaged)
        return done, did


async def chopped(how):
    """Every byte on both legs is written alone."""
    done, did = await through_chaos(how, 100, how.scaled(300, 200), how.scaled(60, 6), chop=1)
    how.saw("writes", f"{did['writes']:,}")
    check("the clients' proxy wrote every byte alone", did["writes"] == did["bytes"], did)
    check("no session broke", not done["closed"], done["closed"])


async def delayed(how):
    """200 ms each way, up to 100 ms more at random, and small writes merged."""
    done, _ = await through_chaos(how, 200, 300, how.scaled(60, 8), latency_ms=200, jitter_ms=100, coalesce_ms=30)
    check("no session broke", not done["closed"], done["closed"])


async def stalled(how):
    """Stalls of some seconds, half closes and RSTs in both directions of both legs."""
    _, did = await through_chaos(how, 200, how.scaled(1000, 800), how.scaled(120, 8),
                                 stall_every=how.scaled(200000, 100000), stall_ms=how.scaled(5000, 1000),
                                 half_close_after=[1000, 120000], reset_after=[1000, 120000], chop=700)
    how.saw("on the clients' leg", {key: did[key] for key in ("stalls", "half_closes", "resets")})
    check("there were stalls, half closes and resets", did["stalls"] and did["half_closes"] and did["resets"], did)


async def flipped(how):
    """Bits flip on both legs: protocol errors, refusals and caught checksums, but no wrong message is believed."""
    done, did = await through_chaos(how, 100, 1000, how.scaled(120, 8), damaged=True, flip_every=20000)
    how.saw("flipped on the clients' leg", did["flips"])
    how.saw("closes", done["closed"])
    check("bits were flipped", did["flips"] > 0)
    check("and noticed", done["closed"] or done["bad"], done)


def lossy(percent):
    async def story(how):
        """Packets between the clients and the gateway get lost, in both directions."""
        async with far_side(losing=percent) as far, world(how) as here:
            await here.serve("a", 2)
            await here.gateway(bind=f"{far.near}:0")
            talk = await here.load(prefix=far.prefix, sources=1, clients=50, rate=200, window=4,
                                   seconds=how.scaled(600, 6), reconnect_ms=[0, 300], settle_ms=60000)
            await talk.opened()
            done = await talk.done(how.scaled(700, 80))
            lost = await far.lost()
            how.saw("packets lost", f"{lost:,}")
            how.saw("p50/p99", "/".join(milliseconds(done["answer_us"][key]) for key in ("p50", "p99")))
            how.saw("closes", done["closed"] or 0)
            check("packets were lost", lost > 0)
            await here.audit()
    return story


async def blackhole_upstream(how):
    """The cable to the one instance of a service lies dead for a while: no FIN, no RST, nothing."""
    times, seconds, clients = how.scaled(20, 1), how.scaled(30.0, 6.0), 50
    async with far_side() as far, world(how) as here:
        await here.serve("a", host=far.far, prefix=far.prefix)
        await here.serve("b")
        gw = await here.gateway(HEARTBEATS)
        descriptors = await gw.descriptors_at_rest()
        talk = await here.load(clients=clients, rate=100, window=4, settle_ms=30000)
        await talk.opened()

        cuts, opened = [], 0  # channels to it, before the latest cut

        async def opened_so_far():
            return await gw.metric("wsgw_channel_connects_total", service="a", result="ok")

        async def both_channels():  # those that are being dialled count as channels, too
            return (await gw.metric("wsgw_channels") == 2 * clients and await opened_so_far() >= opened + clients)

        async def everybody_talks():
            await until("every client has both channels", both_channels, 30)
            await talk.progressed("and nobody waits for them to open",
                                  lambda now: now["acked"] >= 2 * clients and now["unexplained"] == 0)
        for _ in range(times):
            await everybody_talks()
            opened = await opened_so_far()
            cuts.append(time.monotonic())
            await far.cut()
            await schedule(seconds)
            await far.mend()
        await everybody_talks()
        done = await talk.finish(90)
        notices = here.notices()
        told = told_after(cuts, [at for _, name, _, at in notices if name == "a"])
        how.saw("blackholes", times)
        how.saw("notices", f"{done['notices']:,}")
        how.saw("told of", f"{times - told.count(None)} of them" + longest(told))
        how.wants("each is told within ping + pong + 1 s", all(took and took <= TOLD_WITHIN for took in told))
        check("the other service never noticed", not [one for one in notices if one[1] == "b"])
        how.saw("descriptors are back after", f"{await gw.at_rest(descriptors):.2f} s")
        await here.audit()


async def blackhole_clients(how):
    """The cable to the clients lies dead for a while."""
    times, seconds, clients = how.scaled(20, 1), how.scaled(30.0, 6.0), 50
    async with far_side() as far, world(how) as here:
        await here.serve("a", 2)
        gw = await here.gateway(HEARTBEATS, bind=f"{far.near}:0")
        talk = await here.load(prefix=far.prefix, sources=1, clients=clients, rate=100, window=4, reconnect_ms=[0, 300],
                               settle_ms=30000)
        await talk.opened()
        ended = []

        async def everybody():
            return await gw.metric("wsgw_sessions") == clients

        for _ in range(times):
            # A client learns that its session has ended when its kernel repeats what it sent: that may take a while.
            await until("everybody is there", everybody, 120)
            closed, begun = len(gw.access("session_close")), time.monotonic()
            await far.cut()
            ended.append(await until("every session of the dead cable ends",
                                     lambda: len(gw.access("session_close")) >= closed + clients, 60))
            await schedule(begun + seconds - time.monotonic())
            await far.mend()
        await until("everybody is back", everybody, 120)
        await talk.finish(90)
        how.saw("blackholes", times)
        how.saw("all sessions ended within", f"{max(ended):.2f} s")
        how.wants("half-open sessions end within ping + pong + 1 s", max(ended) <= TOLD_WITHIN)
        await here.audit()


LINES = [
    line("R4.chop", "every byte alone, both legs", "clean ledger, nobody disconnected", chopped, "6 s"),
    line("R4.delay", "200 ms + up to 100 ms each way, merged writes", "clean ledger, nobody disconnected", delayed,
         "8 s"),
    line("R4.stall", "stalls, half closes and RSTs on both legs", "clean ledger", stalled, "8 s, stalls of 1 s"),
    line("R4.flip", "flipped bits on both legs", "1002, 1007 or caught by a checksum; 0 believed", flipped, "8 s"),
    *(line(f"R4.loss{percent}", f"{percent} % of the packets of clients lost", "10 min: clean ledger", lossy(percent),
           "6 s")
      for percent in (1, 5, 20)),
    line("R4.hole.up", "blackholes of 30 s between gateway and upstream", "20 told within ping + pong + 1 s",
         blackhole_upstream, "one of 6 s"),
    line("R4.hole.down", "blackholes of 30 s between client and gateway", "20 sessions ended within ping + pong + 1 s",
         blackhole_clients, "one of 6 s"),
]
