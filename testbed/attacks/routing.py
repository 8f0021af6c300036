"""Table C: messages whose JSON, routing key or path is bad, odd, or made to be read in two ways."""
import json

from attacks.http import handshake
from attacks.table import error, fits, one_of, read_expected, row, say_goodbye, says, wrong
from attacks.world import MUST_NOT_ARRIVE
from lib.wire import BINARY, TEXT, frame

EVIL = MUST_NOT_ARRIVE.decode()
TO_ECHO = '"method":"/api/v1/echo/say"'
STREAMED = 300 * 1024  # more than the read buffer: such a message is judged by its head and forwarded in pieces


class answered:
    """An error frame with one of these codes, and the next message is routed."""

    def __init__(self, *codes, **members):
        members = {"sent": False, "seq": 1, **members}
        self.expected = one_of(*[error(code, **members) for code in codes])

    async def __call__(self, world, text):
        async with world.client() as client:
            await client.send_bytes(frame(as_bytes(text)))
            await read_expected(client, [self.expected])
            await world.works(client)
            await say_goodbye(client)


async def forwarded(world, text):
    """The upstream gets it byte for byte, and nobody else says anything."""
    text = as_bytes(text)
    async with world.client() as client:
        await client.send_bytes(frame(text))
        await read_expected(client, [(TEXT, text)])
        if not any(text in one.messages for one in world.upstream.connections):
            raise wrong("the upstream never got it")
        await say_goodbye(client)


async def aborted(world, sent):
    """A streamed message turns out bad: the client is told so and that the channel went, and the session goes on."""
    text, code = sent
    async with world.client() as client:
        await client.send_bytes(frame(as_bytes(text)))
        told = {}
        while told.keys() != {code, "CHANNEL_CLOSED"}:
            opcode, payload = await client.next()
            if opcode != TEXT:
                raise wrong(f"{payload} came behind {told}")
            error = json.loads(payload)["error"]
            if error["code"] in told or error["code"] not in (code, "CHANNEL_CLOSED"):
                raise wrong(f"{error} came behind {told}")
            told[error["code"]] = error
        if told[code].get("sent") is not True:
            raise wrong(f"{told} does not say sent:true")
        await world.works(client)
        await say_goodbye(client)


async def folded(world, count):
    """Of many faults in a second 20 are answered; the others are one frame that says how many."""
    async with world.client() as client:
        text = b'{"method":"/api/v1/nobody/x"}'
        await client.send_bytes(frame(text) * count)
        await read_expected(client, [error("NO_ROUTE", seq=seq) for seq in range(1, 21)])
        await read_expected(client, [error("NO_ROUTE", seqFrom=21, seqTo=count, repeated=count - 20)])
        await world.works(client)
        await say_goodbye(client)


async def good_beside_bad(world, bad):
    """Bad messages within their quota change nothing for the good ones."""
    async with world.client() as client:
        for seq in range(1, 40, 2):
            await client.send_bytes(frame(as_bytes(bad)))
            await read_expected(client, [error("PARSE_ERROR", seq=seq)])
            await world.works(client)
        await say_goodbye(client)


async def controls(world, sent):
    """A client of wsgw.v1 is greeted; then its control message is answered like this, and its channel is announced."""
    text, expected = sent
    async with world.client(handshake=False) as client:
        await client.send_bytes(handshake("Sec-WebSocket-Protocol: other, wsgw.v1"))
        head = await client.reader.readuntil(b"\r\n\r\n")
        if b"\r\nSec-WebSocket-Protocol: wsgw.v1\r\n" not in head:
            raise wrong(f"wsgw.v1 was not chosen: {head!r}")
        hello = json.loads((await client.next())[1])
        if hello["method"] != "$gw/hello" or not hello["data"]["conn"] or "limits" not in hello["data"]:
            raise wrong(f"the greeting was {hello}")
        await client.send_bytes(frame(text))
        seen = await client.next()
        if not fits(expected, seen) and (seen[0] != TEXT or json.loads(seen[1]) != expected):
            raise wrong(f"{expected} was expected, {seen} came")
        await client.send_bytes(frame(b"{%s}" % TO_ECHO.encode()))
        channel = json.loads((await client.next())[1])
        if (channel["method"], channel["data"]["service"], channel["data"]["state"]) != ("$gw/channel", "echo", "open"):
            raise wrong(f"the channel was announced by {channel}")
        await read_expected(client, [(TEXT, b"{%s}" % TO_ECHO.encode())])
        await say_goodbye(client)


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def with_method(*methods):
    return [json.dumps({"method": method, "d": EVIL}) for method in methods]


