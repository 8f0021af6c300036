"""Scripts of table E: what an upstream does to a connection of the gateway."""
import asyncio
import contextlib

from attacks.table import wrong
from lib.wire import TEXT, frame

GOOD_101 = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
           b"Sec-WebSocket-Accept: ACCEPT\r\n"


def named(text):
    def name(script):
        script.told = text
        return script
    return name


def answers(head, then=None):
    """Answers the handshake with this head; ACCEPT stands for the right key."""
    @named(f"answers {head[:80]!r}")
    async def script(connection):
        await connection.read_head()
        await connection.send_bytes(head.replace(b"ACCEPT", connection.good_accept()))
        if then:
            await connection.send_bytes(then)
        await connection.until_end()
    return script


def status(line, *lines):
    return answers(b"\r\n".join([b"HTTP/1.1 " + line, *lines, b"Content-Length: 0", b"", b""]))


def pours(head, part, most):
    """Answers without an end, until the gateway has had enough."""
    @named(f"answers {head[:40]!r} and up to {most} times {part[:30]!r}")
    async def script(connection):
        await connection.read_head()
        connection.write(head)
        with contextlib.suppress(ConnectionError):
            for _ in range(most):
                await connection.send_bytes(part)
            raise wrong(f"the gateway read all of {most} times {len(part)} bytes")
    return script


async def silent(connection):
    await connection.until_end()


async def silent_behind_the_head(connection):
    await connection.read_head()
    await connection.until_end()


async def silent_inside_its_head(connection):
    await connection.read_head()
    await connection.send_bytes(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: web")
    await connection.until_end()


async def trickles(connection):
    """A byte now and then: every byte is a sign of life, and yet the head must be in time."""
    await connection.read_head()
    gone = asyncio.ensure_future(connection.reader.read())
    for byte in GOOD_101 * 100:
        connection.write(bytes([byte]))
        await asyncio.wait({gone}, timeout=0.05)
        if gone.done():
            gone.exception()  # a reset is as good an end as any
            return
    raise wrong("the gateway read a whole head at this pace")


async def hangs_up(connection):
    await connection.read_head()


async def resets(connection):
    await connection.read_head()
    connection.reset()


def talks(*parts, sees=None, then="wait"):
    """Takes the first message, writes the parts, and waits for the gateway's Close, which must have the code `sees`.
    `then`: how it leaves."""
    @named(f"writes {[part[:40] for part in parts]}, then {then}")
    async def script(connection):
        await connection.accept()
        await connection.next()
        for part in parts:
            await connection.send_bytes(part)
        if then == "reset":
            connection.reset()
        elif then == "half-close":
            connection.writer.write_eof()
            await connection.until_end()
        elif then == "wait":
            code = await connection.until_close()
            if sees is not None and code != sees:
                raise wrong(f"the gateway's Close had the code {code}, not {sees}")
            await connection.until_end()
    return script


def server(payload=b"", opcode=TEXT, **options):
    return frame(payload, opcode, **{"key": None, **options})
