"""Table D: names that are no services, and what a client's handshake may carry to an upstream."""
import json

from attacks.http import SMUGGLED, handshake, refused, upgrades
from attacks.routing import answered, with_method
from attacks.table import read_expected, row, say_goodbye, wrong
from lib.gateway import http_get
from lib.wire import CLOSE, close, frame


def carries(name, value):
    """The upstream's handshake has this field of the client, once, byte for byte."""
    def judge(_, fields):
        seen = [own for other, own in fields if other == name.lower().encode()]
        return "" if seen == [value.encode("latin-1")] else f"{name}: {value[:80]!r} was expected once"
    return upgrades(sees=judge)


async def field_arrives(world, sent):
    name, value = sent
    await carries(name, value)(world, handshake(f"{name}: {value}"))


async def target_arrives(world, target):
    await upgrades(sees=lambda seen, _: "" if seen == target.encode() else f"{target[:80]} was expected")(
        world, handshake(line=f"GET {target} HTTP/1.1"))


async def say_goodbye_amid_frames(client):
    await client.send_bytes(close())
    while (await client.next())[0] != CLOSE:
        pass


async def labels_are_bounded(world, count):
    """As many methods as one likes make no metric grow."""
    await http_get(world.gateway.admin, "/metrics")
    _, before = await http_get(world.gateway.admin, "/metrics")
    async with world.client() as client:
        for number in range(count):
            await client.send_bytes(frame(json.dumps({"method": f"/api/v1/forged{number}/path{number}"}).encode()))
            await client.send_bytes(frame(json.dumps({"method": f"/api/v1/neighbour/path{number}"}).encode()))
            while b'"service":"neighbour"' not in (await client.next())[1]:
                pass  # an error frame about a forged service, or about many of them
        await say_goodbye_amid_frames(client)
    _, after = await http_get(world.gateway.admin, "/metrics")
    if "forged" in after or "/path" in after:
        raise wrong("a client's words stand in /metrics")
    if len(after.splitlines()) > len(before.splitlines()):
        raise wrong(f"{len(before.splitlines())} lines became {len(after.splitlines())}")


async def told_as_data(world, method):
    """What the client wrote comes back in the error frame as data, and nothing of it as structure."""
    async with world.client() as client:
        ids = {"id": '","error":null,"x":"', "requestId": "\u2028\u0000\r\n", "websocketTag": "</script>"}
        await client.send_bytes(frame(json.dumps({"method": method, **ids}).encode()))
        _, payload = await client.next()
        told = json.loads(payload)
        members = {"method", "status", "message", "data", "error"}
        if told["method"] != method or told["data"] != ids or set(told) != members:
            raise wrong(f"the frame is {payload!r}")
        await say_goodbye(client)


async def is_not_echoed(world, member):
    """A correlation key that is no number and no short string is not echoed."""
    async with world.client() as client:
        await client.send_bytes(frame(('{"method":"/api/v1/nobody/x",%s}' % member).encode()))
        _, payload = await client.next()
        if json.loads(payload)["data"]:
            raise wrong(f"the frame is {payload[:300]!r}")
        await say_goodbye(client)


async def log_stays_whole(world, sent):
    """Whatever a client calls itself, a line of the access log is one JSON object."""
    async with world.client(handshake=False) as client:
        await client.send_bytes(sent)
        await client.reader.readuntil(b"\r\n\r\n")
        await client.send_bytes(frame(b"\x03\xe8\"}\n{\"event\":\"forged\"}\x1b[31m", 8))
        await read_expected(client, [1000])
    await world.gateway.lines(world.gateway.out, lambda line: "forged" in line)
    for line in world.gateway.out:
        if json.loads(line).get("event") == "forged" or "\x1b" in line:
            raise wrong(f"the access log has the line {line!r}")


TABLES = ["[[rule]]\nid = 'slow'\nwhen = { field = '/topic', regex = '^(a+)+$' }\nservice = 'echo'",
          "[[rule]]\nid = 'slower'\nwhen = { field = '/topic', regex = '(.*a){20}c' }\nservice = 'echo'"]