def raw_method(*values):
    """The value of the routing key as it stands in the text."""
    return ['{"method":%s,"d":"%s"}' % (value, EVIL) for value in values]


def before(*members):
    return ["{%s,%s}" % (one, TO_ECHO) for one in members]


def behind(*members):
    return ["{%s,%s}" % (TO_ECHO, one) for one in members]


def nested(depth, opening="[", closing="]", inner=""):
    return opening * depth + inner + closing * depth


PATH = "/api/v1/echo/"
LONGEST = PATH + "x" * (1024 - len(PATH))

# What a text is at every level: whoever looks for a routing key cannot find one.
NO_OBJECT = ["", " ", "hello", "[", "]", "{", "}", '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', "{,}", "[]", "[{}]",
             '["a"]',
             '"a"', "1", "null", "true", "{}{}", "{} {}", "{}x", '{"a":1}}', '{"a":1}]', '{"a" 1}', '{"a":1 "b":2}',
             '{1:2}', "{a:1}", '{"a":1,}', '{"a":[}', '{"a":"\n"}', '{"a":"\x00"}', '{"a":"\x1f"}', "\x00", "//{}",
             "/**/{}"]
# Bad behind the routing key: forwarded with `routing`, refused with `structure`.
BAD_TAILS = ["{%s" % TO_ECHO, "{%s," % TO_ECHO, '{%s,"a":[' % TO_ECHO, '{%s,"a":"' % TO_ECHO, '{%s,"a":"\\"' % TO_ECHO,
             "{%s}}" % TO_ECHO, "{%s}]" % TO_ECHO, "{%s} {}" % TO_ECHO, "{%s}{}" % TO_ECHO, "{%s}x" % TO_ECHO,
             '{%s,"a":[}' % TO_ECHO, '{%s,"a":{]}' % TO_ECHO, '{%s,"a":%s}' % (TO_ECHO, nested(64)), "{%s]" % TO_ECHO]

