"""WebSocket frames as bytes, the illegal ones too, and a reader that takes only legal ones."""
import struct

from lib.story import untrue

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = b"\x5a\x0f\xc3\x91"


def masked(payload, key):
    """The payload masked, or unmasked, with a key of four bytes."""
    size = len(payload)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def frame(payload=b"", opcode=TEXT, *, fin=True, rsv=0, key=KEY, form=None, announced=None):
    """A frame. `key` None: not masked. `form`: bits of the length field, 7, 16 or 64. `announced`: another length than
    that of the payload."""
    size = len(payload) if announced is None else announced
    form = form or (7 if size < 126 else 16 if size < 65536 else 64)
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    mark = 0x80 if key is not None else 0
    if form == 7:
        head = struct.pack("!BB", first, mark | size)
    elif form == 16:
        head = struct.pack("!BBH", first, mark | 126, size)
    else:
        head = struct.pack("!BBQ", first, mark | 127, size)
    return head + (payload if key is None else key + masked(payload, key))


def close(code=1000, reason=b"", **options):
    return frame(struct.pack("!H", code) + reason, CLOSE, **options)


def pieces(payload, size, opcode=TEXT, **options):
    """A message in fragments of `size` bytes, as one string of bytes."""
    cuts = range(0, max(len(payload), 1), size)
    return b"".join(frame(payload[at:at + size], CONTINUATION if at else opcode, fin=at + size >= len(payload),
                          **options) for at in cuts)


async def read_frame(reader, from_client=False):
    """(opcode, fin, payload) of the next frame, which must be legal for its sender."""
    first, second = await reader.readexactly(2)
    opcode, size = first & 0x0F, second & 0x7F
    if first & 0x70 or bool(second & 0x80) != from_client or opcode not in (0, 1, 2, 8, 9, 10):
        raise untrue(f"the gateway sends legal frames; one began with {first:02x} {second:02x}")
    if opcode >= 8 and (size > 125 or not first & 0x80):
        raise untrue(f"the gateway sends legal control frames; one began with {first:02x} {second:02x}")
    if size >= 126:
        wide = size == 127
        size = int.from_bytes(await reader.readexactly(8 if wide else 2), "big")
        if size < (65536 if wide else 126):
            raise untrue(f"the gateway sends lengths in their shortest form; {size} was not")
    key = await reader.readexactly(4) if from_client else None
    payload = await reader.readexactly(size)
    return opcode, bool(first & 0x80), masked(payload, key) if key else payload


class message_reader:
    """Puts messages together from frames and watches the rules for fragments."""

    def __init__(self, reader, from_client=False):
        self._reader, self._from_client = reader, from_client
        self._opcode, self._parts = None, []

    async def next(self):
        """(opcode, payload) of the next whole message or control frame."""
        while True:
            opcode, fin, payload = await read_frame(self._reader, self._from_client)
            if opcode >= CLOSE:
                return opcode, payload
            if (opcode == CONTINUATION) != (self._opcode is not None):
                raise untrue(f"the gateway sends fragments in order; opcode {opcode} came out of it")
            self._opcode = opcode or self._opcode
            self._parts.append(payload)
            if fin:
                whole = self._opcode, b"".join(self._parts)
                self._opcode, self._parts = None, []
                return whole


def code_of(payload):
    """The code of a Close's payload; 1005 if it has none."""
    return int.from_bytes(payload[:2], "big") if payload else 1005
