"""Table B: frames of a client that are wrong, too many, cut, or sent at the wrong time."""
import random
import zlib

from attacks.frame_outcomes import (ECHO, GOOD, announced_and_trickled, announced_only, byte_by_byte, churn,
                                    closes_with, cut_at, drains_nothing, drains_slowly, echoes, every_cut,
                                    exactly_one_close, gone,
                                    last_ping_is_answered, lives, never_answers_close, ping_flood, pong_inside,
                                    shows_no_life)
from attacks.table import error, row, says
from attacks.world import MUST_NOT_ARRIVE, message, message_of
from lib.story import scaled
from lib.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame, pieces

SEED = 20260
LIMIT = 1024 * 1024  # session.max_message
EVIL = message(MUST_NOT_ARRIVE.decode())


def text_with(data, before=b'{"method":"/api/v1/echo/say","id":"', after=b'"}'):
    """A routable text that holds these bytes."""
    return before + data + after


def evil_text(data):
    return text_with(MUST_NOT_ARRIVE + data)


def in_fragments(data, *places, opcode=TEXT):
    parts = cut_at(data, *places)
    return [frame(part, CONTINUATION if number else opcode, fin=number == len(parts) - 1)
            for number, part in enumerate(parts)]


def told(text):
    """Names a function where an input is shown."""
    def name(function):
        function.told = text
        return function
    return name


# --- inputs that take more than bytes ---


def forever(first, part, most):
    @told(f"{first[:20]!r} and up to {most} times {len(part)} bytes {part[:20]!r}")
    async def pour(client):
        await client.send_bytes(first)
        for _ in range(most):
            await client.send_bytes(part)
    return pour