ROWS = [
    row("C1a", "text that is no JSON object", NO_OBJECT, answered("PARSE_ERROR")),
    row("C1b", "what is bad behind the routing key is not looked at", BAD_TAILS, forwarded),
    row("C2a", "too deep before the routing key",
        [nested(100_000), nested(100_000, '{"a":', "}", "1"), nested(50_000, '[{"a":', "}]"), "[" * 100_000,
         '{"a":' * 100_000,
         *before('"a":' + nested(64), '"a":' + nested(100_000), '"a":' + nested(100, '{"a":', "}", "1"))],
        answered("PARSE_ERROR")),
    row("C2b", "as deep as it may be", before('"a":' + nested(63), '"a":' + nested(63, '{"a":', "}", "1")), forwarded),
    row("C3a", "a routing key that stands twice",
        ['{%s,"d":"%s",%s}' % (TO_ECHO, EVIL, second) for second in
         (TO_ECHO, '"method":"/api/v1/neighbour/x"', '"method":null', '"\\u006dethod":"/api/v1/neighbour/x"',
          '"m\\u0065thod":1', '"\\u006D\\u0065\\u0074\\u0068\\u006f\\u0064":{}', '"a":{"method":1},"method":2',
          '"method" : ""',
          '"method"\n:\t""', '"d":"%s","method":"x"' % ("y" * 70_000))],
        answered("BAD_METHOD")),
    row("C3b", "a routing key that stands twice in a streamed message",
        [('{%s,"d":"%s","method":"/api/v1/neighbour/x"}' % (TO_ECHO, "y" * STREAMED), "BAD_METHOD"),
         ('{%s,"d":"%s","\\u006dethod":"/api/v1/neighbour/x"}' % (TO_ECHO, "y" * STREAMED), "BAD_METHOD")], aborted,
         alone=True),
    row("C4", "escapes in the routing key and its value",
        ['{"\\u006dethod":"/api/v1/echo/say"}', '{"m\\u0065thod":"/api/v1/echo/say"}',
         '{"metho\\u0064":"\\/api\\/v1\\/echo\\/say"}',
         '{"method":"/api/v1/\\u0065cho/say"}',
         '{"\\u006D\\u0065\\u0074\\u0068\\u006F\\u0064":"\\u002fapi\\u002Fv1/echo/say"}',
         '{"method":"/api/v1/echo/\\ud83d\\ude00"}', '{"method":"/api/v1/echo/\\""}'], forwarded),
    row("C5", "a member that is nearly the routing key",
        ['{"%s":"/api/v1/echo/say","d":"%s"}' % (name, EVIL) for name in
         ("Method", "METHOD", "method ", " method", "methods", "metho", "\\tmethod", "method\\u0000", "m\u0435thod",
          "", "/method")],
        answered("NO_METHOD")),
    row("C6a", "a routing key that is not at top level",
        ['{"params":{%s},"d":"%s"}' % (TO_ECHO, EVIL), '{"a":[{%s}]}' % TO_ECHO,
         '{"a":"\\"method\\":\\"/api/v1/echo/say\\""}',
         '{"a":"method","b":"/api/v1/echo/say"}'], answered("NO_METHOD")),
    row("C6b", "deeper ones beside one at top level",
        [*before('"params":{"method":"/api/v1/nobody/x"}', '"a":[{"method":1},{"method":2}]', '"a":"\\"method\\":1"',
                 '"a":{"b":{"method":"x"}}'),
         *behind('"params":{"method":"/api/v1/nobody/x","method":2}', '"a":[{"method":null}]', '"a":"method"',
                 '"a":"\\"method\\":\\"x\\""')], forwarded),
    row("C7", "a routing key that is no string",
        raw_method("1", "0", "-1.5e3", "null", "true", "false", "[]", '["/api/v1/echo/say"]', "{}",
                   '{"method":"/api/v1/echo/say"}'),
        answered("BAD_METHOD")),
    row("C8a", "a routing key that names nothing",
        with_method("", " ", "/", "//", "/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/echo", "/api/echo/say",
                    "/api/1/echo/say",
                    "api/v1/echo/say", "/API/v1/echo/say", "/api/v1//say", "/api/v1/ echo/say", "/api/v1/echo /say",
                    " /api/v1/echo/say", "http://127.0.0.1/api/v1/echo/say"), answered("NO_ROUTE")),
    row("C8b", "a routing key of more than 1 KiB",
        with_method(LONGEST + "x", "x" * 1025, "x" * 900_000, "/api/v1/" + "e" * 2000 + "/say", " " * 5000),
        answered("BAD_METHOD")),
    row("C8c", "a routing key of 1 KiB", ['{"method":"%s"}' % LONGEST], forwarded),
    row("C9a", "paths that climb, and backslashes",
        with_method(*["/api/v1/" + rest for rest in
                      ("../admin", "echo/..", "echo/../x", "echo/./x", "echo/.", "%2e%2e/admin", "echo/%2e%2e/x",
                       "echo/%2E/x",
                       "echo/.%2e", "echo/%2e.", "echo\\x", "echo/\\", "echo/a%5cb", "echo/..%2fx", "echo/x%2f..%2fy",
                       "..", "./echo/x")]), answered("BAD_METHOD")),
    row("C9b", "a path is opaque",
        ['{"method":"/api/v1/echo/%s"}' % rest for rest in
         ("a;b", "a?b=c", "a#b", "a//b", "/a", "%2f", "%252e%252e", "a%", "%zz", "...", "..a", "a..", "a b", "%20", "",
          "<b>", "{x}", "$gw")],
        forwarded),
    row("C10a", "control characters anywhere in the routing key",
        raw_method(*['"/api/v1/%s"' % rest for rest in
                     ("e\\u0000cho/say", "echo/\\u0000", "echo/a\\nb", "echo/\\u0007", "echo/\\u007f", "echo/\\u0085",
                      "echo/%00",
                      "echo/%0d%0a", "echo\\t/say", "echo/\\u001b[31m", "echo/%c2%85")]), answered("BAD_METHOD")),
    row("C10b", "a service that only looks like one",
        with_method(*["/api/v1/%s/say" % name for name in
                      ("\u202eohce", "e\u200bcho", "\u0435cho", "ech\u043e", "echo\u0301", "\uff45cho", "ECHO", "Echo",
                       "echo.", "echo%20",
                       "%65cho", "echo,neighbour", "echo;x", "echo@x", "*", "e*", "")]), answered("NO_ROUTE")),
    row("C10c", "a path of any UTF-8",
        ['{"method":"/api/v1/echo/%s"}' % rest for rest in ("日本", "\u202e", "\u200b", "é", "😀", "\ufeff")],
        forwarded),
    row("C11", "half a surrogate pair in the routing key",
        raw_method(*['"/api/v1/echo/%s"' % rest for rest in
                     ("\\ud800", "\\udc00", "\\ude00\\ud83d", "\\ud800\\ud800", "\\ud83dx", "\\ud83d\\n", "\\udfff")]),
        answered("PARSE_ERROR", "BAD_METHOD")),
    row("C11b", "half an escape in the routing key",
        ['{"method":"/api/v1/echo/%s"}' % rest for rest in ("\\u", "\\u12", "\\u12g4", "\\x41", "\\q", "\\u+123")],
        answered("PARSE_ERROR", "BAD_METHOD")),
    row("C12", "other encodings, and what may not stand in front",
        [b"\xef\xbb\xbf{%s}" % TO_ECHO.encode(), ("{%s}" % TO_ECHO).encode("utf-16-be"),
         ("{%s}" % TO_ECHO).encode("utf-16-le"),
         "\x0c{%s}" % TO_ECHO, "\x0b{%s}" % TO_ECHO, "\u00a0{%s}" % TO_ECHO, "\u2028{%s}" % TO_ECHO,
         "\x1e{%s}" % TO_ECHO,
         "{\x0c%s}" % TO_ECHO, ")]}'\n{%s}" % TO_ECHO], answered("PARSE_ERROR")),
    row("C12b", "white space that JSON knows", [" \t\r\n{ \t\r\n%s \t\r\n} \t\r\n" % TO_ECHO], forwarded),
    row("C13", "numbers that no double holds",
        [text for value in ("1e400", "-1e-9999", "9" * 100_000, "-0", "-0.0", str(2 ** 63 + 1),
                            "0." + "0" * 1000 + "1", "1E+2")
         for text in (*before(f'"n":{value}'), *behind(f'"n":{value}'))], forwarded),
    row("C14", "100,000 keys, different or alike",
        ["{%s,%s}" % (",".join('"%05x":0' % number for number in range(100_000)), TO_ECHO),
         "{%s%s}" % ('"a":0,' * 100_000, TO_ECHO), "{%s%s}" % ('"methoe":0,' * 80_000, TO_ECHO),
         "{%s,%s}" % (TO_ECHO, ",".join(['"metho":0'] * 80_000))], forwarded, alone=True),
    row("C15", "a routing key at the end of a mebibyte",
        ['{"d":"%s",%s}' % ("y" * (1024 * 1024 - 50), TO_ECHO), '{"d":[%s0],%s}' % ("0," * 500_000, TO_ECHO),
         '{"d":"%s",%s}' % ("\\u0041" * 170_000, TO_ECHO)], forwarded, alone=True),
    row("C17a", "control messages of a client that did not ask for them",
        with_method(*["$gw/" + name for name in ("hello", "channel", "goaway", "ping", "pong", "close", "auth", "",
                                                 "../x")]),
        answered("BAD_METHOD")),
    row("C17b", "the gateway's own service",
        with_method("/api/v1/gateway/say", "/api/v1/gateway/", "/api/v1/gateway/heartbeat/x",
                    "/api/v1/Gateway/heartbeat"),
        answered("NO_ROUTE")),
    row("C17c", "somebody else's ids are just data",
        behind('"conn":"0000000000000000","seq":99,"trace":"x","epoch":7', '"error":{"gw":1,"code":"CHANNEL_CLOSED"}'),
        forwarded),
    row("C18", "names that mean something to somebody",
        [*before('"__proto__":{"method":"x"}', '"constructor":{"prototype":{}}', '"toString":1', '"":0',
                 '"$where":"1"'),
         *behind('"__proto__":null', '"constructor":"x"')], forwarded),
    row("C20a", "a message in single quotes is read leniently, with all the checks",
        ["{'method': '/api/v1/nobody/x', 'data': ''}", "{'method':'/api/v1/Echo/x'}"], answered("NO_ROUTE")),
    row("C20b", "a lenient message with a bad routing key",
        ["{'method': '/api/v1/echo/../x'}", "{'method': '/api/v1/echo/x', 'method': 'y'}", "{'method': 5}",
         "{'method': '/api/v1/echo/x', method: 'y'}", "{'method': '/api/v1/echo/x', \"method\": 'y'}"],
        answered("BAD_METHOD")),
    row("C20c", "a lenient message",
        ["{'method': '/api/v1/echo/x', 'data': ''}", "{'data': \"it's\", method: '/api/v1/echo/x'}"],
        forwarded),
    row("C21a", "more bad messages than their quota",
        [frame(b"bad") * 21, frame(b"bad") * 100, frame(b"[") * 21],
        says(*[error("PARSE_ERROR", seq=seq) for seq in range(1, 21)], 1008)),
    row("C21b", "more binary messages than their quota", [frame(b"b", BINARY) * 21],
        says(*[error("UNSUPPORTED_TYPE", seq=seq) for seq in range(1, 21)], 1008)),
    row("C21c", "bad messages within their quota", ["bad", "{", "[]"], good_beside_bad),
    row("C21d", "messages for services that do not exist never end a session", [100, 1000], folded),
    row("C22", "control messages of a client of wsgw.v1",
        [(b'{"method":"$gw/ping","id":5}', {"method": "$gw/pong", "data": {"id": 5}}),
         (b'{"method":"$gw/hello"}', error("BAD_METHOD")), (b'{"method":"$gw/goaway"}', error("BAD_METHOD")),
         (b'{"method":"$gw/../ping"}', error("BAD_METHOD")), (b'{"method":"$gw/"}', error("BAD_METHOD")),
         (b'{"method":"$gw/channel","data":{"service":"echo","state":"closed"}}', error("BAD_METHOD"))], controls),
]

