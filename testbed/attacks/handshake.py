"""Table A: handshakes and HTTP. Listeners: 0 as by default, 1 serves only some hosts, 2 is impatient."""
from attacks.handshake_outcomes import (CAPACITY, DEADLINE, capacity, cheap_heads, frames_behind, no_frames_behind,
                                        pipelined, silent_connects, slow_heads)
from attacks.http import KEY, SMUGGLED, forwards, handshake, plain, refused, smuggling, upgrades, upgrades_or
from attacks.table import row
from lib.story import scaled

LISTENER = 'subprotocols = ["chat.v1"]\nheader_limit = "16KiB"\norigins = []'
HOSTS, ORIGINS = 1, 3  # listeners, beside 0 and the impatient one
TABLES = ['[[listener]]\nname = "hosts"\nbind = "127.0.0.1:0"\nhosts = ["served.test", "[::1]"]',
          f'[[listener]]\nname = "impatient"\nbind = "127.0.0.1:0"\nhandshake_timeout = "{DEADLINE:g}s"',
          '[[listener]]\nname = "origins"\nbind = "127.0.0.1:0"\n'
          'origins = ["https://good.test", "http://good.test:8080"]']


def request_lines(*lines):
    return [handshake(line=line) for line in lines]


def targets(*all):
    return [handshake(line=f"GET {target} HTTP/1.1", behind=SMUGGLED) for target in all]


def codings(*values):
    """A chunked body that would hide a request from whoever believes in it."""
    return [smuggling(f"Transfer-Encoding:{value}", body=b"0\r\n\r\n") for value in values]


def lengths(*values):
    return [smuggling(f"Content-Length:{value}", body=b"abcde") for value in values]


def field(name, value):
    """Whether an upstream's handshake has exactly these values of a field; None: not at all."""
    def judge(_, fields):
        seen = [own for other, own in fields if other == name.lower().encode()]
        wanted = [] if value is None else [value.encode("latin-1")]
        return "" if seen == wanted else f"{name} should be {wanted}"
    return judge


def all_of(*judges):
    return lambda target, fields: "; ".join(filter(None, [judge(target, fields) for judge in judges]))


def endless(head, part, count):
    """A head that never ends, up to `count` parts."""
    def generate():
        yield head
        for _ in range(count):
            yield part
    generate.told = f"{head!r} and up to {count} times {len(part)} bytes {part[:20]!r}"
    return generate


def filler(size):
    return "X-Filler: " + "f" * (size - len("X-Filler: \r\n"))


NOT_ALLOWED = refused(405, needs={"allow": "GET"})
OTHER_VERSION = refused(426, needs={"sec-websocket-version": "13"})

