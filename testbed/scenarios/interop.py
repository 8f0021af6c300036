"""Other people's WebSockets on either side: python3-websockets and npm's ws, each as client and as upstream."""
import asyncio
import contextlib
import json
import shutil
import sys

import websockets

from lib.gateway import gateway, service
from lib.peers import ask, connect, echo, text, upstream
from lib.process import peer, process, run
from lib.story import SKIPPED, check, check_equal, in_time, tell, until

# What changes the form of the length in a frame's header, on both sides of it (RFC 6455 section 5.2).
SIZES = [125, 126, 127, 65535, 65536]
NODE = shutil.which("node")


class ws_service(process):
    """testbed/peers/ws_service.js"""

    def __init__(self):
        super().__init__(NODE, peer("ws_service.js"), name="ws service")

    async def ready(self):
        self.address = (await self.events(self.out, "listening"))[0]["address"]


class ws_client(process):
    """testbed/peers/ws_client.js"""

    def __init__(self, gw, *protocols):
        super().__init__(NODE, peer("ws_client.js"), gw.url, *protocols, name="ws client",
                         stdin=asyncio.subprocess.PIPE)

    def order(self, **what):
        self.write(json.dumps(what) + "\n")

    async def last(self, event, count):
        return (await self.events(self.out, event, count))[-1]


def filled(service_name, size):
    head = f'{{"method":"/api/v1/{service_name}/x","data":"'
    return head + "x" * (size - len(head) - 2) + '"}'


def order(what):
    """A message that tells ws_service.js to do something."""
    return json.dumps({"method": "/api/v1/up/x", "order": what})


async def python_to_ws():
    """A client of python3-websockets talks to an upstream made with ws."""
    async with ws_service() as up:
        async with gateway(service("up", up.address, subprotocol="up.v1"), listener='subprotocols = ["chat.v2"]') as gw:
            async with connect(gw, compression="deflate", subprotocols=["other", "chat.v2"]) as client:
                check_equal("permessage-deflate is declined to a client that offers it", client.extensions, [])
                check_equal("of two offered subprotocols the gateway's own is chosen", client.subprotocol, "chat.v2")
                for size in SIZES:
                    check_equal(f"a text of {size} bytes comes back", await ask_raw(client, filled("up", size)),
                                filled("up", size))
                opened, = await up.events(up.out, "open")
                check("the upstream was offered no extension, and the service's subprotocol",
                      (opened["extensions"], opened["protocol"]) == ("", "up.v1"), opened)
                check("it is told for whom: X-Forwarded-For, a request id, a trace",
                      opened["headers"].get("x-forwarded-for") == "127.0.0.1" and
                      {"x-request-id", "traceparent"} <= opened["headers"].keys(), opened["headers"])
                whole = text("up", 1, "fragmented")
                await client.send([whole[:5], whole[5:20], "", whole[20:]])
                check_equal("a message in four fragments, one empty, comes back whole", await client.recv(), whole)
                check_equal("a binary message is refused", (await ask(client, b"\x00"))["error"]["code"],
                            "UNSUPPORTED_TYPE")
                await in_time(await client.ping(b"are you there"), 5, "a ping of the client is answered")
                await client.send(order({"fragments": ["one ", "two ", "three"]}))
                check_equal("a fragmented message of the upstream arrives whole", await client.recv(), "one two three")
                await client.send(order({"ping": "hello"}))
                pong, = await up.events(up.out, "pong")
                check_equal("a ping of the upstream is answered with its bytes", pong["data"], "hello")


async def ask_raw(client, message):
    await client.send(message)
    return await in_time(client.recv(), 10, "the client gets an answer")


async def upstream_closes():
    """The upstream made with ws closes a channel in every way; each is told, and the next message opens another."""
    ways = [({"close": [1000, "done"]}, 1000, "done", 4), ({"close": [1001, ""]}, 1001, "", 4),
            ({"close": [1011, "broken"]}, 1011, "broken", 1), ({"close": [4321, "mine"]}, 4321, "mine", 1),
            ({"close": []}, 1005, None, 4), ({"terminate": True}, 1006, None, 1)]
    async with ws_service() as up, gateway(service("up", up.address)) as gw, connect(gw) as client:
        for epoch, (way, code, reason, status) in enumerate(ways, 1):
            frame = await ask(client, order(way))
            error = frame["error"]
            check(f"a close with {code} is told with its code, as epoch {epoch}, with status {status}",
                  (error["code"], error["closeCode"], error["epoch"], frame["status"]) ==
                  ("CHANNEL_CLOSED", code, epoch, status) and (reason is None or error.get("reason", "") == reason),
                  frame)
        check_equal("after all that a message is answered", (await ask(client, text("up", 7)))["id"], 7)
        check_equal("on the seventh connection", len(await up.events(up.out, "open", 7)), 7)