STRUCTURE_TABLES = ['[url_rule]\nvalidate = "structure"']
STRUCTURE_ROWS = [
    row("C1c", "what is bad behind the routing key, with validate = structure", BAD_TAILS, answered("PARSE_ERROR")),
    row("C1d", "bad literals are not a matter of structure",
        behind('"a":tru', '"a":01', '"a":"\\q"', '"a":1.', '"a":"\\u12"'), forwarded),
    row("C1e", "good ones", [*behind('"a":[1,{"b":[]}]', '"a":"]}"', '"a":"\\\\"', '"a":' + nested(63)),
                             "{%s}\n " % TO_ECHO], forwarded),
    row("C1f", "a streamed message whose end is bad, with validate = structure",
        [('{%s,"d":"%s"' % (TO_ECHO, "y" * STREAMED), "PARSE_ERROR"),
         ('{%s,"d":"%s"}}' % (TO_ECHO, "y" * STREAMED), "PARSE_ERROR"),
         ('{%s,"d":"%s"} {}' % (TO_ECHO, "y" * STREAMED), "PARSE_ERROR")], aborted, alone=True),
]

# JSON values, from the grammar of RFC 8259.
VALUES = ["[]", "{}", "[ ]", "[1]", "[1,2]", "[null, true,false]", "0", "-0", "10", "-1", "0.5", "-0.5e+10", "1E5",
          "1e-5", "1e400",
          "123456789012345678901234567890", "0e0", "true", "false", "null", '""', '"a"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
          '"\\u0000"',
          '"\\uD834\\uDD1E"', '"\x7f"', '"\u2028"', '"\U0010ffff"', '"/*no comment*/"', '{"":0}', '{"a":1,"a":2}',
          '{"a":{"b":[{}]}}',
          "[\n\r\t 1\n]", "[[[[[]]]]]", '"\\ud83d\\ude00"', '"\\u00e9\\u20ac"']
