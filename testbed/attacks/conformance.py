"""What RFC 6455 asks of whoever receives frames, in the order of the public suites: framing, pings, reserved bits,
opcodes, fragments, UTF-8, closing, sizes. Every case is judged twice: frames of a client, and frames of an upstream."""
import asyncio
import itertools

from attacks.table import error, fits, read_end, read_expected, row, say_goodbye, wrong
from attacks.world import message, stage
from lib.wire import BINARY, CLOSE, CONTINUATION, KEY, PING, PONG, TEXT, close, code_of, frame, pieces

KIB, MIB = 1024, 1024 * 1024
TABLES = ['[session]\nmax_message = "16MiB"', '[channel]\nmax_message = "16MiB"',
          '[[rule]]\nid = "whatever"\nservice = "echo"']
READ_EACH = 300  # parts; more of them are written one by one, too, but not each awaited to have been read


class heard:
    """Between two parts: so many messages and pongs have come by now."""

    def __init__(self, messages=0, pongs=0):
        self.messages, self.pongs = messages, pongs


class case:
    """Parts to write, each read on its own, and what must follow: messages that come through, pongs, and the code of
    the answering Close; None: the connection stays open."""

    def __init__(self, parts, messages=(), pongs=(), end=None):
        self.parts = [parts] if isinstance(parts, bytes) else list(parts)
        self.messages, self.pongs, self.end = list(messages), list(pongs), end

    def __repr__(self):
        written = [part for part in self.parts if isinstance(part, bytes)]
        return f"{[part[:60] for part in written[:4]]}, {len(written)} parts, {sum(map(len, written))} bytes"


class sender:
    """Writes the frames of one side: masked, or with `key` None not."""

    def __init__(self, key):
        self.key = key

    def frame(self, payload=b"", opcode=TEXT, **options):
        return frame(payload, opcode, **{"key": self.key, **options})

    def close(self, code=1000, reason=b""):
        return close(code, reason, key=self.key)

    def pieces(self, payload, size, opcode=TEXT):
        return pieces(payload, size, opcode, key=self.key)

    def whole(self, text):
        """A case of one text that comes through."""
        return case(self.frame(text), [(TEXT, text)])


def octets(data):
    return [data[at:at + 1] for at in range(len(data))]


def chops(data, size):
    return [data[at:at + size] for at in range(0, len(data), size)]


# --- the cases, by section: (id, what, cases) ---


def framing(s):
    for number, (opcode, name) in enumerate(((TEXT, "text"), (BINARY, "binary")), 1):
        payloads = [b"*" * size if opcode == TEXT else b"\xfe" * size
                    for size in (0, 125, 126, 127, 128, 65_535, 65_536)]
        yield f"1.{number}a", f"{name} of sizes around the forms of the length", [
            case(s.frame(payload, opcode), [(opcode, payload)]) for payload in payloads]
        yield f"1.{number}b", f"{name} in chops of 997 bytes", [
            case(chops(s.frame(payloads[-1], opcode), 997), [(opcode, payloads[-1])])]


def pings(s):
    def ping(payload):
        return s.frame(payload, PING)
    payloads = [b"", b"Hello, world!", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125]
    yield "2.1", "pings of any payload", [case(ping(payload), pongs=[payload]) for payload in payloads]
    yield "2.5", "a ping of 126 bytes", [case(ping(b"\xfe" * 126), end=1002)]
    yield "2.6", "a ping in single bytes", [case(octets(ping(b"\xfe" * 125)), pongs=[b"\xfe" * 125])]
    yield "2.7", "pongs that nobody asked for", [case(s.frame(b"", PONG)), case(s.frame(b"unsolicited", PONG)),
                                                 case(s.frame(b"unsolicited", PONG) + ping(b"asked"), pongs=[b"asked"])]
    ten = [b"payload-%d" % number for number in range(10)]
    yield "2.10", "ten pings at once, and in single bytes", [case(b"".join(map(ping, ten)), pongs=ten),
                                                             case(octets(b"".join(map(ping, ten))), pongs=ten)]


def reserved_bits(s):
    text = b"Hello, world!"
    good = s.frame(text)
    for rsv in range(1, 8):
        bad = s.frame(text, rsv=rsv) + s.frame(b"", PING)
        yield f"3.{rsv}", f"reserved bits {rsv:03b}", [
            case(bad, end=1002), case([good, heard(1), bad], [(TEXT, text)], end=1002),
            case([good, heard(1), *octets(s.frame(text, rsv=rsv))], [(TEXT, text)], end=1002),
            case(s.frame(b"\x00\xff", BINARY, rsv=rsv), end=1002), case(s.frame(b"p", PING, rsv=rsv), end=1002),
            case(s.frame(b"\x03\xe8", CLOSE, rsv=rsv), end=1002)]


