"""How much one gateway holds: connections, channels, verified messages, memory."""
from lib.gateway import mebibytes
from lib.ledger import world
from lib.proof import line, milliseconds
from lib.story import check_equal


async def connections(how):
    """9,000 clients in one process, each with a channel; all of them talk."""
    clients = how.scaled(9000, 3000)
    async with world(how) as here:
        await here.serve("a")
        gw = await here.gateway()
        talk = await here.load(clients=clients, rate=how.scaled(4000, 3000), window=1, seconds=how.scaled(30, 4),
                               settle_ms=20000)
        opened = await talk.opened()
        check_equal("every client is connected", opened["open"], clients)
        await talk.progressed("every client was answered", lambda now: now["acked"] >= clients)
        how.saw("sockets of the gateway", f"{gw.descriptors():,}")
        done = await talk.done()
        how.saw("opened in", f"{opened['seconds']:.1f} s")
        how.saw("p99", milliseconds(done["answer_us"]["p99"]))
        check_equal("nobody was disconnected", done["closed"], {})
        await here.audit()


async def multiplexing(how):
    """Clients with three channels each, over three services of three instances: who got how many?"""
    clients = how.scaled(4500, 1000)
    async with world(how) as here:
        for name in "abc":
            await here.serve(name, 3)
        await here.gateway()
        talk = await here.load(clients=clients, rate=how.scaled(4000, 3000), window=3, seconds=how.scaled(30, 4),
                               settle_ms=20000)
        await talk.opened()
        done = await talk.done()
        counts = [one.channels() for one in here.instances]
        check_equal("every client has one channel per service", sum(counts), 3 * clients)
        spread = max(max(counts[i:i + 3]) / min(counts[i:i + 3]) for i in (0, 3, 6))
        how.saw("channels", f"{sum(counts):,}")
        how.saw("spread", f"{spread:.3f}")
        how.saw("p99", milliseconds(done["answer_us"]["p99"]))
        how.wants("the spread is at most 1.1", spread <= 1.1)
        await here.audit()


async def verified_traffic(how):
    """5,000 round trips a second, every one of them joined with the ledgers."""
    seconds, rate = how.scaled(600, 10), 5500
    async with world(how) as here:
        for name in "abc":
            await here.serve(name, 2)
        await here.gateway()
        talk = await here.load(clients=500, rate=rate, window=6, seconds=seconds)
        await talk.opened()
        done = await talk.done(seconds + 60)
        per_second = done["acked"] / seconds
        how.saw("round trips/s", f"{per_second:,.0f} for {seconds} s")
        how.saw("p50/p99/max", "/".join(milliseconds(done["answer_us"][key]) for key in ("p50", "p99", "max")))
        how.wants("5,000 round trips a second", per_second >= 5000)
        await here.audit()


async def idle_memory(how):
    """What one more idle session with one idle channel costs, once the pools are there."""
    half = how.scaled(2500, 1500)
    async with world(how) as here:
        await here.serve("a")
        gw = await here.gateway()
        busy = await here.load(clients=500, first_client=100000, window=16, seconds=1)
        await busy.done()
        sizes = [gw.rss()]
        for first in (1, half + 1):
            talk = await here.load(clients=half, first_client=first, rate=0.001)
            await talk.opened()
            await talk.progressed("every client was answered once", lambda now: now["acked"] >= half)
            sizes.append(gw.rss())
        per_session = (sizes[2] - sizes[1]) / half
        how.saw("one more idle session", f"{per_session / 1024:.2f} KiB")
        how.saw(f"RSS after traffic with 0/{half:,}/{2 * half:,}", "/".join(map(mebibytes, sizes)))
        how.wants("an idle session and its channel cost at most 3 KiB", per_session <= 3 * 1024)


LINES = [
    line("L1", "9,000 clients with a channel each through one process", "18,000 sockets, nobody disconnected",
         connections, "3,000 clients"),
    line("L2", "4,500 clients x 3 services x 3 instances", "channels per instance max/min <= 1.1", multiplexing,
         "1,000 clients"),
    line("L3", "verified traffic", ">= 5,000 ledger-checked round trips/s for 10 min", verified_traffic, "10 s"),
    line("L5.idle", "memory of idle sessions", "<= 3 KiB for one more session with its channel", idle_memory,
         "1,500 and 3,000 clients"),
]