ROWS = [
    row("A1", "another method than GET",
        [handshake(line=f"{method} /ws HTTP/1.1") for method in
         ("POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "BREW", "get", "GETX")],
        NOT_ALLOWED),
    row("A2a", "an HTTP version that is not spoken here",
        request_lines("GET /ws HTTP/1.2", "GET /ws HTTP/9.9", "GET /ws HTTP/2.0", "GET /ws HTTP/0.9"), refused(505)),
    row("A2b", "HTTP/1.0, or no version at all",
        [*request_lines("GET /ws HTTP/1.0", "GET /ws HTTP/1.10", "GET /ws http/1.1", "GET /ws HTTP/1",
                        "GET /ws HTTP/1,1",
                        "GET /ws HTTP/01.1", "GET /ws HTTPS/1.1", "GET /ws"), b"GET /ws\r\n\r\n"], refused(400)),
    row("A3a", "no upgrade to a WebSocket",
        [handshake(without=["Upgrade"]), handshake(upgrade="foo"), handshake(upgrade=""),
         handshake(upgrade="websockets"),
         handshake(upgrade='"websocket"')], refused(400, 426)),
    row("A3b", "an upgrade to a WebSocket or something else",
        [handshake(upgrade="websocket, foo"), handshake(upgrade="foo, websocket"), handshake("Upgrade: foo"),
         handshake("Upgrade: websocket"), handshake(upgrade="websocket/13")], refused(400, 426)),
    row("A3c", "Connection without upgrade",
        [handshake(without=["Connection"]), handshake(connection="close"), handshake(connection="keep-alive"),
         handshake(connection="upgraded"), handshake(connection="")], refused(400, 426)),
    row("A3d", "lists over several fields are one list, in any case of letters",
        [handshake("Connection: keep-alive"), handshake(connection="keep-alive, UPGRADE"),
         handshake(upgrade="WebSocket"),
         handshake("Connection: Upgrade", connection="keep-alive"), handshake(connection=",keep-alive,, upgrade,")],
        upgrades(sees=plain)),
    row("A4", "a key that is missing, twice, or not 16 bytes in base64",
        [handshake(without=["Sec-WebSocket-Key"]), handshake(f"Sec-WebSocket-Key: {KEY}"),
         *[handshake(key=key) for key in ("", "abc", f"{KEY}, {KEY}", KEY[:-2], KEY[:-1], KEY + "=", "!" * 22 + "==",
                                          "A" * 24, "A" * 40 + "==", "A" * 23 + "=", " " * 5,
                                          "dGhlIHNhbXBsZSBub25jZ\xe9==")]],
        refused(400)),
    row("A5", "another version of the protocol, with a request behind it that must not be tunnelled",
        [*[handshake(version=version, behind=SMUGGLED) for version in
           ("8", "99", "0", "7", "", "-13", "+13", "013", "13.0", "13, 8", "8, 13", "13 13", "0x0d")],
         smuggling("Sec-WebSocket-Version: 13"), smuggling("Sec-WebSocket-Version: 8"),
         smuggling(without=["Sec-WebSocket-Version"])], OTHER_VERSION),
    row("A6a", "frames behind the handshake, before the 101", [1, 5, 1000], frames_behind),
    row("A6b", "a request behind the handshake", [smuggling(), handshake(behind=b"\x16\x03\x01\x02\x00\x01")],
        no_frames_behind),
    row("A7", "an upgrade to something else is plain HTTP",
        [handshake(upgrade="h2c"),
         handshake("HTTP2-Settings: AAMAAABkAAQAAP__", upgrade="h2c", connection="Upgrade, HTTP2-Settings"),
         handshake(upgrade="TLS/1.2"), handshake(upgrade="foo", behind=SMUGGLED)], refused(426)),
    row("A7b", "the beginning of HTTP/2 or TLS",
        [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", b"\x16\x03\x01\x00\x05hello\r\n\r\n"],
        refused(400, 505)),
    row("A9a", "a handshake with a body",
        [handshake("Content-Length: 5", behind=b"hello"), handshake("Transfer-Encoding: chunked", behind=b"0\r\n\r\n"),
         smuggling(f"Content-Length: {len(SMUGGLED)}"), smuggling("Content-Length: 1"),
         handshake("Content-Length: 9999999999999999999")], refused(400)),
    row("A9b", "a handshake whose body is empty", [handshake("Content-Length: 0"), handshake("Content-Length: 00")],
        upgrades(sees=plain)),
    row("A10", "Content-Length and Transfer-Encoding",
        [smuggling("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
         smuggling("Transfer-Encoding: chunked", "Content-Length: 5", body=b"0\r\n\r\n"),
         smuggling("Content-Length: 0", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
         smuggling("transfer-encoding: chunked", "X: y", "content-length: 0", body=b"0\r\n\r\n"),
         smuggling("Content-Length: 5", "Transfer-Encoding: identity", body=b"abcde"),
         smuggling("Content-Length: 5", "Transfer-Encoding:", body=b"abcde")], refused(400)),
    row("A11a", "transfer codings that are not exactly one 'chunked'",
        [*codings(" chunked, identity", " identity, chunked", " chunked, chunked", "  chunked", "\tchunked",
                  " \tchunked",
                  " chunked ", " chunked\t", " chunked,", " ,chunked", "", " \x0bchunked", " \x0cchunked",
                  " chunked\x0b",
                  ' "chunked"', " chunked;q=1", " chunked\x00", " ch unked"),
         smuggling("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
         smuggling("Transfer-Encoding: chunked", "Transfer-encoding: identity", body=b"0\r\n\r\n"),
         smuggling("Transfer-Encoding : chunked", body=b"0\r\n\r\n"), smuggling("Transfer-Encoding\t: chunked"),
         smuggling("\x00Transfer-Encoding: chunked")], refused(400)),
    row("A11b", "an unknown transfer coding",
        codings(" identity", " xchunked", " chunkedx", " x-chunked", " gzip", " cow"), refused(400, 501)),
    row("A11c", "a name that only looks like Transfer-Encoding",
        [handshake("Transfer_Encoding: chunked"), handshake("X-Transfer-Encoding: chunked")], upgrades()),
    row("A12", "a transfer coding in HTTP/1.0",
        [smuggling("Transfer-Encoding: chunked", line="GET /ws HTTP/1.0", body=b"0\r\n\r\n"),
         smuggling("Transfer-Encoding: identity", line="GET /ws HTTP/1.0")], refused(400)),
    row("A13", "a Content-Length that is not one plain number",
        [*lengths(" +5", " -1", " 5,6", " 5, 5", "", " ", " 18446744073709551616", " 99999999999999999999999", " 0x5",
                  " 5 5", " 5.0", " 5e0", " \x0b5", " 5\x0c", " five", " 5;", ' "5"', " \xb2"),
         smuggling("Content-Length: 5", "Content-Length: 5", body=b"abcde"),
         smuggling("Content-Length: 5", "Content-Length: 0", body=b"abcde"),
         smuggling("Content-Length: 0", "content-length: 5", body=b"abcde"),
         smuggling("Content-Length : 5", body=b"abcde")], refused(400)),
    row("A14", "a header field folded over several lines",
        [smuggling("X-A: b\r\n c"), smuggling("X-A: b\r\n\tc"), smuggling("X-A:\r\n b"), smuggling("X-A: b\r\n "),
         smuggling("Transfer-Encoding:\r\n chunked"), smuggling("Content-Length:\r\n 5"),
         smuggling("Content-Length: 0\r\n 5"), handshake(host="gw\r\n .test"),
         handshake(line="GET /ws HTTP/1.1\r\n X: y")],
        refused(400)),
    row("A15", "a header name or value that is none",
        [smuggling(": b"), smuggling(" : b"), smuggling("X-A : b"), smuggling("X-A\t: b"), smuggling(" X-A: b"),
         smuggling("X A: b"), smuggling("X-A"), smuggling("X(A): b"), smuggling("X\x00A: b"), smuggling("X-A: b\x00c"),
         smuggling("X-A: b\rc"), smuggling("X-A: b\nContent-Length: 5"), smuggling("X-A: b\r\r\nX: y"),
         smuggling("X\r-A: b"),
         smuggling("X-A: \x07"), smuggling("X-A: \x1b[31m"), smuggling("X-A: \x7f"), smuggling("X-\xe9: b"),
         smuggling('"X-A": b'), smuggling("X-A: b\n\nGET /ws/must-not-arrive HTTP/1.1"),
         handshake().replace(b"\r\n", b"\n") + b"\r\n\r\n", b"\r\n" + handshake()], refused(400)),
    row("A18a", "no single valid Host",
        [handshake(without=["Host"]), handshake("Host: gw.test"), handshake("host: other.test"),
         *[handshake(host=host) for host in ("", " ", "a b", "a,b", "user@gw.test", "gw.test/x", "gw.test:",
                                             "gw.test:0", "gw.test:65536", "gw.test:80:80", "gw.test:8o", "[::1",
                                             "::1", "gw.test#",
                                             "gw%2etest", "caf\xe9", "a\\b", "a" * 256, "gw.test\x00",
                                             "[fe80::1%25lo]")]],
        refused(400)),
    row("A18b", "a target in absolute form",
        request_lines("GET http://gw.test/ws HTTP/1.1", "GET http://other.test/ws HTTP/1.1",
                      "GET ws://gw.test/ws HTTP/1.1",
                      "GET https://gw.test:443/ws HTTP/1.1"), refused(400)),
    row("A18c", "a good Host of any kind",
        [handshake(host=host) for host in ("GW.TEST", "gw.test:8080", "[::1]:1", "127.0.0.1")],
        upgrades(sees=plain)),
    row("A19a", "a host that is not served",
        [handshake(host=host) for host in ("other.test", "served.test.evil", "evil-served.test", "served.tes",
                                           "127.0.0.1",
                                           "[::2]", "x.served.test")], refused(421, at=HOSTS)),
    row("A19b", "a host that is served",
        [handshake(host=host) for host in ("served.test", "SERVED.test:9", "[::1]:8080")],
        upgrades(at=HOSTS)),
    row("A20a", "a request line of more than 8 KiB",
        [handshake(line=f"GET /ws/{'a' * 8192} HTTP/1.1"), handshake(line=f"GET /ws?{'a' * 8180} HTTP/1.1"),
         endless(b"GET /ws/", b"a" * 4096, 5000), endless(b"", b"A" * 4096, 5000)], refused(414)),
    row("A20b", "a head of more than 16 KiB, or of more than 100 fields",
        [handshake(filler(16384)), handshake(*[filler(1000)] * 17), handshake(*["a: b"] * 96), handshake(*[":"] * 3000),
         endless(b"GET /ws HTTP/1.1\r\n", b"X-A: b\r\n" * 512, 5000),
         endless(b"GET /ws HTTP/1.1\r\nX-A: ", b"b" * 4096, 5000)], refused(431, 400)),
    row("A20c", "just not too much",
        [handshake(*["X-A: b"] * 95), handshake(filler(16384 - len(handshake()))),
         handshake(line=f"GET /ws?{'a' * (8192 - len('GET /ws? HTTP/1.1'))} HTTP/1.1")], upgrades()),
    row("A21", "slow heads on many sockets", [scaled(1000, 50)], slow_heads, alone=True),
    row("A21b", "the cost of a head that has begun", [scaled(1000, 100)], cheap_heads, alone=True,
        pending="each of them costs 12 KB"),
    row("A23a", "many connections that send nothing", [scaled(1000, 100)], silent_connects,
        alone=True),
    row("A24", "headers that only a proxy or the gateway may set, from anybody",
        [handshake(f"{name}: 6.6.6.6") for name in
         ("X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Ssl", "X_Forwarded_For", "Forwarded", "X-Real-IP",
          "x-real_ip", "X-User", "X-User-Id", "X-User-Roles", "X-Wsgw-User", "X_WSGW_User", "x-wsgw-hops")],
        upgrades(sees=all_of(plain, field("X-Forwarded-For", "127.0.0.1"), field("X-Forwarded-Proto", "http")))),
    row("A24b", "addresses of the client's own making",
        [handshake("X-Forwarded-For: 6.6.6.6"), handshake("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 7.7.7.7"),
         handshake("X-Forwarded-Host: evil.test")],
        upgrades(sees=all_of(plain, field("X-Forwarded-For", "127.0.0.1"), field("X-Forwarded-Host", "gw.test")))),
    row("A25", "a Connection that names the gateway's own headers",
        [handshake(connection=f"Upgrade, {names}") for names in
         ("X-Forwarded-For", "x-forwarded-for, X-Forwarded-Host, X-Forwarded-Proto, X-Request-Id, traceparent", "Host",
          "Sec-WebSocket-Key, Sec-WebSocket-Version", "X-User-Id, Authorization", "close")],
        upgrades(sees=all_of(plain, field("X-Forwarded-For", "127.0.0.1"), field("X-Forwarded-Host", "gw.test")))),
    row("A25b", "a Connection that names the client's own header",
        [handshake("X-Mine: 1", "X-Other: 2", connection="Upgrade, x-mine")],
        upgrades(sees=all_of(field("X-Mine", None), field("X-Other", "2")))),
    row("A26a", "line ends hidden in the path",
        targets("/ws/%0d%0aX-Evil:%201", "/ws/%0a", "/ws/%0D", "/ws/a%0d%0a%0d%0aGET%20/", "/ws/%7f", "/ws/%1b",
                "/ws/%09"),
        refused(400)),
    row("A26b", "line ends hidden in the query stay hidden",
        [handshake(line="GET /ws?a=%0d%0aX-Evil:1 HTTP/1.1")], forwards("/ws?a=%0d%0aX-Evil:1")),
    row("A27a", "too many subprotocols, or none that is one",
        [handshake("Sec-WebSocket-Protocol: " + ", ".join(f"p{n}" for n in range(17))),
         handshake(*[f"Sec-WebSocket-Protocol: p{n}" for n in range(17)]),
         handshake("Sec-WebSocket-Protocol: chat.v1, chat.v1"), handshake("Sec-WebSocket-Protocol: "),
         handshake("Sec-WebSocket-Protocol: a b"), handshake('Sec-WebSocket-Protocol: "chat.v1"'),
         handshake("Sec-WebSocket-Protocol: a,,b"), handshake("Sec-WebSocket-Protocol: a\rb"),
         handshake("Sec-WebSocket-Protocol: \xe9")], refused(400)),
    row("A27b", "10,000 subprotocols", [handshake("Sec-WebSocket-Protocol: " + "p, " * 9999 + "p")], refused(400, 431)),
    row("A27c", "subprotocols that nobody knows",
        [handshake("Sec-WebSocket-Protocol: " + ", ".join(f"p{n}" for n in range(16))),
         handshake("Sec-WebSocket-Protocol: CHAT.V1")], upgrades(sees=plain)),
    row("A27d", "one subprotocol of many that is known",
        [handshake("Sec-WebSocket-Protocol: other, chat.v1"),
         handshake("Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: chat.v1")],
        upgrades(protocol="chat.v1", sees=plain)),
    row("A28", "extensions, sane and insane",
        [handshake(f"Sec-WebSocket-Extensions: {value}") for value in
         ("constructor", "__proto__", 'a; b="', 'permessage-deflate; client_max_window_bits="', "permessage-deflate",
          "permessage-deflate; client_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
          "permessage-deflate; client_max_window_bits=99", "permessage-deflate; server_no_context_takeover; "
          "server_no_context_takeover", ",,,;;;===", "", "x-webkit-deflate-frame", "a" * 8000)], upgrades_or(400)),
    row("A29", "a client that waits for 100 Continue",
        [handshake("Expect: 100-continue"), handshake("Expect: 100-continue, 200-ok"), handshake("Expect: nothing")],
        upgrades_or(417)),
    row("A30", "a target that is not one slash and printable ASCII",
        targets("*", "host:443", "//evil", "ws", "?a", "/ws#a", "/ws#", "/w s", "/ws /x", " /ws", "/ws\t",
                "/ws/caf\xc3\xa9",
                "/ws/\x80", "/ws/\x00", "", "\\ws", "///ws"), refused(400)),
    row("A31a", "a path that leads elsewhere once it is decoded and normalised",
        targets("/ws/../admin", "/ws/%2e%2e/admin", "/ws/.%2E/admin", "/ws/..", "/ws/x/../../admin", "/ws;x", "/wS",
                "/ws2",
                "/%2577s"), refused(404)),
    row("A31b", "a path that cannot be decoded, or should not be",
        targets("/ws/%2f", "/ws%2fx", "/ws/%5c", "/ws/\\", "/ws/%00", "/ws/%", "/ws/%4", "/ws/%zz",
                "/ws/%c0%ae%c0%ae/admin",
                "/ws/%e0%80%ae", "/ws/%ff", "/ws/%ed%a0%80", "/ws/..;/admin", "/ws/.;x/a", "/../ws", "/ws/../../ws"),
        refused(400)),
    row("A31c", "an escaped dot segment that was escaped twice stays a name",
        [handshake(line="GET /ws/%252e%252e/x HTTP/1.1")], forwards("/ws/%252e%252e/x")),
    row("A31d", "what is forwarded is the normalised path",
        [handshake(line=f"GET {target}?q=1 HTTP/1.1") for target in
         ("/ws//x", "/ws/./x", "/ws/y/../x", "/y/../ws/x", "/%77s/x", "/ws/%78", "/ws/%2e/x")], forwards("/ws/x?q=1")),
    row("A32a", "another Origin than the host's",
        [handshake(f"Origin: {origin}") for origin in
         ("http://evil.test", "null", "http://gw.test.evil", "http://evil-gw.test", "http://gw.test:81",
          "https://gw.test:80",
          "file://", "gw.test", "http://user@gw.test", "http://gw.test/", "http://gw.test, http://evil.test",
          "http://evil.test#gw.test")], refused(403)),
    row("A32b", "an Origin that is empty, or stands twice",
        [handshake("Origin:"), handshake("Origin: http://gw.test", "Origin: http://evil.test")], refused(400, 403)),
    row("A32c", "the host's own Origin, or none",
        [handshake("Origin: http://gw.test"), handshake("Origin: HTTP://GW.test"), handshake("Origin: https://gw.test"),
         handshake("Origin: http://gw.test:8080", host="gw.test:8080"), handshake()], upgrades()),
    row("A32d", "an Origin that is not on the list",
        [handshake(f"Origin: {origin}") for origin in
         ("https://good.test.evil", "https://evil.good.test", "http://good.test", "https://good.test:444", "null",
          "https://good.test/", "https://good.test@evil.test", "http://gw.test", "https://xgood.test")],
        refused(403, at=ORIGINS)),
    row("A32e", "an Origin that is on the list",
        [handshake("Origin: https://good.test"), handshake("Origin: HTTPS://GOOD.TEST:443"),
         handshake("Origin: http://good.test:8080")], upgrades(at=ORIGINS)),
    row("A33", "10,000 pipelined requests", [handshake(without=["Upgrade"]) * 10_000], pipelined, alone=True),
]

CAPACITY_ROWS = {  # by the key that limits
    "max_sessions": [row("A23b", "more sessions than there may be", [503], capacity)],
    "max_sessions_per_ip": [row("A23c", "more sessions of one address than there may be", [429], capacity)],
}

SMUGGLING_ROWS = ("A10", "A11", "A12", "A13", "A14", "A15", "A16", "A17", "A18", "A30", "A31")
SMUGGLING_INPUTS = sum(len(one.inputs) for one in ROWS if one.id[:3] in SMUGGLING_ROWS and not one.pending)

NOT_BUILT = [
    ("A8", "there are no HTTP routes: nothing can answer 101 to a POST"),
    ("A16", "there are no HTTP routes: no body is ever read, chunked or not"),
    ("A17", "there are no HTTP routes: no trailers are ever read"),
    ("A19", "the admin listener answers probes only; its hosts are not checked"),
    ("A22", "there are no HTTP routes: no body is ever read"),
    ("A26", "values from tokens, scripts and registries: none of them exist"),
    ("A32", "a missing Origin with cookies: no path is marked as for browsers only"),
    ("A35", "TLS has a scenario of its own"),
]