def opcodes(s):
    text = b"Hello, world!"
    good = s.frame(text)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield f"4.{opcode}", f"opcode {opcode}", [
            case(s.frame(b"", opcode), end=1002), case(s.frame(text, opcode), end=1002),
            case([good, heard(1), s.frame(b"", opcode) + s.frame(b"", PING)], [(TEXT, text)], end=1002),
            case([good, heard(1), *octets(s.frame(text, opcode))], [(TEXT, text)], end=1002)]


def fragments(s):
    first, second = b"fragment1", b"fragment2"
    both = [(TEXT, first + second)]
    start, end = s.frame(first, fin=False), s.frame(second, CONTINUATION)
    ping = s.frame(b"ping payload", PING)
    lost, lost_open = s.frame(b"no-continuation", CONTINUATION), s.frame(b"no-continuation", CONTINUATION, fin=False)
    good = s.frame(b"Hello, world!")

    def three_ways(data, **outcome):
        whole = b"".join(data)
        return [case(whole, **outcome), case(data, **outcome), case(octets(whole), **outcome)]
    for number, opcode in ((1, PING), (2, PONG)):
        yield f"5.{number}", f"a fragmented control frame, opcode {opcode}", three_ways(
            [s.frame(b"fragment1", opcode, fin=False), s.frame(b"fragment2", CONTINUATION)], end=1002)
    yield "5.3", "text in two fragments", three_ways([start, end], messages=both)
    yield "5.6", "with a ping between", three_ways([start, ping, end], messages=both, pongs=[b"ping payload"])
    yield "5.9", "a continuation of nothing, then text", three_ways([lost, good], end=1002)
    yield "5.12", "the same without an end", three_ways([lost_open, good], end=1002)
    yield "5.15", "a continuation behind a whole message", [
        case([start + end, heard(1), lost + good], both, end=1002),
        case([start, end, heard(1), lost_open, good], both, end=1002)]
    yield "5.16", "continuations of nothing and text in turn", three_ways([lost_open, good, lost_open, good], end=1002)
    yield "5.17", "the same with an end", three_ways([lost, good, lost, good], end=1002)
    yield "5.18", "a new message inside a message", [
        *three_ways([start, s.frame(second, fin=True)], end=1002),
        *three_ways([start, s.frame(second, BINARY)], end=1002)]
    text = b"five fragments"
    five = [s.frame(text[:7], fin=False), s.frame(b"", CONTINUATION, fin=False), s.frame(b"ping 1", PING),
            heard(pongs=1), s.frame(b"", CONTINUATION, fin=False), s.frame(b"ping 2", PING), heard(pongs=2),
            s.frame(text[7:], CONTINUATION, fin=False), s.frame(b"", CONTINUATION)]
    yield "5.19", "five fragments and two pings, each answered in time", [
        case(five, [(TEXT, text)], [b"ping 1", b"ping 2"])]


GOOD_UTF8 = ["κόσμε", "Hello-µ@ßöäüàá-UTF-8!!", "\x7f", "\u0080", "\u07ff", "\u0800", "\uffff", "\U00010000",
             "\U0010ffff", "\ud7ff", "\ue000", "\ufffd", "\ufdd0", "\ufdef", "\ufffe",
             *[chr(plane << 16 | low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF)]]


def bad_utf8():
    """By what is wrong: stray continuation bytes, lonely starts, cut sequences, impossible bytes, overlong forms,
    surrogates, beyond the last code point."""
    yield from (b"\x80", b"\xbf", b"\x80\xbf", b"\x80\xbf\x80", b"\x80\xbf\x80\xbf\x80\xbf", bytes(range(0x80, 0xC0)))
    yield from (b" ".join(bytes([start]) for start in range(begin, end)) + b" "
                for begin, end in ((0xC0, 0xE0), (0xE0, 0xF0), (0xF0, 0xF8), (0xF8, 0xFC), (0xFC, 0xFE)))
    yield from (b"\xce ", b"\xe2\x82 ", b"\xf0\x9f\x98 ", b"\xdf ", b"\xef\xbf ", b"\xf7\xbf\xbf ",
                b"\xfb\xbf\xbf\xbf ",
                b"\xc0\xe0\x80\xf0\x80\x80", b"\xce\xe2\x82\xf0\x9f\x98 ")
    yield from (b"\xfe", b"\xff", b"\xfe\xfe\xff\xff")
    yield from (b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf8\x80\x80\x80\xaf", b"\xfc\x80\x80\x80\x80\xaf",
                b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xf8\x87\xbf\xbf\xbf", b"\xfc\x83\xbf\xbf\xbf\xbf",
                b"\xc0\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80")
    yield from (b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xaf\xbf", b"\xed\xb0\x80", b"\xed\xbe\x80",
                b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xed\xa0\x80\xed\xbf\xbf", b"\xed\xaf\xbf\xed\xb0\x80",
                b"\xed\xaf\xbf\xed\xbf\xbf")
    yield from (b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf",
                b"\xfd\xbf\xbf\xbf\xbf\xbf")


