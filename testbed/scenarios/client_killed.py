"""A client process dies with eight channels open: within a second nothing of it is left."""
import sys
import time

from lib.gateway import gateway, service
from lib.peers import echo, upstream
from lib.process import peer, process
from lib.story import check, check_equal, measured, patience, tell, until

SERVICES = [f"s{number}" for number in range(8)]


async def killed():
    """SIGKILL ends a client that has talked to eight services."""
    await one_client(lambda client: client.kill())


async def interrupted():
    """SIGINT ends it: the library leaves without saying more than it must."""
    await one_client(lambda client: client.send_signal(2))


async def one_client(end):
    async with upstream(echo) as up:
        async with gateway(*[service(name, up.address) for name in SERVICES]) as gw:
            base = await gw.descriptors_at_rest()
            measured("descriptors before", base)
            async with process(sys.executable, "-B", peer("many_channels_client.py"), gw.url, *SERVICES,
                               name="client") as client:
                answered, = await client.events(client.out, "answered")
                check_equal("every service has answered", answered["services"], SERVICES)
                check_equal("there are eight channels", await gw.metric("wsgw_channels"), 8)
                await until("the gateway holds one socket for the client and eight upstream",
                            lambda: gw.descriptors() - base == 9)
                end(client)
                started = time.monotonic()
                took = await gw.at_rest(base, within=patience(1.0))
                measured("from the signal to no session, no channel and no descriptor", f"{took * 1000:.1f} ms")
                await until("every upstream connection has ended",
                            lambda: all(c.code is not None for c in up.connections), within=patience(1.0))
                measured("from the signal to the last Close at an upstream",
                         f"{(time.monotonic() - started) * 1000:.1f} ms")
            check("nothing of the session is left within a second", True)
            check_equal("every upstream saw Close 1001", [c.code for c in up.connections], [1001] * 8)
            check_equal("and the one message of its channel", [len(c.messages) for c in up.connections], [1] * 8)


def first_only(record, message):
    """An upstream that answers the first message of a channel."""
    return message if len(record.messages) == 1 else None


async def last_words():
    """What the gateway has read before the client died still reaches the upstream, before the Close."""
    async with upstream(first_only) as up, gateway(service("s0", up.address)) as gw:
        base = await gw.descriptors_at_rest()
        async with process(sys.executable, "-B", peer("last_words_client.py"), gw.url, "s0", name="client") as client:
            await client.exit_status()
        await gw.at_rest(base)
        await until("the channel has ended at the upstream", lambda: up.connections and up.connections[0].code)
        record = up.connections[0]
        measured("messages that arrived of 200", len(record.messages))
        check_equal("all 200 messages arrived in order", record.ids(), list(range(200)))
        check_equal("with Close 1001 behind them", record.code, 1001)


tell(killed, interrupted, last_words)
