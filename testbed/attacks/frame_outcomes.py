"""Outcomes of table B that take more than sending and reading: cuts, floods, ends, and what things cost."""
import asyncio

from attacks.table import read_end, read_expected, say_goodbye, says, wrong
from attacks.world import message, message_of
from lib.story import patience, scaled, until
from lib.wire import CLOSE, PING, PONG, TEXT, close, frame, message_reader

MIB = 1024 * 1024
GOOD = message("good")
ECHO = (TEXT, GOOD)


def cut_at(data, *places):
    """A list of parts, each of which the gateway reads on its own."""
    edges = [0, *places, len(data)]
    return [data[begin:end] for begin, end in zip(edges, edges[1:])]


class echoes:
    """A text, sent as `as_frames` writes it, comes back."""

    def __init__(self, as_frames):
        self.as_frames = as_frames

    async def __call__(self, world, text):
        await says((TEXT, text))(world, self.as_frames(text))


async def closes_with(world, sent):
    """A Close is answered with the same code."""
    data, code = sent
    await says(code)(world, data)


async def ping_flood(world, opcode):
    """More than 500 control frames at once, or more than 100 a second for 5 s, end the session; not the 500 before."""
    count = 700
    async with world.client() as client:
        await client.send_bytes(b"".join(frame(b"%d" % number, opcode) for number in range(count)))
        pongs = 0
        while (seen := await client.next())[0] == PONG:
            if seen[1] != b"%d" % pongs:
                raise wrong(f"pong {seen[1]!r} came for ping {pongs}")
            pongs += 1
        if (seen[0], seen[1][:2]) != (CLOSE, (4029).to_bytes(2, "big")):
            raise wrong(f"expected a Close 4029, got {seen}")
        await read_end(client)
    if opcode == PING and not 500 <= pongs < count:
        raise wrong(f"{pongs} of {count} pings were answered")


async def last_ping_is_answered(world, count):
    """Pings of a client that does not read cost nothing: pongs may be left out, but not the last, and come in order."""
    big = message_of(MIB)
    async with world.client(receive_buffer=4096) as client:
        rss = world.gateway.rss()
        sending = asyncio.ensure_future(client.send_bytes(
            frame(big) * 6 + b"".join(frame(b"%d" % number, PING) for number in range(count))))
        await asyncio.wait({sending}, timeout=0.5)
        grown = world.gateway.rss() - rss
        if grown > scaled(16, 64) * MIB:
            raise wrong(f"the gateway grew by {grown} bytes")
        echoes_seen, last = 0, -1
        while echoes_seen < 6 or last < count - 1:
            opcode, payload = await client.next()
            if opcode == PONG and int(payload) > last:
                last = int(payload)
            elif (opcode, payload) == (TEXT, big):
                echoes_seen += 1
            else:
                raise wrong(f"{opcode}, {payload[:60]!r} came behind {echoes_seen} echoes and pong {last}")
        await sending
        await say_goodbye(client)


async def announced_only(world, sent):
    """A huge length is refused at the header, and nothing is allocated for it."""
    rss = world.gateway.rss()
    async with world.client() as client:
        await client.send_bytes(sent)
        await read_expected(client, [1009])
        await read_end(client)
    grown = world.gateway.rss() - rss
    if grown > scaled(8, 64) * MIB:
        raise wrong(f"the gateway grew by {grown} bytes")


async def announced_and_trickled(world, size):
    """Of a message just below the limit a byte at a time arrives: only what arrived is held."""
    rss = world.gateway.rss()
    clients = [world.client() for _ in range(50)]
    opened = [await client.__aenter__() for client in clients]
    try:
        for client in opened:
            await client.send_bytes(frame(b"{", announced=size))
        for _ in range(20):
            for client in opened:
                await client.send_bytes(b"x")
        for client in opened:
            await client.was_read()
        grown = world.gateway.rss() - rss
        if grown > scaled(10, 100) * MIB:
            raise wrong(f"50 announced messages of {size} bytes cost {grown} bytes")
    finally:
        for client in opened:
            client.cut()


async def pong_inside(world, sent):
    """The pong comes before the message ends."""
    async with world.client() as client:
        first, *rest = sent
        await client.send_bytes(first)
        await read_expected(client, [(PONG, b"inside")])
        for part in rest:
            await client.send_bytes(part)
        await read_expected(client, [ECHO])
        await say_goodbye(client)


async def finish(client, expected):
    """The end of a session that the gateway has closed, or not."""
    await (read_end if isinstance(expected[-1], int) else say_goodbye)(client)


async def every_cut(world, sent):
    """Cut at any byte, with the second part read later than the first, it means the same."""
    data, expected = sent
    for at in range(1, len(data)):
        async with world.client() as client:
            for part in cut_at(data, at):
                await client.send_bytes(part)
                await client.was_read()
            try:
                for one in expected:
                    await read_expected(client, [one])
            except wrong as why:
                raise wrong(f"cut at {at}: {why}") from None
            await finish(client, expected)


