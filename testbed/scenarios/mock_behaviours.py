"""Every behaviour of `wsgw mock-service`, as a client sees it through the gateway."""
import asyncio
import contextlib
import json
import os
import re
import tempfile

from lib.gateway import gateway, mock_service, service
from lib.peers import ask, connect, receive, text
from lib.process import binary, process, run
from lib.story import check, check_equal, patience, tell, until

# Short enough for a story, long enough for a program under a sanitizer.
LIMIT = f"{int(patience(0.3) * 1000)}ms"
CHANNEL = {"connect_timeout": LIMIT, "handshake_timeout": LIMIT, "open_timeout": LIMIT, "connect_retries": 0,
           "max_message": "64KiB"}
PINGED = {"ping_interval": LIMIT, "pong_timeout": LIMIT}
ASKED_FOR = "a failure that was asked for"


def answer(name, n):
    return {"instance": f"{name}-1", "n": n, "id": n}


def notice(code, close_code, reason):
    """A channel that ended behind a message."""
    return {"code": code, "closeCode": close_code, "reason": reason, "sent": True}


def refusal(code, **more):
    """A message that reached nobody."""
    return {"code": code, "sent": False, **more}


# What it is, the settings as a scenario file has them, messages sent, what comes back. The service has no other name
# than the row's number.
ROWS = [
    ("echo in envelopes", "", 2, lambda me: [answer(me, 1), answer(me, 2)]),
    ("echo of the same bytes", 'reply = "raw"', 1, lambda me: [{"id": 1}]),
    ("a fixed reply", """text = '{"said":"always the same"}'""", 2, lambda me: [{"said": "always the same"}] * 2),
    ("a reply with blanks", """text = '{"said":"{service} {instance} {path}","id":{/id},"n":{n}}'""", 2,
     lambda me: [{"said": f"{me} {me}-1 /ws", "id": n, "n": n} for n in (1, 2)]),
    ("answers late by chance, in order", 'delay = "0..40ms"', 20, lambda me: [answer(me, n) for n in range(1, 21)]),
    ("answers late with a tail, in order", 'delay = "2ms p99 30ms"', 20, lambda me: [answer(me, n) for n in range(1, 21)]),
    ("answers by an error", 'fail = "100%"', 1, lambda me: [answer(me, 1) | {"error": ASKED_FOR}]),
    ("drops", 'drop = "100%"', 1, lambda me: []),
    ("hangs up by 1011", 'hang_up = "100%"\nclose_code = 1011', 1,
     lambda me: [notice("CHANNEL_CLOSED", 1011, ASKED_FOR)]),
    ("hangs up without a Close", 'hang_up = "100%"\nclose_code = 1006', 1,
     lambda me: [notice("CHANNEL_CLOSED", 1006, "connection closed")]),
    ("closes by 4001 behind the second answer", "close_after = 2\nclose_code = 4001", 2,
     lambda me: [answer(me, 1), answer(me, 2), notice("CHANNEL_CLOSED", 4001, None)]),
    ("refuses connections", "refuse = true", 1, lambda me: [refusal("CONNECT_FAILED")]),
    ("answers the handshake by 503", "status = 503", 1, lambda me: [refusal("HANDSHAKE_REJECTED", upstreamStatus=503)]),
    ("answers the handshake by 404", "status = 404", 1, lambda me: [refusal("HANDSHAKE_REJECTED", upstreamStatus=404)]),
    ("answers the handshake with a wrong key", "wrong_key = true", 1, lambda me: [refusal("HANDSHAKE_REJECTED")]),
    ("hangs before the 101", 'hang = "before"', 1, lambda me: [refusal("CONNECT_TIMEOUT")]),
    ("is slow with the 101", 'accept_delay = "50ms"', 1, lambda me: [answer(me, 1)]),
    ("hangs after the 101", 'hang = "after"', 1, lambda me: [notice("CHANNEL_CLOSED", 1006, "no sign of life")]),
    ("is half-open", "half_open = true", 1, lambda me: [notice("CHANNEL_CLOSED", 1006, "no sign of life")]),
    ("masks its frames", "masked = true", 1,
     lambda me: [notice("CHANNEL_CLOSED", 1002, "masked frame from a server")]),
    ("answers as large as it may", 'oversize = "64KiB"', 1, lambda me: [64 * 1024]),
    ("answers larger than it may", 'oversize = "65KiB"', 1,
     lambda me: [notice("UPSTREAM_TOO_BIG", 1009, "message over the limit")]),
]
NAMED = [(f"row{n}", *row) for n, row in enumerate(ROWS, 1)]


