"""Messages that arrive while their channel is being opened wait, and go out in order when it is."""
import asyncio
import http
import time

from lib.gateway import gateway, mock_service, service
from lib.peers import connect, echo, receive, text, upstream
from lib.story import check, check_equal, in_time, measured, patience, tell, until

COUNT = 100


class slow_upstream(upstream):
    """Answers no handshake until its door is opened."""

    def __init__(self, answer=None):
        super().__init__(answer, process_request=self._wait)
        self.asked = 0
        self.door = asyncio.Event()

    async def __aexit__(self, *why):
        self.door.set()
        await super().__aexit__(*why)

    async def _wait(self, path, headers):
        self.asked += 1
        await self.door.wait()


async def before_the_101():
    """100 messages reach the gateway before the upstream has accepted."""
    async with slow_upstream(echo) as slow, upstream(echo) as quick:
        async with gateway(service("slow", slow.address), service("quick", quick.address)) as gw, connect(gw) as client:
            for id in range(COUNT):
                await client.send(text("slow", id))
            # The answer of a second service says that the gateway has read everything before it.
            await client.send(text("quick", "last"))
            check_equal("another service answers meanwhile", (await receive(client))["id"], "last")
            check_equal("the upstream has been asked once", slow.asked, 1)
            check_equal("no message has arrived before the 101", [c.messages for c in slow.connections], [])
            started = time.monotonic()
            slow.door.set()
            answers = [(await receive(client))["id"] for _ in range(COUNT)]
            measured("from the 101 to the last of the 100 answers", f"{(time.monotonic() - started) * 1000:.1f} ms")
            check_equal("every message is answered once, in order", answers, list(range(COUNT)))
            check_equal("over one connection", [c.ids() for c in slow.connections], [list(range(COUNT))])
            check_equal("that was asked for once", slow.asked, 1)


async def client_gone_meanwhile():
    """The client leaves while its channel is being opened."""
    async with slow_upstream() as slow, gateway(service("slow", slow.address)) as gw:
        base = await gw.descriptors_at_rest()
        client = await connect(gw)
        await client.send(text("slow", 1))
        await until("the upstream is asked", lambda: slow.asked == 1)
        await client.close()
        took = await gw.at_rest(base, within=patience(1.0))
        measured("from the Close to nothing left", f"{took * 1000:.1f} ms")
        check("nothing of the session is left within a second", True)
        slow.door.set()
        check_equal("the upstream got no message", [c.messages for c in slow.connections], [])


async def said_and_gone():
    """A client says ten things to a service, the first of this session, and leaves with a Close at once."""
    async with upstream() as up, gateway(service("s", up.address)) as gw:
        base = await gw.descriptors_at_rest()
        client = await connect(gw)
        for id in range(10):
            await client.send(text("s", id))
        await client.close()
        await gw.at_rest(base, within=patience(1.0))
        check("nothing of the session is left within a second", True)
        check_equal("what the gateway had accepted was handed over before the channel was closed",
                    [c.ids() for c in up.connections], [list(range(10))])


async def never_a_101():
    """An upstream accepts the connection and never answers the handshake; the one instance, then two."""
    tables = '[channel]\nhandshake_timeout = "300ms"\nopen_timeout = "2s"'
    async with slow_upstream() as deaf, mock_service(1, "good") as mocks:
        async with gateway(service("deaf", deaf.address), service("both", deaf.address, *mocks.addresses("good")),
                           tables) as gw, connect(gw) as client:
            started = time.monotonic()
            for id in range(3):
                await client.send(text("deaf", id))
            frames = [await receive(client) for _ in range(3)]
            measured("until the three error frames", f"{(time.monotonic() - started) * 1000:.0f} ms")
            check_equal("each waiting message gets an error frame of its own",
                        [(f["data"]["id"], f["error"]["code"], f["error"]["sent"], f["error"]["seq"]) for f in frames],
                        [(id, "CONNECT_TIMEOUT", False, id + 1) for id in range(3)])
            check_equal("each echoes the method", {f["method"] for f in frames}, {"/api/v1/deaf/say"})
            await client.send(text("both", 9))
            answer = await receive(client)
            check("with a second instance the message is answered all the same",
                  answer.get("instance") == "good-1" and answer["n"] == 1, answer)


async def refusals():
    """Instances that refuse: by TCP, by an HTTP status."""
    async def forbid(path, headers):
        return http.HTTPStatus.FORBIDDEN, [], b"no\n"
    async with upstream() as left:
        gone = left.address
    async with upstream(process_request=forbid) as guarded:
        async with gateway(service("gone", gone), service("guarded", guarded.address)) as gw, connect(gw) as client:
            await client.send(text("gone", 1))
            frame = await receive(client)
            check_equal("a refused connection is CONNECT_FAILED, not sent, to be tried again",
                        [frame["error"].get(key) for key in ("code", "http", "sent", "retryable")],
                        ["CONNECT_FAILED", 502, False, True])
            await client.send(text("guarded", 2))
            frame = await receive(client)
            check_equal("a 403 is HANDSHAKE_REJECTED with its status",
                        [frame["error"].get(key) for key in ("code", "http", "sent", "upstreamStatus")],
                        ["HANDSHAKE_REJECTED", 502, False, 403])
            await in_time(await client.ping(), 5, "the session lives on")


tell(before_the_101, client_gone_meanwhile, said_and_gone, never_a_101, refusals)
