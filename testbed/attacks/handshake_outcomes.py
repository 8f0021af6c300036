"""Outcomes of table A that take more than one request and its answer."""
import asyncio
import contextlib

from attacks.http import answer, handshake, refused, upgrades
from attacks.table import say_goodbye, wrong
from attacks.world import message
from lib.story import patience, scaled, until
from lib.wire import frame

IMPATIENT = 2  # the listener with a short deadline
DEADLINE = 1.0  # seconds, of the impatient listener
CAPACITY = 4  # sessions, the neighbour's included


async def frames_behind(world, count):
    """Bytes behind the handshake, before the 101, are the session's first frames."""
    texts = [message(f"early-{number}") for number in range(count)]
    async with world.client(handshake=False) as client:
        await client.send_bytes(handshake(behind=b"".join(map(frame, texts))))
        head = await client.reader.readuntil(b"\r\n\r\n")
        if answer(head).status != 101:
            raise wrong(f"expected a 101, got {head!r}")
        for text in texts:
            if (seen := await client.next()) != (1, text):
                raise wrong(f"expected {text!r}, got {seen!r}")


async def no_frames_behind(world, sent):
    """What stands behind the handshake and is no frame, fails the session."""
    async with world.client(handshake=False) as client:
        await client.send_bytes(sent)
        if answer(await client.reader.readuntil(b"\r\n\r\n")).status != 101:
            raise wrong("expected a 101")
        opcode, payload = await client.next()
        if (opcode, payload[:2]) != (8, b"\x03\xea"):
            raise wrong(f"expected a Close 1002, got {opcode}, {payload!r}")


@contextlib.asynccontextmanager
async def begun_heads(world, at):
    """A coroutine function that begins a head on so many sockets more; and all these sockets."""
    opened = []

    async def begin(many):
        clients = [world.client(at, handshake=False) for _ in range(many)]
        opened.extend(await asyncio.gather(*[client.__aenter__() for client in clients]))
        for client in opened[-many:]:
            client.writer.write(handshake()[:1])
        for client in opened[-many:]:
            await client.was_read()
    try:
        yield begin, opened
    finally:
        for client in opened:
            client.cut()


async def slow_heads(world, count):
    """So many sockets send their head a byte at a time: all are told 408 at the deadline."""
    head = handshake()
    async with begun_heads(world, IMPATIENT) as (begin, opened):
        await begin(count)
        answers = [asyncio.ensure_future(client.reader.read()) for client in opened]
        for at in range(1, len(head) // 2):
            for client, seen in zip(opened, answers):
                if not seen.done():
                    client.writer.write(head[at:at + 1])
            _, waiting = await asyncio.wait(answers, timeout=DEADLINE / 10)
            if not waiting:
                break
        told = [one.result() if one.done() and not one.exception() else b"" for one in answers]
        others = [one for one in told if not one.startswith(b"HTTP/1.1 408 ")]
        if others:
            raise wrong(f"{len(others)} of {len(told)} were not told 408, but {others[:2]}")


async def cheap_heads(world, count):
    """A head that has begun costs less than 10 KB; the first ones pay for what a process touches only once."""
    async with begun_heads(world, 0) as (begin, _):
        await begin(200)
        before = world.gateway.rss()
        await begin(count)
        cost = (world.gateway.rss() - before) / count
        if cost > scaled(10, 100) * 1024:
            raise wrong(f"each of them costs {cost:.0f} bytes")


async def silent_connects(world, count):
    """So many sockets send nothing at all: closed at the deadline."""
    clients = [world.client(IMPATIENT, handshake=False) for _ in range(count)]
    opened = await asyncio.gather(*[client.__aenter__() for client in clients])
    try:
        await asyncio.wait_for(asyncio.gather(*[client.reader.read() for client in opened]), patience(5))
    except asyncio.TimeoutError:
        raise wrong("not all of them were closed") from None
    finally:
        for client in opened:
            client.cut()


async def pipelined(world, sent):
    """Whoever pipelines requests without reading gets one answer."""
    async with world.client(handshake=False) as client:
        writing = asyncio.ensure_future(client.send_bytes(sent))
        await asyncio.wait({writing}, timeout=DEADLINE)
        try:
            seen = await asyncio.wait_for(client.reader.read(1024 * 1024), patience(5))
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        if seen.count(b"HTTP/1.1 ") != 1 or not seen.startswith(b"HTTP/1.1 426 "):
            raise wrong(f"expected one 426, got {seen[:300]!r}, {len(seen)} bytes")


async def capacity(world, status):
    """Beyond the limit a handshake is refused with a time to come back; when a session goes there is room again."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(world.client()) for _ in range(CAPACITY - 1)]
        for _ in range(20):
            await refused(status, needs={"retry-after": "1"})(world, handshake())
        for client in clients:
            await world.works(client)
        await say_goodbye(clients[0])
        clients[0].writer.close()
        await until("there is room again", lambda: not clients[0].is_held(), patience(5))
        await upgrades()(world, handshake())