def seen(message):
    """Of an error frame and of an answer, what a row tells."""
    error = message.get("error")
    if isinstance(error, dict):
        facts = {key: error[key] for key in ("code", "upstreamStatus", "sent") if key in error}
        return facts | {key: error.get(key) for key in ("closeCode", "reason") if "closeCode" in error}
    if "pad" in message:
        return len(json.dumps(message, separators=(",", ":")))
    return {key: value for key, value in message.items() if key in ("instance", "n", "error", "id", "said")}


@contextlib.contextmanager
def scenario(toml):
    """A scenario file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mock.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(toml)
        yield path


def cut(client):
    """Ends a connection whose library would wait until its full queue is read."""
    client.fail_connection()
    client.transport.abort()


async def provoke(gw, name, what, count, expected):
    async with connect(gw) as client:
        for id in range(1, count + 1):
            await client.send(text(name, id))
        heard = [seen(await receive(client)) for _ in expected(name)]
        check_equal(f"{what}: {len(heard)} messages, each as expected", heard, expected(name))
        # A round trip over the same session: nothing else comes, and the session lives on.
        after = await ask(client, text("neighbour", "after"))
        check_equal(f"{what}: then nothing, and the session lives on", after.get("service"), "neighbour")


async def every_row():
    """Answers, failures, broken handshakes and broken frames: a service for each, one scenario file."""
    toml = "\n".join(f"[services.{name}]\n{settings}" for name, _, settings, _, _ in NAMED)
    with scenario(toml + "\n[services.neighbour]\n") as path:
        async with mock_service(len(NAMED) + 1, "-f", path, control=True) as mock:
            silent = ("half_open", "hang =")
            tables = [service(name, *mock.addresses(name), **CHANNEL, **(PINGED if settings.startswith(silent) else {}))
                      for name, _, settings, _, _ in NAMED]
            async with gateway(*tables, service("neighbour", *mock.addresses("neighbour"))) as gw:
                await asyncio.gather(*[provoke(gw, name, what, count, expected)
                                       for name, what, _, count, expected in NAMED])
                dropping = next(name for name, what, *_ in NAMED if what == "drops")
                listed = await mock.control(f"list {dropping}")
                check_equal("the service that drops took its message all the same",
                            [(line["instance"], line["messages_total"]) for line in listed], [(f"{dropping}-1", 1)])


async def unasked():
    """What a service says without being asked: pushes, a flood at a rate, a flood as fast as it goes."""
    toml = ('[services.push]\npush = "200/s"\n[services.paced]\nflood = "1KiB 400/s"\n[services.flood]\n'
            'flood = "16KiB"\n[services.neighbour]\n')
    with scenario(toml) as path:
        async with mock_service(4, "-f", path) as mock:
            names = ("push", "paced", "flood", "neighbour")
            async with gateway(*[service(name, *mock.addresses(name)) for name in names]) as gw:
                async with connect(gw, max_queue=4) as client:
                    await client.send(text("push", 1))
                    numbers = [m["push"] for m in [await receive(client) for _ in range(21)] if "push" in m]
                    check_equal("pushes are numbered without a gap", numbers, list(range(1, 21)))
                    cut(client)
                for name, size in (("paced", 1024), ("flood", 16 * 1024)):
                    async with connect(gw, max_queue=4) as client, connect(gw) as other:
                        await client.send(text(name, 1))
                        heard = [seen(await receive(client)) for _ in range(40)]
                        check_equal(f"{name}: messages of {size} bytes, and nothing else but the answer",
                                    [m for m in heard if m not in (size, answer(name, 1))], [])
                        check_equal(f"{name}: another session is answered while this one is not read",
                                    (await ask(other, text("neighbour", 5)))["id"], 5)
                        cut(client)


async def slow_reader():
    """A service that reads slowly: the session is paused for it, and when that lasts too long the channel ends."""
    with scenario('[services.slow]\nread_rate = "16KiB/s"\nreply = "none"\n[services.neighbour]\n') as path:
        async with mock_service(2, "-f", path) as mock:
            slow = service("slow", *mock.addresses("slow")) + f'\nqueue.pause_limit = "{LIMIT}"'
            async with gateway(slow, service("neighbour", *mock.addresses("neighbour"))) as gw:
                async with connect(gw) as client:
                    async def fill():
                        for id in range(1, 200):
                            await client.send(text("slow", id, "x" * 64 * 1024))
                    filling = asyncio.ensure_future(fill())
                    told = seen(await receive(client))
                    check_equal("the client is told why it waited", told["code"], "QUEUE_FULL")
                    filling.cancel()
                    cut(client)


async def faults_by_script():
    """Control lines change a running service, and each change is felt by the client."""
    async with mock_service(2, "order", "--instances", "2", control=True) as mock:
        first = mock.addresses("order")[0]
        async with gateway(service("order", first, **CHANNEL)) as gw, connect(gw) as client:
            async def heard_after(line, id):
                await mock.control(line)
                return seen(await ask(client, text("order", id)))

            check_equal("as it was started", seen(await ask(client, text("order", 1))), answer("order", 1))
            check_equal("another text", await heard_after("""order-1 text {"said":"{n}"}""", 2), {"said": "2"})
            check_equal("failures", await heard_after("order fail 100%", 3),
                        {"instance": "order-1", "n": 3, "id": 3, "error": ASKED_FOR})
            check_equal("and back", await heard_after("order reset", 4), {"instance": "order-1", "n": 4, "id": 4})
            check_equal("nothing is heard of the other instance's faults", await heard_after("order-2 drop 100%", 5),
                        {"instance": "order-1", "n": 5, "id": 5})
            await mock.control("order-1 send {\"said\":\"by hand\"}")
            check_equal("a text by hand", seen(await receive(client)), {"said": "by hand"})
            listed = {line["instance"]: (line["connections"], line["behaviour"]) for line in await mock.control("list")}
            check_equal("the list shows it all", listed, {"order-1": (1, {}), "order-2": (0, {"drop": "100%"})})
            await mock.control("order-1 refuse on")
            await mock.control("order-1 close 1012")
            check_equal("a Close of every connection", seen(await receive(client)),
                        notice("CHANNEL_CLOSED", 1012, "as asked"))
            check_equal("and no new one", seen(await ask(client, text("order", 6))), refusal("CONNECT_FAILED"))
            await mock.control("order-1 refuse off")

            async def is_answered():
                return seen(await ask(client, text("order", 7))) == {"instance": "order-1", "n": 1, "id": 7}
            await until("the service is back at its port", is_answered, patience(5))
            check("until it listens again, at the same port", True)
        refused = (await mock.ask("ordre delay 5ms"))[-1]
        check("a line that is wrong is answered with the reason",
              not refused["ok"] and "did you mean 'order'?" in refused["error"], refused)


async def command_line():
    """The addresses in three forms, the log of messages, and a scenario file with mistakes."""
    for form, shape in (("text", r"order-1 listens on (127\.0\.0\.1:\d+)"),
                        ("json", r'\{"schema":"wsgw\.mock_service\.v1","instances":\[\{"service":"order",'
                                 r'"instance":"order-1","address":"(127\.0\.0\.1:\d+)"\}\]\}')):
        async with process(binary(), "mock-service", "order", "-o", form) as mock:
            line, = await mock.lines(mock.out, lambda _: True)
            check(f"-o {form}: the instance and its address", re.fullmatch(shape, line), line)
    async with mock_service(1, "chat", "--log", "ndjson", "--text", "hello") as mock:
        async with gateway(service("chat", *mock.addresses("chat"))) as gw, connect(gw) as client:
            await client.send(text("chat", 1))
            check_equal("the reply is the text", await receive(client), "hello")
            logged, = await mock.events(mock.err, "message")
            check_equal("one JSON line per message", (logged["instance"], logged["n"], logged["text"]),
                        ("chat-1", 1, text("chat", 1)))
    with scenario('delay = "5"\n[services.order]\ninstances = 0\nfial = "1%"\n') as path:
        done = await run(binary(), "mock-service", "-f", path)
        check_equal("mistakes: status 3, nothing on stdout", (done.status, done.out), (3, ""))
        for place in ("1:9: error: delay: '5' is not a delay", "3:13: error: services.order.instances: must be",
                      "4:1: error: services.order.fial: unknown key; did you mean 'fail'?", '\n    4 | fial = "1%"\n'):
            check(f"they name {place.strip()}", place in done.err, done.err)


tell(every_row, unasked, slow_reader, faults_by_script, command_line)
