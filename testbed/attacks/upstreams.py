"""Table E, and B2: upstreams that refuse, are silent, lie, break off, or pour. A client is told, and stays."""
import asyncio
import contextlib
import time

from attacks.table import error, fits, one_of, read_end, read_expected, row, say_goodbye, wrong
from attacks.upstream_scripts import (GOOD_101, answers, hangs_up, named, pours, resets, server, silent,
                                      silent_behind_the_head, silent_inside_its_head, status, talks, trickles)
from attacks.world import message, stage
from lib.raw_upstream import echo, raw_upstream
from lib.story import patience, scaled, until
from lib.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame, pieces

KIB, MIB = 1024, 1024 * 1024
IN_TIME = {"connect_timeout": "500ms", "handshake_timeout": "400ms", "open_timeout": "1500ms"}
LIMITED = {"max_message": "128KiB"}


# --- outcomes ---


class told:
    """The client's message is answered so, in order; the client stays, and the upstream's script found nothing wrong.
    A number at the end is the code of the session's Close. Without `expected` it is what the stage expects."""

    def __init__(self, *expected, within=None):
        self.expected, self.within = expected, within

    async def __call__(self, world, scene):
        expected = self.expected or scene.expected
        async with world.client() as client:
            started = time.monotonic()
            await client.send_bytes(frame(message("told", scene.service)))
            await read_expected(client, expected)
            if self.within and time.monotonic() - started > patience(self.within):
                raise wrong(f"it took {time.monotonic() - started:.2f} s, not {self.within} s")
            if isinstance(expected[-1], int):
                await read_end(client)
            else:
                await world.works(client)
                await say_goodbye(client)
        await scene.is_over()