NO_VALUES = ["[1,]", "[,1]", "[1,,2]", "[1 2]", '["a":1]', "{1:1}", '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}',
             '{"a" "b"}', "{a:1}",
             '{"a"::1}', "+1", "-", "--1", "- 1", "01", "-01", "1.", ".5", "-.5", "1.e1", "1e", "1E+", "1e1.5", "0x1F",
             "1_000", "1a",
             "NaN", "Infinity", "-Infinity", "tru", "truee", "True", "nul", "undefined", "'a'", '"\\x41"', '"\\q"',
             '"\\u12"',
             '"\\u12G4"', '"\\U0041"', '"a\tb"', '"a\nb"', '"\x00"', '"\x1f"', "/**/1", "1//", "1;", "\u00a01",
             "[1\u2003]",
             '"a" "b"', "a", "(1)", "<1>", "[true false]", "", '"\\', "[\x0c]", "\ufeff1", "1 000", "0.1.2", "2.e3",
             "[\"a\",\n4\n,1,"]

GRAMMAR_TABLES = ['[url_rule]\nvalidate = "grammar"\nlenient = "off"']
GRAMMAR_ROWS = [
    row("C19a", "every value of the grammar, before and behind the routing key",
        [text for value in VALUES for text in (*before(f'"v":{value}'), *behind(f'"v":{value}'))], forwarded),
    row("C19b", "what is no value, before and behind the routing key",
        [text for value in NO_VALUES for text in (*before(f'"d":"{EVIL}","v":{value}'),
                                                  *behind(f'"d":"{EVIL}","v":{value}'))],
        answered("PARSE_ERROR")),
    row("C19c", "a lenient message where that is off", ["{'method': '/api/v1/echo/x', 'data': ''}"],
        answered("PARSE_ERROR")),
    row("C19d", "what was bad with validate = structure", BAD_TAILS, answered("PARSE_ERROR")),
]