ROWS = [
    row("D1a", "addresses, users and names of hosts instead of services",
        with_method(*[f"/api/v1/{name}/say" for name in
                      ("127.0.0.1:22", "127.0.0.1", "169.254.169.254", "localhost", "[::1]", "0", "a@b",
                       "echo@evil.test", "echo:80",
                       "0x7f000001", "2130706433", "metadata.google.internal", "evil.test", "-", "_", ".echo", "echo-",
                       "x" * 63, "x" * 64,
                       "e..cho", "lb:", "unix:", "file:", "$(id)", "`id`", "echo|x", "echo&x", "echo\u00ad")]),
                       answered("NO_ROUTE")),
    row("D1b", "the same with path tricks",
        with_method("/api/v1/x/../y", "/api/v1/x%00/say", "/api/v1/%2e%2e/say", "/api/v1/" + "n" * 65_536 + "/say",
                    "/api/v1/x\\y/say",
                    "/api/v1/127.0.0.1%0d%0a/say"), answered("BAD_METHOD")),
    row("D4a", "fields of the client's handshake that an upstream gets as they are",
        [("Cookie", "a=b; c=d"), ("Cookie", "a=" + "x" * 12_000), ("Cookie", 'a="b;c"; d=%0d%0aX: y'),
         ("X-Note", "caf\xe9"),
         ("X-Note", "a\tb"), ("Authorization", "Bearer a.b.c"), ("User-Agent", "x (y; z) {} \\ \""),
         ("X-Note", "a: b: c"),
         ("Accept-Language", "de;q=0.5, en"), ("X-Note", "GET /ws HTTP/1.1")], field_arrives),
    row("D4b", "a query that an upstream gets as it is",
        ["/ws?a=%0d%0aX:y", "/ws?a=b;c=d", "/ws?a=%00", "/ws?" + "q" * 7000, "/ws?a=../../b", "/ws?a?b?c", "/ws?%zz",
         "/ws?a=\"<>\\^`{|}"],
        target_arrives),
    row("D4c", "a handshake that would become two on its way",
        [handshake("X-A: b\r\n\n" + SMUGGLED.decode().split("\r\n")[0]),
         handshake("Cookie: a\rGET /ws/must-not-arrive HTTP/1.1"),
         handshake("Cookie: a\nX-User: admin"), handshake("Cookie: a\x00b")], refused(400)),
    row("D4d", "a cookie of 16 KiB", [handshake("Cookie: " + "c" * 16_384)], refused(431)),
    row("D6", "texts that a backtracking engine would take ages for",
        ['{"topic":"%s"}' % ("a" * 100_000 + "!"), '{"topic":"%s"}' % ("ab" * 50_000)], answered("NO_METHOD"),
        alone=True),
    row("D8", "2,000 methods, half of them of services that do not exist", [1000], labels_are_bounded, alone=True),
    row("D9a", "what a client wrote, in an error frame",
        ['/api/v1/no"body/x', "/api/v1/nobody/\u2028", '/api/v1/nobody/"},"error":{"code":"x', "/api/v1/</script>/x",
         "\U0001f600"],
        told_as_data),
    row("D9b", "correlation keys that are too long, or no scalars",
        ['"id":"%s"' % ("i" * 257), '"id":{"a":1}', '"id":[1]', '"id":true', '"id":null',
         '"requestId":"%s"' % ("r" * 100_000),
         '"params":{"id":1}', '"ID":1'], is_not_echoed),
    row("D9c", "what a client wrote, in the access log",
        [handshake(field) for field in ('X-Request-Id: "}{"event":"forged"', "traceparent: forged",
                                        "X-Forwarded-For: forged",
                                        "User-Agent: \\u001b[31m")], log_stays_whole),
]

NOT_BUILT = [
    ("D2", "there is no discovery yet: instances come from the configuration only"),
    ("D3", "no header counts hops"),
    ("D5", "routes do not rewrite paths yet"),
    ("D7", "sessions cannot be resumed: there are no tokens"),
]