async def ws_to_python():
    """A client made with ws talks to an upstream of python3-websockets."""
    async with upstream(echo) as up, gateway(service("up", up.address), listener='subprotocols = ["chat.v2"]') as gw:
        async with ws_client(gw, "other", "chat.v2") as client:
            opened = await client.last("open", 1)
            check_equal("the client is open with the subprotocol, its permessage-deflate declined",
                        (opened["protocol"], opened["extensions"]), ("chat.v2", ""))
            for count, size in enumerate(SIZES, 1):
                client.order(fill={"service": "up", "size": size})
                check_equal(f"a text of {size} bytes comes back", (await client.last("filled", count))["size"], size)
            client.order(fragments=['{"method":"/api', '/v1/up/x","data":', '"in pieces"}'])
            check_equal("a message in fragments comes back whole", (await client.last("message", 1))["text"],
                        '{"method":"/api/v1/up/x","data":"in pieces"}')
            check_equal("a ping between its fragments is answered", (await client.last("pong", 1))["data"], "between")
            client.order(binary="00ff")
            refused = json.loads((await client.last("message", 2))["text"])
            check_equal("a binary message is refused", refused["error"]["code"], "UNSUPPORTED_TYPE")
            client.order(ping="x" * 125)
            check_equal("the longest ping is answered", (await client.last("pong", 2))["data"], "x" * 125)
            check_equal("the upstream was reached over one channel, by the client's path",
                        [c.path for c in up.connections], ["/ws"])
            client.order(close=[4567, "that is all"])
            closed = await client.last("close", 1)
            check_equal("its Close is answered with its code", closed["code"], 4567)
            await until("the channel has ended at the upstream", lambda: up.connections[0].code is not None)
            check_equal("the upstream saw 1001", up.connections[0].code, 1001)
            await until("the access log has the session", lambda: gw.access("session_close"))
            line, = gw.access("session_close")
            check_equal("the access log says who closed, with what", (line["by"], line["code"], line["reason"]),
                        ("client", 4567, "that is all"))


async def compressed():
    """Clients of either library agree on permessage-deflate; a bomb ends its own session and no other."""
    async with upstream(echo) as up, gateway(service("up", up.address), listener='compression = "on"') as gw:
        async with connect(gw, compression="deflate") as client, ws_client(gw) as other:
            agreed, = client.extensions
            check("both sides give up their contexts",
                  agreed.remote_no_context_takeover and agreed.local_no_context_takeover, agreed)
            opened = await other.last("open", 1)
            check_equal("ws has agreed on it, too", opened["extensions"], "permessage-deflate")
            for count, size in enumerate([*SIZES, 300_000], 1):
                check_equal(f"a text of {size} bytes comes back", await ask_raw(client, filled("up", size)),
                            filled("up", size))
                other.order(fill={"service": "up", "size": size})
                check_equal("to ws, too", (await other.last("filled", count))["size"], size)
            await client.send([filled("up", 2000)[:5], filled("up", 2000)[5:20], "", filled("up", 2000)[20:]])
            check_equal("a message in fragments comes back whole", await client.recv(), filled("up", 2000))
            other.order(fragments=['{"method":"/api', '/v1/up/x","data":', f'"{"x" * 2000}"}}'])
            check("so does one of ws, with a ping between its fragments",
                  (await other.last("message", 1))["text"].endswith('xx"}'))
            for direction in ("up", "down"):
                sent = await gw.metric("wsgw_deflate_bytes_total", direction=direction, form="compressed")
                stood_for = await gw.metric("wsgw_deflate_bytes_total", direction=direction, form="plain")
                check(f"little went {direction} and stood for much", 0 < 10 * sent < stood_for, (sent, stood_for))
            bomber = await connect(gw, compression="deflate")
            await bomber.send(filled("up", 10 * 2 ** 20))
            await in_time(bomber.wait_closed(), 10, "a message that inflates to 10 MiB ends its session")
            check_equal("with 1009", bomber.close_code, 1009)
            check_equal("a neighbour goes on", (await ask(client, text("up", 7)))["id"], 7)


async def codes_of_clients():
    """Clients of python3-websockets leave with every code that a client may send."""
    async with upstream(echo) as up, gateway(service("up", up.address)) as gw:
        for code in (1000, 1001, 1003, 1008, 1011, 3000, 3999, 4000, 4999):
            client = await connect(gw)
            await ask(client, text("up", code))
            await client.close(code, "bye")
            check_equal(f"{code} is answered with {code}", client.close_code, code)
        await until("every channel has ended", lambda: all(c.code is not None for c in up.connections))
        check_equal("the upstream saw 1001 each time", {c.code for c in up.connections}, {1001})


async def refused_handshakes():
    """What is not welcome is told by HTTP before any WebSocket."""
    async with upstream(echo) as up, gateway(service("up", up.address)) as gw:
        cases = [("a path that is not served", {"url": gw.url + "x"}, 404),
                 ("a foreign Origin", {"origin": "https://evil.example"}, 403)]
        for what, options, status in cases:
            try:
                async with connect(gw, **options):
                    seen = 101
            except websockets.InvalidStatusCode as refused:
                seen = refused.status_code
            check_equal(f"{what} is answered with {status}", seen, status)
        async with connect(gw, origin=f"http://{gw.address}") as client:
            check_equal("the gateway's own Origin is welcome", (await ask(client, text("up", 1)))["id"], 1)


def node_has_ws():
    with contextlib.suppress(OSError):
        return NODE and asyncio.run(run(NODE, "-e", "require('ws')")).status == 0


if not node_has_ws():
    print("node with the package ws is not installed; see testbed/install-deps")
    sys.exit(SKIPPED)
tell(python_to_ws, upstream_closes, ws_to_python, compressed, codes_of_clients, refused_handshakes)
