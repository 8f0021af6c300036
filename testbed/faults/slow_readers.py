"""Clients that read slowly or never, while upstreams send: memory keeps its bound, the others do not notice."""
from lib.gateway import mebibytes, mock_service, service
from lib.ledger import world
from lib.proof import line, milliseconds
from lib.story import at_a_stand, check, until

HIGH = 256 * 1024  # the cap of every queue here
CAPS = f'''[session]
queue = {{ high = "{HIGH}B", low = "{HIGH // 4}B" }}
[channel]
queue = {{ high = "{HIGH}B", low = "{HIGH // 4}B" }}'''


async def healthy(here, how, first):
    """Some clients of a ledger service; returns its p99 in microseconds."""
    talk = await here.load(clients=50, first_client=first, rate=200, window=4, services=["b"],
                           seconds=how.scaled(20, 3))
    await talk.opened()
    return (await talk.done())["answer_us"]["p99"]


async def stuck(gw):
    """Waits until nothing of the slow service moves any more: the queues are full."""
    async def passed():
        return await gw.metric("wsgw_messages_total", service="slow")
    await until("messages pass", passed, 60)
    await until("the queues are full", lambda: at_a_stand(passed, looks=3, every=0.1), 60)


async def never_reading(how):
    """Clients send a thousand messages of a kilobyte to an echo, and never read an answer."""
    clients = how.scaled(2000, 200)
    async with world(how) as here:
        echo = await here.enter(mock_service(1, "slow", "--reply", "raw"))
        await here.serve("b")
        gw = await here.gateway(service("slow", *echo.addresses("slow")), CAPS)
        alone = await healthy(here, how, 1)
        before = gw.rss()
        gw.forget_peak()
        deaf = await here.load(clients=clients, first_client=1000, services=["slow"], window=1000, padding=1000,
                               deaf=True, receive_buffer=8192, journal="", settle_ms=0)
        await deaf.opened()
        await stuck(gw)
        beside = await healthy(here, how, 101)
        grown, bound = gw.peak_rss() - before, 2 * HIGH * clients
        check("the gateway lives", gw.running)
        deaf.kill()
        how.saw("RSS grew by", f"{mebibytes(grown)}, the caps allow {mebibytes(bound)}")
        how.saw("p99 of others without/with them", f"{milliseconds(alone)}/{milliseconds(beside)}")
        how.wants("RSS stays within caps x clients + 10 %", grown <= 1.1 * bound)
        how.wants("RSS stays below 2.5 GB", gw.peak_rss() < 2.5e9)
        how.wants("the p99 of others stays below 50 ms", beside < 50_000)
        await here.audit()


async def narrow(how):
    """Clients behind 256 kbit/s ask an echo for more than that."""
    clients = how.scaled(500, 100)
    async with world(how) as here:
        echo = await here.enter(mock_service(1, "slow", "--reply", "raw"))
        await here.serve("b")
        gw = await here.gateway(service("slow", *echo.addresses("slow")), CAPS)
        alone = await healthy(here, how, 1)
        front = await here.chaos(gw.address, bytes_per_second=32000)
        before = gw.rss()
        gw.forget_peak()
        crowd = await here.load([front.address], clients=clients, first_client=1000, services=["slow"], window=500,
                                padding=1000, receive_buffer=8192, journal="", settle_ms=0)
        await crowd.opened()
        beside = await healthy(here, how, 101)
        grown, bound = gw.peak_rss() - before, 2 * HIGH * clients
        how.saw("RSS grew by", f"{mebibytes(grown)}, the caps allow {mebibytes(bound)}")
        how.saw("p99 of others without/with them", f"{milliseconds(alone)}/{milliseconds(beside)}")
        how.wants("RSS stays within caps x clients + 10 %", grown <= 1.1 * bound)
        how.wants("the p99 of others stays within twice of what it was, or 50 ms", beside < max(2 * alone, 50_000))
        await here.audit()


LINES = [
    line("L5.deaf", "2,000 clients never read 1,000 messages of 1 KB each",
         "RSS <= caps x clients + 10 %, < 2.5 GB; p99 of others < 50 ms", never_reading, "200 clients"),
    line("L5.narrow", "500 clients behind 256 kbit/s", "RSS <= caps x clients + 10 %; p99 of others < 2x", narrow,
         "100 clients"),
]