def utf8(s):
    yield "6.1", "texts and fragments of no length", [
        case(s.frame(b""), [(TEXT, b"")]),
        case(s.frame(b"", fin=False) + s.frame(b"", CONTINUATION, fin=False) + s.frame(b"", CONTINUATION),
             [(TEXT, b"")]),
        case(s.frame(b"", fin=False) + s.frame(b"middle", CONTINUATION, fin=False) + s.frame(b"", CONTINUATION),
             [(TEXT, b"middle")])]
    sample = "Hello-µ@ßöäüàá-UTF-8!!".encode()
    half = sample.index("ß".encode())
    yield "6.2", "code points at and across the edges of fragments", [
        case(s.frame(sample), [(TEXT, sample)]), case(s.pieces(sample, half), [(TEXT, sample)]),
        case(s.pieces(sample, half + 1), [(TEXT, sample)]), case(s.pieces(sample, 1), [(TEXT, sample)]),
        case(octets(s.frame(sample)), [(TEXT, sample)])]
    yield "6.3", "a bad text whole and in fragments of one byte", [
        case(s.frame("κόσμε".encode() + b"\xed\xa0\x80edited"), end=1007),
        case(s.pieces("κόσμε".encode() + b"\xed\xa0\x80edited", 1), end=1007)]
    opening = "κόσμε".encode()
    yield "6.4", "a bad text is failed at its first bad byte", [
        case(s.frame(opening, fin=False) + s.frame(b"\xf4\x90\x80\x80", CONTINUATION, fin=False), end=1007),
        case(s.frame(opening + b"\xf4", fin=False) + s.frame(b"\x90", CONTINUATION, fin=False), end=1007),
        case(s.frame(opening + b"\xf4\x90", announced=len(opening) + 1000), end=1007),
        case(chops(s.frame(opening + b"\xf4\x90", announced=len(opening) + 1000), 50), end=1007)]
    yield "6.5", "code points of every length and at every boundary", [s.whole(text.encode()) for text in GOOD_UTF8]
    yield "6.6", "the beginning of a code point, message by message", [
        case(s.frame("κόσμε".encode()[:cut]), end=1007) if cut % 2 else s.whole("κόσμε".encode()[:cut])
        for cut in range(1, 11)]
    yield "6.7", "byte strings that are no UTF-8, in one frame", [case(s.frame(bad), end=1007)
                                                                  for bad in bad_utf8()]
    yield "6.8", "the same in fragments of one byte", [case(s.pieces(bad, 1), end=1007)
                                                       for bad in bad_utf8()]