def bad_utf8():
    """Byte strings that are no UTF-8, with what makes them so."""
    return [b"\x80", b"\xbf", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xe2(\xa1", b"\xf0\x9f\x98", b"\xf0\x9f(\x80",
            b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\xaf", b"\xf0\x8f\xbf\xbf",
            b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
            b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff", b"\xff\xfe\xfd"]


def good_utf8():
    return ["é", "€", "😀", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\ufeff", "\U00010000",
            "\U0010ffff",
            "κόσμε", "日本語"]


def random_frames(count):
    """Random bytes that cannot be the beginning of a good frame: unmasked, reserved bits, or an unknown opcode."""
    dice = random.Random(SEED)
    for _ in range(count):
        first = dice.randrange(256)
        second = dice.randrange(256)
        if not (first & 0x70 or first & 0x0F in range(3, 8) or first & 0x0F > 10) and second & 0x80:
            second &= 0x7F
        yield bytes([first, second]) + dice.randbytes(dice.randrange(30)) + bytes(14)


TALK = (frame(b"p", PING) + frame(GOOD[:9], fin=False) + frame(b"q", PING) + frame(GOOD[9:], CONTINUATION)
        + frame(b"", PONG), [(PONG, b"p"), (PONG, b"q"), ECHO])
BYE = close(1000, b"bye")

ROWS = [
    row("B1", "a frame that is not masked",
        [frame(EVIL, key=None), frame(b"", PING, key=None), frame(b"", PONG, key=None), close(1000, key=None),
         frame(EVIL, BINARY, key=None), [frame(EVIL[:4], fin=False), frame(EVIL[4:], CONTINUATION, key=None)]],
        says(1002)),
    row("B3", "reserved bits that nobody asked for",
        [frame(EVIL, opcode, rsv=rsv) for opcode in (TEXT, BINARY, PING, PONG, CLOSE) for rsv in (1, 2, 4, 7)
         if opcode != CLOSE] + [close(1000, rsv=4), frame(EVIL[:5], fin=False) + frame(EVIL[5:], CONTINUATION, rsv=4)],
        says(1002)),
    row("B4", "an opcode that is not defined",
        [frame(payload, opcode) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15) for payload in (b"", EVIL)],
        says(1002)),
    row("B5", "a fragmented control frame",
        [frame(b"", PING, fin=False), frame(b"a", PONG, fin=False), frame(b"\x03\xe8", CLOSE, fin=False),
         frame(b"a", PING, fin=False) + frame(b"b", CONTINUATION)], says(1002)),
    row("B6", "a control frame of more than 125 bytes",
        [frame(b"a" * 126, PING), frame(b"a" * 126, PONG), frame(b"\x03\xe8" + b"a" * 124, CLOSE),
         frame(b"a" * 65536, PING), frame(b"", PING, announced=126, form=16),
         frame(b"", PING, announced=2 ** 40, form=64)],
        says(1002)),
    row("B7", "a length in a longer form than it needs",
        [frame(EVIL, form=16), frame(EVIL, form=64), frame(b"", form=16), frame(b"", PING, form=16),
         frame(b"ab", CLOSE, form=64),
         frame(b"a" * 125, form=16), frame(b"a" * 126, form=64), frame(b"a" * 65535, form=64)],
        says(1002)),
    row("B8", "a length with its top bit set",
        [frame(b"", announced=2 ** 63), frame(b"", BINARY, announced=2 ** 64 - 1), frame(b"abc", announced=2 ** 63 + 3),
         frame(EVIL[:3], fin=False) + frame(b"", CONTINUATION, announced=2 ** 63)], says(1002)),
    row("B9a", "a huge length, announced only",
        [frame(b"", announced=size, form=64) for size in (2 ** 62, 2 ** 63 - 1, 2 ** 32, 2 ** 32 + 1, LIMIT + 1)] +
        [frame(b"{", announced=2 ** 32), frame(b"{", BINARY, announced=2 ** 40),
         frame(b"{", fin=False) + frame(b"", CONTINUATION, announced=2 ** 62)], announced_only, alone=True),
    row("B9b", "messages that are announced and hardly arrive", [LIMIT], announced_and_trickled, alone=True),
    row("B10", "fragments out of order",
        [frame(EVIL, CONTINUATION), frame(EVIL, CONTINUATION, fin=False), frame(b"", CONTINUATION),
         frame(EVIL[:5], fin=False) + frame(EVIL), frame(EVIL[:5], fin=False) + frame(EVIL, BINARY),
         frame(b"", fin=False) + frame(EVIL)], says(1002)),
    row("B10b", "the same with a ping between", [frame(EVIL[:5], fin=False) + frame(b"", PING) + frame(EVIL)],
        says((PONG, b""), 1002)),
    row("B11a", "text that is not UTF-8", [frame(evil_text(bad)) for bad in bad_utf8()], says(1007)),
    row("B11b", "the same across fragments",
        [b"".join(in_fragments(evil_text(bad), evil_text(bad).index(bad) + at)) for bad in bad_utf8()
         for at in range(1, len(bad))], says(1007)),
    row("B11c", "the same across reads",
        [cut_at(frame(evil_text(bad)), len(frame(evil_text(bad))) - 3) for bad in bad_utf8()[1:8]], says(1007)),
    row("B11d", "text that ends inside a code point",
        [frame(MUST_NOT_ARRIVE + bad) for bad in (b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xf0")] +
        [frame(EVIL + b"\xe2", fin=False) + frame(b"\x82", CONTINUATION),
         frame(b"\xe2\x82", fin=False) + frame(b"", CONTINUATION)],
        says(1007)),
    row("B11e", "a bad byte is told at once, before the frame or the message ends",
        [frame(evil_text(bad), announced=60_000)
         for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0", b"\xf4\x90", b"\xe0\x9f", b"\xf0\x8f")] +
        [frame(evil_text(b"\xff"), fin=False), frame(EVIL[:20], fin=False) + frame(b"\x80", CONTINUATION, fin=False)],
        says(1007, within=2)),
    row("B12a", "code points of every length", [text_with(good.encode()) for good in good_utf8()], echoes(frame)),
    row("B12b", "code points cut across fragments", [text_with(good.encode()) for good in good_utf8()],
        echoes(lambda text: pieces(text, 1))),
    row("B12c", "code points cut across reads", [text_with(good.encode()) for good in good_utf8()],
        echoes(lambda text: cut_at(frame(text), *range(6 + 36, 6 + 36 + len(text) - 38)))),
    row("B13a", "a message that never ends, before and behind its routing key",
        [forever(frame(b'{"d":"' + b"x" * 4096, fin=False), frame(b"x" * 4096, CONTINUATION, fin=False), 400),
         forever(frame(b'{"d":"', fin=False), frame(b"x" * 16384, CONTINUATION, fin=False), 400),
         forever(frame(GOOD[:-1] + b',"d":"', fin=False), frame(b"x" * 16384, CONTINUATION, fin=False), 100),
         forever(frame(GOOD[:-1] + b',"d":"', fin=False),
                 frame(b"", PONG) + frame(b"x" * 65536, CONTINUATION, fin=False), 40)],
        says(1009)),
    row("B13b", "a bad message that never ends",
        [forever(frame(b"{" * 4096, fin=False), frame(b"x" * 4096, CONTINUATION, fin=False), 400)],
        says(error("PARSE_ERROR", seq=1), 1009)),
    row("B13c", "a binary message that never ends",
        [forever(frame(b"", BINARY, fin=False), frame(b"x" * 65536, CONTINUATION, fin=False), 40)],
        says(error("UNSUPPORTED_TYPE", seq=1), 1009)),
    row("B14a", "1,025 empty frames in a message",
        [frame(b"", fin=False) + frame(b"", CONTINUATION, fin=False) * 1024,
         frame(b"{", fin=False) + frame(b"", CONTINUATION, fin=False) * 1025,
         forever(frame(b"", BINARY, fin=False), frame(b"", CONTINUATION, fin=False) * 1000, 1000)], says(1008)),
    row("B14b", "1,023 empty frames in a message",
        [frame(b"", fin=False) + frame(b"", CONTINUATION, fin=False) * 1022 + frame(GOOD, CONTINUATION),
         frame(GOOD[:1], fin=False) + frame(b"", CONTINUATION, fin=False) * 1023 + frame(GOOD[1:], CONTINUATION)],
        says(ECHO)),
    row("B14c", "65,536 frames in a message", [message_of(65_536)],
        echoes(lambda text: pieces(text, 1)), alone=True),
    row("B14d", "65,537 frames in a message", [pieces(message_of(65_537), 1)], says(1008), alone=True),
    row("B16a", "pings are answered, each of them",
        [b"".join(frame(str(number).encode(), PING) for number in range(100))],
        says(*[(PONG, str(number).encode()) for number in range(100)])),
    row("B16b", "pings of a client that does not read", [400], last_ping_is_answered, alone=True),
    row("B16c", "700 pings, or pongs, at once", [PING, PONG], ping_flood),
    row("B17", "pongs that nobody asked for",
        [frame(b"p" * 125, PONG) * 400 + frame(GOOD), frame(b"", PONG) * 50 + frame(GOOD)], says(ECHO)),
    row("B18", "a pong with another payload than any ping's", [frame(b"never sent", PONG) + frame(GOOD)], says(ECHO)),
    row("B19", "a ping between fragments",
        [[frame(GOOD[:7], fin=False) + frame(b"inside", PING), frame(GOOD[7:], CONTINUATION)],
         [frame(b"", fin=False) + frame(b"inside", PING), frame(GOOD, CONTINUATION)],
         [frame(GOOD, fin=False) + frame(b"inside", PING), frame(b"", CONTINUATION)]], pong_inside),
    row("B20a", "a Close with a code that must not be sent",
        [close(code) for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)] +
        [frame(b"\x03", CLOSE), frame(b"a", CLOSE)], says(1002)),
    row("B20b", "a Close whose reason is not UTF-8",
        [close(1000, bad) for bad in bad_utf8()[:6]] + [close(1000, b"a" * 120 + b"\xe2\x82")], says(1007)),
    row("B20c", "a Close as it should be",
        [(close(code, reason), code) for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014,
                                                  3000, 3999, 4000, 4999)
         for reason in (b"", "auf Wiedersehen ☃".encode())] +
        [(close(1000, b"r" * 123), 1000), (frame(b"", CLOSE), 1005)],
        closes_with),
    row("B20d", "1010, which a client may send and a server may not", [close(1010), close(1010, b"why")], says(1005)),
    row("B21", "frames behind a Close",
        [BYE + frame(EVIL), BYE + frame(EVIL) * 100, BYE + b"\xff" * 1000, BYE + frame(b"", PING) + frame(EVIL),
         BYE + BYE],
        says(1000)),
    row("B22", "both sides close at once",
        [frame(b"", 3) + BYE, frame(b"", key=None) + BYE, frame(b"", rsv=1) + BYE * 3], exactly_one_close(1002)),
    row("B23", "a client that neither answers a Close nor leaves", [frame(b"", 3)], never_answers_close),
    row("B24a", "a FIN without a Close behind whole messages",
        [lambda last: [frame(last)], lambda last: in_fragments(last, 5, 6)],
        gone(arrives=True)),
    row("B24b", "a FIN inside a message",
        [lambda last: [frame(last)[:-1]], lambda last: [frame(last, fin=False)],
         lambda last: [frame(last, announced=len(last) + 1)]],
        gone(arrives=False)),
    row("B25", "a RST inside a frame",
        [lambda last: [frame(last)[:-1]], lambda last: [frame(last, fin=False)], lambda last: [frame(last)[:3]],
         lambda last: [frame(last, announced=200_000) + b"x" * 100_000]], gone(arrives=False, reset=True)),
    row("B26a", "a talk cut at every byte", [TALK], every_cut, alone=True),
    row("B26b", "bad frames cut at every byte",
        [(frame(EVIL[:30], rsv=2), [1002]), (frame(b"x" * 20 + b"\xff"), [1007]), (close(1005), [1002]),
         (frame(b"", announced=LIMIT + 1, form=64), [1009])], every_cut, alone=True),
    row("B26c", "a talk in single bytes", [TALK], byte_by_byte),
    row("B27", "a mask of zeros, of ones, of one byte",
        [frame(GOOD, key=key) for key in (bytes(4), b"\xff" * 4, b"a" * 4)],
        says(ECHO)),
    row("B27b", "the same mask again and again", [frame(GOOD, key=b"same") * 3], says(ECHO, ECHO, ECHO)),
    row("B29a", "a compressed frame that nobody agreed on",
        [frame(b"\xf2\x48\xcd\xc9\xc9\x07\x00", rsv=4), frame(b"\xf2\x48", BINARY, rsv=4),
         frame(b"\x00", PING, rsv=4)], says(1002)),
    row("B31a", "a message of the limit",
        [frame(message_of(LIMIT)), pieces(message_of(LIMIT), 4096), pieces(message_of(LIMIT), LIMIT - 1)],
        says((TEXT, message_of(LIMIT)))),
    row("B31b", "a message of the limit and a byte",
        [frame(message_of(LIMIT + 1)), pieces(message_of(LIMIT + 1), 65536), pieces(message_of(LIMIT + 1), LIMIT),
         frame(b"b" * (LIMIT + 1), BINARY)], says(1009)),
    row("B32", "binary where no rule takes it",
        [frame(b"", BINARY), frame(EVIL, BINARY), frame(bytes(range(256)), BINARY), pieces(b"b" * 1000, 100, BINARY),
         frame(b"b" * 300_000, BINARY)], says(error("UNSUPPORTED_TYPE", seq=1, sent=False))),
    row("B35", "connections that end as soon as they are open", [scaled(1000, 200)], churn, alone=True),
    row("Bx", f"random frames that are wrong, seed {SEED}", list(random_frames(60)), says(1002)),
]


def deflated(data, level=9, strategy=zlib.Z_DEFAULT_STRATEGY):
    """The payload of a compressed message (RFC 7692 section 7.2.1)."""
    to = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    whole = to.compress(data) + to.flush(zlib.Z_SYNC_FLUSH)
    return whole[:-4]


def packed(data, opcode=TEXT, **options):
    return frame(deflated(data, **options), opcode, rsv=4)


def packed_pieces(data, size, opcode=TEXT):
    payload = deflated(data)
    return b"".join(frame(payload[at:at + size], CONTINUATION if at else opcode, rsv=0 if at else 4,
                          fin=at + size >= len(payload)) for at in range(0, len(payload), size))


def refers_back():
    """A message that looks back at the one before it, as if contexts were taken over."""
    to = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    to.compress(EVIL)
    to.flush(zlib.Z_SYNC_FLUSH)
    return frame((to.compress(EVIL) + to.flush(zlib.Z_SYNC_FLUSH))[:-4], rsv=4)


DEFLATE_LISTENER = 'compression = "on"'
DEFLATE_HEADERS = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
BOMB = b"\0" * (10 * LIMIT)
DEFLATE_ROWS = [
    row("B28a", "messages that inflate to more than the limit, in one frame and in many",
        [packed(BOMB, BINARY), packed(message_of(LIMIT + 1)), packed(message_of(10 * LIMIT)),
         packed_pieces(BOMB, 1000, BINARY), packed_pieces(message_of(10 * LIMIT), 97), packed(BOMB, BINARY, level=1),
         packed(BOMB[:LIMIT + 1], BINARY, level=0)],
        says(1009)),
    row("B28b", "a message that inflates to the limit",
        [packed(message_of(LIMIT)), packed_pieces(message_of(LIMIT), 100), packed(message_of(LIMIT), level=0)],
        says((TEXT, message_of(LIMIT)))),
    row("B29b", "a reserved bit where none may be",
        [frame(b"", PING, rsv=4), frame(b"", PONG, rsv=4), close(1000, rsv=4), frame(deflated(EVIL), rsv=6),
         frame(deflated(EVIL)[:5], fin=False, rsv=4) + frame(deflated(EVIL)[5:], CONTINUATION, rsv=4),
         frame(EVIL[:5], fin=False) + frame(EVIL[5:], CONTINUATION, rsv=4)],
        says(1002)),
    row("B29c", "compressed data that are corrupt, end too early, or are no UTF-8",
        [frame(b"", rsv=4), frame(b"\xff", rsv=4), frame(EVIL, rsv=4), frame(deflated(EVIL)[:-3], rsv=4),
         frame(deflated(EVIL) + b"\x06", rsv=4), frame(zlib.compress(EVIL), rsv=4),
         *(packed(evil_text(bad)) for bad in bad_utf8())],
        says(1007)),
    row("B29d", "a message that looks back at the one before it", [refers_back()], says(1007)),
    row("B29e", "compressed messages of every kind",
        [packed(GOOD, level=0), packed(GOOD, strategy=zlib.Z_FIXED), packed(GOOD, strategy=zlib.Z_HUFFMAN_ONLY),
         packed_pieces(GOOD, 1), frame(GOOD), packed_pieces(GOOD, 7)], says(ECHO)),
]


LIFE_TABLES = ['[session]\nping_interval = "200ms"\npong_timeout = "400ms"']
LIFE_ROWS = [
    row("B36a", "a client that shows no life", [b"", frame(GOOD[:9], fin=False), frame(GOOD, announced=1000)[:20]],
        shows_no_life),
    row("B36b", "a client that answers pings, or says anything else",
        [lambda ping: frame(ping, PONG), lambda ping: frame(b"other", PONG), lambda ping: frame(b"", PING),
         lambda ping: frame(GOOD), lambda ping: frame(b"bad")], lives),
]
STALL_TABLES = ['[session]\nqueue = { high = "256KiB", low = "64KiB", stall = "1s" }']
STALL_ROWS = [
    row("B33a", "a client that drains nothing", [16], drains_nothing),
    row("B33b", "a client that drains slowly", [16], drains_slowly),
]


NOT_BUILT = [
    ("B15", "frames are not rated: there is no token bucket"),
    ("B30", "compressed messages are not rated: there is no token bucket"),
]