async def another_instance(world, scene):
    """Three clients at a time are served by the one good instance."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(world.client()) for _ in range(3)]
        for number, client in enumerate(clients):
            text = message(f"another-{number}", scene.service)
            await client.send_bytes(frame(text))
            await read_expected(client, [(TEXT, text)])
        for client in clients:
            await say_goodbye(client)
    await scene.is_over()


class not_dialled_again:
    """Of many messages in turn the first is told the reason; the others at once that there is no instance."""

    def __init__(self, reason, count, dials):
        self.reason, self.count, self.dials = reason, count, dials

    async def __call__(self, world, scene):
        async with world.client() as client:
            slowest = 0.0
            for number in range(self.count):
                started = time.monotonic()
                await client.send_bytes(frame(message(str(number), scene.service)))
                later = one_of(error("NO_INSTANCE", sent=False), error(self.reason))
                expected = later if number else error(self.reason)
                await read_expected(client, [expected])
                if number:
                    slowest = max(slowest, time.monotonic() - started)
            if slowest > patience(0.1):
                raise wrong(f"one of them took {slowest * 1000:.0f} ms")
            if (dialled := len(scene.connections())) > self.dials:
                raise wrong(f"{dialled} dials for {self.count} messages")
            await say_goodbye(client)
        await scene.is_over()


class leaves:
    """When its client has gone, the channel gets a Close 1001 within a second."""

    def __init__(self, how):
        self.how = how

    async def __call__(self, world, scene):
        async with world.client() as client:
            text = message("leaves", scene.service)
            await client.send_bytes(frame(text))
            await read_expected(client, [(TEXT, text)])
            started = time.monotonic()
            if self.how == "close":
                await say_goodbye(client)
            elif self.how == "fin":
                client.writer.write_eof()
            elif self.how == "reset":
                client.cut()
            await scene.is_over()
            if time.monotonic() - started > patience(1):
                raise wrong(f"it took {time.monotonic() - started:.2f} s")
        if scene.connections()[0].code != 1001:
            raise wrong(f"its code was {scene.connections()[0].code}")


async def flooded(world, scene):
    """A client that does not read costs no more than its queue, however much an upstream says; then all arrives."""
    count, size = 512, 32 * KIB
    async with world.client(receive_buffer=64 * KIB) as client:
        rss = world.gateway.rss()
        await client.send_bytes(frame(message("flood", scene.service)))
        async with world.client() as other:
            for _ in range(50):
                await world.works(other)
        grown = world.gateway.rss() - rss
        if grown > scaled(8, 64) * MIB:
            raise wrong(f"the gateway grew by {grown} bytes")
        for number in range(count):
            opcode, payload = await client.next()
            if opcode != BINARY or len(payload) != size or payload[:8] != b"%08d" % number:
                raise wrong(f"instead of message {number} came {opcode}, {payload[:40]!r}")
        await say_goodbye(client)
    await scene.is_over()


def stuck():
    """An upstream that reads nothing until it may."""
    may_read = asyncio.Event()

    @named("reads nothing")
    async def script(connection):
        await connection.accept()
        connection.writer.transport.pause_reading()
        await may_read.wait()
        connection.writer.transport.resume_reading()
        await connection.until_close()
    scene = stage(script)
    scene.may_read = may_read
    return scene


async def queue_full(world, scene):
    """Messages for an upstream that reads nothing are refused once its queue is full, those for others go on, and every
    message either arrives or is refused."""
    count, refused = 400, 0
    text = message("stuck", scene.service, data="x" * 64 * KIB)
    async with world.client() as client:
        sending = asyncio.ensure_future(client.send_bytes(frame(text) * count + frame(message("last"))))
        try:
            while (seen := await client.next()) != (TEXT, message("last")):
                expect(error("QUEUE_FULL", http=503, sent=False), seen)
                refused += 1
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        if not 0 < refused < count:
            raise wrong(f"{refused} of {count} messages were refused")
        scene.may_read.set()
        upstream, = scene.connections()
        await until("the accepted messages arrive", lambda: len(upstream.messages) == count - refused, patience(5))
        await say_goodbye(client)
    await scene.is_over()


def expect(expected, seen):
    if not fits(expected, seen):
        raise wrong(f"{expected} was expected, {seen} came")


def flood(count=512, size=32 * KIB):
    return talks(*[server((b"%08d" % number).ljust(size, b"."), BINARY) for number in range(count)])


def saying(*messages, **settings):
    """An upstream that says this, and whose client must get the same."""
    return stage(talks(*[server(payload, opcode) for opcode, payload in messages]), expected=messages, **settings)


def redirecting():
    place = []

    @named("redirects")
    async def script(connection):
        await connection.read_head()
        await connection.send_bytes(b"HTTP/1.1 302 Found\r\nLocation: http://%s/ws\r\n" % place[0]
                                    + b"Content-Length: 0\r\n\r\n")
        await connection.until_end()
    scene = stage(script, expected=[error("HANDSHAKE_REJECTED", sent=False, upstreamStatus=302)])
    scene.place = place
    return scene


async def nobody_followed(world, scene):
    """A redirection is not followed: the place it points to sees nobody."""
    async with raw_upstream() as elsewhere:
        scene.place.append(elsewhere.address.encode())
        await told()(world, scene)
        if elsewhere.connections:
            raise wrong("the redirection was followed")


def stages(*scripts, **settings):
    return [stage(script, **settings) for script in scripts]


REJECTED = error("HANDSHAKE_REJECTED", http=502, sent=False, seq=1)
TIMED_OUT = error("CONNECT_TIMEOUT", http=504, sent=False, seq=1)
FAILED = error("CONNECT_FAILED", http=502, sent=False, seq=1)


def closed(code, **members):
    return error("CHANNEL_CLOSED", **{"closeCode": code, "epoch": 1, "lastSeq": 1, "forwarded": 1, "received": 0,
                                      "sent": True,
                                      **members})


BEGUN = server(b"x" * 70_000, fin=False)  # more than is held: the client sees its beginning


def bad_heads():
    """Answers that are no good 101."""
    good = GOOD_101 + b"\r\n"
    yield from [good.replace(b"ACCEPT", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), good.replace(b"ACCEPT", b""),
                good.replace(b"ACCEPT", b"ACCEPT="),
                good.replace(b"Sec-WebSocket-Accept: ACCEPT\r\n", b""), good.replace(b"Upgrade: websocket\r\n", b""),
                good.replace(b"Upgrade: websocket", b"Upgrade: h2c"),
                good.replace(b"Upgrade: websocket", b"Upgrade: websocket, foo"),
                good.replace(b"Connection: Upgrade\r\n", b""),
                good.replace(b"Connection: Upgrade", b"Connection: close"),
                good.replace(b"HTTP/1.1", b"HTTP/1.0"), GOOD_101 + b"Sec-WebSocket-Accept: ACCEPT\r\n\r\n",
                GOOD_101 + b"Sec-WebSocket-Protocol: chat\r\n\r\n", GOOD_101 + b"Sec-WebSocket-Protocol: \r\n\r\n",
                GOOD_101 + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
                GOOD_101 + b"Sec-WebSocket-Extensions:\r\n\r\n",
                GOOD_101 + b"Content-Length: 5\r\n\r\nhello", GOOD_101 + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]


def malformed_heads():
    """What is no HTTP head at all, or one that two parsers read differently."""
    good = GOOD_101 + b"\r\n"
    yield from [b"\r\n\r\n", b"hello\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 101\r\n\r\n", b"HTTP/2 101 OK\r\n\r\n",
                b"ICY 200 OK\r\n\r\n",
                b"HTTP/1.1 1010 OK\r\n\r\n", b"HTTP/1.1 099 OK\r\n\r\n", b"HTTP/1.1 -10 OK\r\n\r\n",
                good.replace(b"HTTP/1.1 ", b"HTTP/1.1\t"),
                GOOD_101 + b" folded: x\r\n\r\n", GOOD_101 + b": x\r\n\r\n", GOOD_101 + b"A : x\r\n\r\n",
                GOOD_101 + b"A: \x00\r\n\r\n",
                GOOD_101 + b"A: b\rc\r\n\r\n", GOOD_101 + b"A: b\nC: d\r\n\r\n", GOOD_101 + b"A\r\n\r\n",
                GOOD_101 + b"A: b\r\n" * 120 + b"\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"]


def bad_frames():
    """(frames that a server must not send, the code for it)"""
    for data in (frame(b"masked"), frame(b"", PING), close(1000), server(b"a", rsv=4), server(b"a", BINARY, rsv=1),
                 server(b"", PING, rsv=2),
                 *[server(b"", opcode) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)], server(b"", PING, fin=False),
                 server(b"a" * 126, PING), server(b"a", form=16), server(b"a" * 200, form=64),
                 server(b"", announced=2 ** 63),
                 server(b"a", CONTINUATION), server(b"a", fin=False) + server(b"b"),
                 server(b"a", fin=False) + server(b"b", BINARY),
                 server(b"\x03", CLOSE)):
        yield data, 1002
    for data in (server(b"\xff"), server(b"a\xc0\xaf"), server(b"\xed\xa0\x80"), server(b"\xe2\x82"),
                 server(b"\xf4\x90\x80\x80"),
                 server(b"\xe2", fin=False) + server(b"\x28", CONTINUATION), server(b"\xff", announced=1000),
                 server(b"\x03\xe8\xff", CLOSE)):
        yield data, 1007
    for data in (server(b"", fin=False) + server(b"", CONTINUATION, fin=False) * 1100,):
        yield data, 1008


ROWS = [
    row("E1a", "an instance that accepts and then says nothing, or too little, or too slowly",
        stages(silent, silent_behind_the_head, silent_inside_its_head, trickles, **IN_TIME),
        told(TIMED_OUT, within=1.5)),
    row("E1b", "two silent instances and a good one",
        [stage(silent, echo, silent, **IN_TIME), stage(silent_behind_the_head, echo, **IN_TIME)],
        another_instance),
    row("E2a", "an instance that refuses", [stage(None)], told(FAILED)),
    row("E2b", "instances that refuse, and a good one", [stage(None, echo), stage(None, None, echo)], another_instance),
    row("E3a", "another answer than 101",
        [stage(status(line), expected=[error("HANDSHAKE_REJECTED", sent=False, seq=1, upstreamStatus=int(line[:3]))])
         for line in (b"200 OK", b"204 No Content", b"301 Moved", b"304 Not Modified", b"307 Temporary Redirect",
                      b"400 Bad Request",
                      b"401 Unauthorized", b"403 Forbidden", b"404 Not Found", b"426 Upgrade Required",
                      b"429 Too Many Requests",
                      b"500 Oops", b"502 Bad Gateway", b"503 Later", b"599 x")], told()),
    row("E3b", "a redirection", [redirecting()], nobody_followed),
    row("E3c", "an upstream that hangs up, or resets, instead of an answer", stages(hangs_up, resets), told(REJECTED)),
    row("E4", "a 101 that is none", stages(*map(answers, bad_heads())), told(REJECTED)),
    row("E5a", "a head that is none", stages(*map(answers, malformed_heads())), told(REJECTED)),
    row("E5b", "a head that never ends",
        stages(pours(GOOD_101, b"X-A: b\r\n" * 500, 5000), pours(GOOD_101 + b"X-A: ", b"b" * 4096, 5000),
               pours(b"", b"x" * 4096, 5000),
               pours(b"HTTP/1.1 101 ", b"x" * 4096, 5000), answers(b"HTTP/1.1 101 " + b"x" * 65_536 + b"\r\n\r\n"),
               pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 1_000_000),
               pours(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", 1_000_000)),
        told(REJECTED)),
    row("E5c", "one interim answer, and then a good one",
        [stage(answers(interim + GOOD_101 + b"\r\n", server(b"early")))
         for interim in (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")],
        told((TEXT, b"early"))),
    row("E5d", "frames right behind the 101",
        stages(answers(GOOD_101 + b"\r\n" + server(b"early")),
               answers(GOOD_101 + b"\r\n" + server(b"", PING) + server(b"early"))),
        told((TEXT, b"early"))),
    row("E6", "an upstream that never pongs", stages(talks(), ping_interval="200ms", pong_timeout="300ms"),
        told(error("CHANNEL_CLOSED", sent=True, lastSeq=1), within=2)),
    row("E7a", "an upstream that breaks off inside a frame that is held",
        stages(*[talks(part, then=how)
                 for part in (server(b"held")[:-1], server(b"held")[:1], server(b"held", fin=False),
                              server(b"h", announced=60_000))
                 for how in ("reset", "leave", "half-close")]), told(closed(1006))),
    row("E7b", "an upstream that leaves without a Close",
        stages(*[talks(then=how) for how in ("reset", "leave", "half-close")]),
        told(closed(1006))),
    row("E7c", "a held message that was complete, and then the end",
        stages(*[talks(server(b"whole"), then=how) for how in ("leave", "half-close")]),
        told((TEXT, b"whole"), closed(1006, received=1))),
    row("E7d", "an upstream that breaks off inside a message that is streamed",
        stages(*[talks(BEGUN, then=how) for how in ("reset", "leave", "half-close")],
               *[talks(BEGUN, bad)
                 for bad in (server(b"\xff", CONTINUATION), frame(b"x", CONTINUATION), server(b"x"),
                             server(b"\x03\xe8", CLOSE), server(b"", 3),
                             server(b"", CONTINUATION, announced=17 * MIB))]), told(1011)),
    row("E8a", "a message over the limit",
        stages(talks(server(b"", announced=128 * KIB + 1), sees=1009), talks(server(b"x" * (129 * KIB)), sees=1009),
               talks(server(b"", BINARY, announced=2 ** 62), sees=1009),
               talks(server(b"a", fin=False) + server(b"", CONTINUATION, announced=128 * KIB), sees=1009),
               **LIMITED), told(error("UPSTREAM_TOO_BIG", http=502, closeCode=1009, lastSeq=1, sent=True))),
    row("E8b", "a message that grows over the limit while it is held",
        stages(talks(pieces(b"x" * (128 * KIB + 1), 4096, key=None), sees=1009), **LIMITED, hold="256KiB"),
        told(error("UPSTREAM_TOO_BIG", http=502, closeCode=1009))),
    row("E8c", "a message that grows over the limit while it is streamed",
        stages(talks(pieces(b"x" * (128 * KIB + 1), 4096, key=None)), **LIMITED), told(1011)),
    row("E9a", "a Close with a code that must not be sent",
        stages(*[talks(close(code, key=None), sees=1002)
                 for code in (0, 999, 1004, 1005, 1006, 1010, 1015, 1016, 2999, 5000, 65535)]),
        told(closed(1002))),
    row("E9b", "a Close without a code", stages(talks(server(b"", CLOSE))), told(closed(1005))),
    row("E9c", "a Close with a code of any kind: never the client's",
        [stage(talks(close(code, b"why", key=None), sees=code), expected=[closed(code, reason="why")])
         for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)],
        told()),
    row("E9d", "messages behind a Close", stages(talks(close(1000, key=None) + server(b"late") * 10)),
        told(closed(1000))),
    row("B2", "frames that a server must not send, masked ones first",
        stages(*[talks(data, sees=code) for data, code in bad_frames() if code == 1002]), told(closed(1002))),
    row("B2b", "text of an upstream that is not UTF-8",
        stages(*[talks(data, sees=code) for data, code in bad_frames() if code == 1007]),
        told(closed(1007))),
    row("B2c", "1,101 empty frames of an upstream",
        stages(*[talks(data, sees=code) for data, code in bad_frames() if code == 1008]),
        told(closed(1008))),
    row("E11a", "the client closes", [stage(echo)], leaves("close")),
    row("E11b", "the client hangs up", [stage(echo)], leaves("fin")),
    row("E11c", "the client is cut off", [stage(echo)], leaves("reset")),
    row("E12", "1,000 messages for an instance that hangs up", [stage(hangs_up)],
        not_dialled_again("HANDSHAKE_REJECTED", scaled(1000, 200), scaled(8, 40)), alone=True),
    row("E13", "an upstream that reads nothing", [stuck()], queue_full, alone=True),
    row("E14", "16 MiB for a client that does not read yet", [stage(flood())], flooded, alone=True),
    row("E15", "messages of any size, text and binary",
        [saying(*[(opcode, b"m" * size) for opcode in (TEXT, BINARY)], max_message="16MiB")
         for size in (0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 100_000, MIB, 16 * MIB)], told()),
    row("E16a", "all instances refuse: told at once that there is none", [stage(None), stage(None, None, None)],
        not_dialled_again("CONNECT_FAILED", scaled(1000, 200), 0), alone=True),
    row("E15b", "pings, pongs and empty frames of an upstream",
        stages(talks(server(b"p" * 125, PING) + server(b"", PONG) * 100 + server(b"", fin=False) + server(b"p", PING)
                     + server(b"said", CONTINUATION))), told((TEXT, b"said"))),
]

NOT_BUILT = [
    ("E17", "the identity of an instance is not checked"),
]