def closing(s):
    text = b"Hello World!"
    good = s.frame(text)
    yield "7.1", "a Close behind a message, and what stands behind a Close", [
        case([good, heard(1), s.close()], [(TEXT, text)], end=1000), case(s.close() + s.close(), end=1000),
        case(s.close() + s.frame(b"late", PING), end=1000), case(s.close() + good, end=1000),
        case(s.frame(text[:-5], fin=False) + s.close() + s.frame(text[-5:], CONTINUATION), end=1000)]
    big = b"*" * (256 * KIB)
    yield "7.1.6", "a Close behind 256 KiB", [case([s.frame(big), heard(1), s.close() + s.frame(b"late", PING)],
                                                   [(TEXT, big)], end=1000)]
    yield "7.3", "payloads of a Close", [
        case(s.frame(b"", CLOSE), end=1005), case(s.frame(b"a", CLOSE), end=1002), case(s.close(), end=1000),
        case(s.close(1000, b"Hello World!"), end=1000), case(s.close(1000, b"*" * 123), end=1000),
        case(s.close(1000, b"*" * 124), end=1002)]
    yield "7.5", "a reason that is not UTF-8", [case(s.close(1000, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80x"), end=1007)]
    yield "7.7", "codes that may be sent", [case(s.close(code), end=code)
                                            for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013,
                                                         1014, 3000, 3999, 4000, 4999)]
    yield "7.9", "codes that may not", [case(s.close(code, b"why"), end=1002)
                                        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999)]
    yield "7.13", "codes out of all ranges", [case(s.close(code), end=1002) for code in (5000, 65_535)]


def sizes(s):
    for number, opcode in ((1, TEXT), (2, BINARY)):
        def sized(size, opcode=opcode):
            return b"*" * size if opcode == TEXT else b"\xfe" * size
        name = "text" if opcode == TEXT else "binary"
        yield f"9.{number}", f"{name} of 64 KiB to 16 MiB", [
            case(s.frame(sized(size), opcode), [(opcode, sized(size))])
            for size in (64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB)]
        yield f"9.{number + 2}", f"4 MiB of {name} in fragments of 64 bytes to 4 MiB", [
            case(s.pieces(sized(4 * MIB), size, opcode), [(opcode, sized(4 * MIB))])
            for size in (64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB)]
        yield f"9.{number + 4}", f"a mebibyte of {name} in chops of 64 to 2,048 bytes", [
            case(chops(s.frame(sized(MIB), opcode), size), [(opcode, sized(MIB))])
            for size in (64, 128, 256, 512, 1024, 2048)]


def automatic_fragments(s):
    whole = b"*" * 65_536
    yield "10.1", "64 KiB in fragments of 1,300 bytes", [case(s.pieces(whole, 1300), [(TEXT, whole)])]


SECTIONS = [framing, pings, reserved_bits, opcodes, fragments, utf8, closing, sizes, automatic_fragments]


def all_cases(s):
    return itertools.chain.from_iterable(section(s) for section in SECTIONS)


# --- the gateway as a server: the frames are a client's ---


class tally:
    """What the side that writes gets back: messages, pongs, and the code of a Close."""

    def __init__(self):
        self.messages, self.pongs, self.end = [], [], None
        self._over = False
        self._more = asyncio.Condition()

    async def listen(self, side):
        try:
            while self.end is None:
                opcode, payload = await side.next()
                if opcode == CLOSE:
                    self.end = code_of(payload)
                else:
                    (self.pongs if opcode == PONG else self.messages).append((opcode, payload))
                async with self._more:
                    self._more.notify_all()
        finally:
            self._over = True
            async with self._more:
                self._more.notify_all()

    async def until(self, messages, pongs):
        """Until so many came, or nothing more can come."""
        async with self._more:
            await self._more.wait_for(lambda: self._over or len(self.messages) >= messages and len(self.pongs) >= pongs)

    def judge(self, messages, pongs, end):
        """Messages and pongs each came in their order; what came between them is nobody's business."""
        if len(messages) != len(self.messages) or not all(map(fits, messages, self.messages)):
            raise wrong(f"messages {str(self.messages)[:300]} came, not {str(messages)[:300]}")
        if [payload for _, payload in self.pongs] != pongs:
            raise wrong(f"pongs {self.pongs} came, not {pongs}")
        if self.end != end:
            raise wrong(f"a Close {self.end} came, not {end}")


async def write(side, one, seen, hears_messages):
    count = len(one.parts)
    for part in one.parts:
        if isinstance(part, heard):
            await seen.until(part.messages if hears_messages else 0, part.pongs)
            continue
        await side.send_bytes(part)
        if 1 < count <= READ_EACH:
            await side.was_read()


async def as_server(world, one):
    """The parts are a client's, who gets the echo of its messages."""
    seen = tally()
    async with world.client() as client:
        listening = asyncio.ensure_future(seen.listen(client))
        try:
            await write(client, one, seen, hears_messages=True)
            if one.end is None:
                await seen.until(len(one.messages), len(one.pongs))
                await client.send_bytes(close())
            await listening
        except ConnectionError:
            await listening  # the gateway was faster than the last parts
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        await read_end(client)
    seen.judge(one.messages, one.pongs, 1000 if one.end is None else one.end)


# --- the gateway as a client: the frames are an upstream's ---


def staged(one):
    """An upstream that writes the parts of a case behind the first message, and judges what it gets back."""
    settled = asyncio.Event()

    async def script(connection):
        await connection.accept()
        await connection.next()
        seen = tally()
        listening = asyncio.ensure_future(seen.listen(connection))
        try:
            await write(connection, one, seen, hears_messages=False)
            await seen.until(0, len(one.pongs))
        except ConnectionError:
            pass  # the gateway was faster than the last parts
        settled.set()
        await listening
        seen.judge([], one.pongs, 1001 if one.end is None else one.end)
        await connection.until_end()
    script.told = repr(one)
    scene = stage(script, expected=[*one.messages,
                                    *([] if one.end is None else [error("CHANNEL_CLOSED", closeCode=one.end)])])
    scene.settled = settled
    return scene


async def as_client(world, scene):
    """The client gets the messages of the upstream as they are, and is told how it ended, if it did; it stays."""
    async with world.client() as client:
        await client.send_bytes(frame(message("begin", scene.service)))
        await read_expected(client, scene.expected)
        await scene.settled.wait()
        await say_goodbye(client)
    await scene.is_over()


def rows(prefix, s, input_of, expected):
    return [row(f"{prefix}{id}", what, map(input_of, cases), expected, alone=id.startswith("9."))
            for id, what, cases in all_cases(s)]


def server_rows():
    return rows("S", sender(KEY), lambda one: one, as_server)


def client_rows():
    return rows("C", sender(None), staged, as_client)


NOT_BUILT = [("12, 13", "permessage-deflate: see table B, compressed, and the scenario interop")]