async def byte_by_byte(world, sent):
    """Each byte read on its own."""
    data, expected = sent
    async with world.client() as client:
        for at in range(len(data)):
            await client.send_bytes(data[at:at + 1])
            await client.was_read()
        await read_expected(client, expected)
        await finish(client, expected)


async def never_answers_close(world, sent):
    """The gateway waits 5 s for the end of a connection that it has closed, and no longer."""
    async with world.client() as client:
        await client.send_bytes(sent)
        await read_expected(client, [1002])
        started = asyncio.get_running_loop().time()
        while client.is_held():
            if asyncio.get_running_loop().time() - started > patience(8):
                raise wrong("it holds the connection for more than 8 s")
            # sleep: the interval between two looks at the kernel, whose changes cannot be awaited
            await asyncio.sleep(0.05)
        took = asyncio.get_running_loop().time() - started
        if took < 4:
            raise wrong(f"it waits {took:.1f} s only")


class gone:
    """The client sends this and ends the connection, with a FIN or a RST. What was complete arrives at the upstream."""

    def __init__(self, arrives, reset=False):
        self.arrives, self.reset = arrives, reset

    async def __call__(self, world, sent):
        async with world.client() as client:
            opening = await world.works(client)
            upstream = next(one for one in world.upstream.connections if opening in one.messages)
            last = message(f"last-words-{world.number()}")
            for part in sent(last):
                await client.send_bytes(part)
            await client.was_read()
            if self.reset:
                client.cut()
            else:
                client.writer.write_eof()
            async def left():
                while upstream.code is None:
                    # sleep: the interval between two looks at a connection whose script another task runs
                    await asyncio.sleep(0.005)
            try:
                await asyncio.wait_for(left(), patience(3))
            except asyncio.TimeoutError:
                raise wrong("the channel got no Close within 3 s") from None
            if upstream.code != 1001:
                raise wrong(f"the channel was closed with {upstream.code}, not 1001")
            if (last in upstream.messages) != self.arrives:
                raise wrong(f"the upstream got {upstream.messages}")


class exactly_one_close:
    """Whatever the client says at the end, the gateway sends one Close."""

    def __init__(self, code):
        self.code = code

    async def __call__(self, world, sent):
        async with world.client() as client:
            await client.send_bytes(sent)
            await read_expected(client, [self.code])
            await client.send_bytes(close(1000))
            await read_end(client)


def churn(world, count):
    async def one():
        async with world.client() as client:
            client.cut()
    return asyncio.gather(*[one() for _ in range(count)])


# --- with short deadlines ---


async def shows_no_life(world, sent):
    """A client that answers no ping is told so."""
    async with world.client() as client:
        await client.send_bytes(sent)
        while (seen := await client.next())[0] == PING:
            pass
        if (seen[0], seen[1][:2]) != (CLOSE, (3008).to_bytes(2, "big")):
            raise wrong(f"expected a Close 3008, got {seen}")
        await read_end(client)


async def lives(world, frame_of):
    """Any frame is life: five pings pass, and each is met with this."""
    async with world.client() as client:
        pings = 0
        while pings < 5:
            opcode, payload = await client.next()
            if opcode == PING:
                pings += 1
                await client.send_bytes(frame_of(payload))
            elif opcode == CLOSE:
                raise wrong(f"a Close {payload} came behind {pings} pings")
        await client.send_bytes(close())
        while (await client.next())[0] != CLOSE:
            pass


async def drains_nothing(world, count):
    """A client that takes nothing is given up with 4008."""
    async with world.client(receive_buffer=4096) as client:
        sending = asyncio.ensure_future(client.send_bytes(frame(message_of(MIB)) * count))
        try:
            def given_up():
                return any(line["code"] == 4008 for line in world.gateway.access("session_close"))
            await until("a session ends with 4008", given_up, patience(12))
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def drains_slowly(world, count):
    """A client that takes a little now and then stays, longer than it could stall, and gets everything."""
    big = message_of(MIB)
    async with world.client(receive_buffer=4096) as client:
        sending = asyncio.ensure_future(client.send_bytes(frame(big) * count))
        taken = asyncio.StreamReader(limit=2 * count * MIB)
        for _ in range(40):
            taken.feed_data(await client.reader.readexactly(4096))
            # sleep: the rate is the input
            await asyncio.sleep(0.05)

        async def take_the_rest():
            while data := await client.reader.read(65_536):
                taken.feed_data(data)
            taken.feed_eof()
        taking = asyncio.ensure_future(take_the_rest())
        messages = message_reader(taken)
        for number in range(count):
            if (seen := await messages.next()) != (TEXT, big):
                raise wrong(f"instead of echo {number} came {seen[0]}, {seen[1][:60]!r}")
        await sending
        await client.send_bytes(close())
        if (seen := await messages.next())[0] != CLOSE:
            raise wrong(f"a Close was expected, {seen[0]} came")
        await taking
