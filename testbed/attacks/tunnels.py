"""Table E10: pass-through, one client to one upstream, with everything that either of them may do to it."""
from attacks.http import handshake, refused
from attacks.table import read_end, read_expected, row, say_goodbye, wrong
from attacks.upstream_scripts import answers, named, server, silent, status, talks
from attacks.upstreams import bad_frames, bad_heads
from attacks.world import stage
from lib.wire import BINARY, CLOSE, PING, PONG, TEXT, close, frame, pieces

MAY_PASS = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)


def through(scene):
    return handshake(line=f"GET {scene.path} HTTP/1.1")


def tunnel(script, *expected, **settings):
    return stage(script, expected=expected, tunnel=True, **settings)


class refused_with:
    """Before the 101 an upstream's refusal, or what keeps us from it, is HTTP."""

    def __init__(self, *statuses):
        self.statuses = statuses

    async def __call__(self, world, scene):
        await refused(*(self.statuses or scene.expected))(world, through(scene))
        await scene.is_over()


async def hears(world, scene):
    """The client says `begin` and gets what the stage expects; a number at the end is the code of the Close."""
    async with world.client(path=scene.path) as client:
        await client.send_bytes(frame(b"begin"))
        await read_expected(client, scene.expected)
        if isinstance(scene.expected[-1], int) or scene.expected[-1][0] == CLOSE:
            await client.send_bytes(frame(scene.expected[-1][1] if not isinstance(scene.expected[-1], int) else b"",
                                          CLOSE))
            await read_end(client)
        else:
            await say_goodbye(client)
    await scene.is_over()


@named("keeps what it hears, and answers a Close with the same")
async def listens(connection):
    await connection.accept()
    connection.heard = []
    while not connection.heard or connection.heard[-1][0] != CLOSE:
        connection.heard.append(await connection.next())
    await connection.send_bytes(server(connection.heard[-1][1], CLOSE))
    await connection.until_end()


class heard:
    """What the client sends arrives at the upstream like this, and nothing else does."""

    def __init__(self, *frames_and_what_arrives):
        self.frames, self.arrives = zip(*frames_and_what_arrives)

    async def __call__(self, world, scene):
        async with world.client(path=scene.path) as client:
            await client.send_bytes(b"".join(self.frames))
            while (await client.next())[0] != CLOSE:
                pass
        await scene.is_over()
        connection, = scene.connections()
        if connection.heard != list(self.arrives):
            raise wrong(f"{connection.heard} arrived, not {self.arrives}")


def client_closes(code, reason=b""):
    payload = close(code, reason, key=None)[2:]
    return row(f"E10g{code}", f"a client's Close {code}", [tunnel(listens)],
               heard((close(code, reason), (CLOSE, payload))))


async def early_frames(world, scene):
    """What stands behind the handshake waits for the 101."""
    async with world.client(handshake=False) as client:
        await client.send_bytes(through(scene) + frame(b"begin"))
        head = await client.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise wrong(f"expected a 101, got {head!r}")
        await read_expected(client, scene.expected)
        await say_goodbye(client)
    await scene.is_over()


async def client_goes(world, scene):
    """The client hangs up: the upstream gets a Close 1001."""
    async with world.client(path=scene.path) as client:
        client.cut()
        await scene.is_over()
    code = scene.connections()[0].heard[-1][1]
    if code[:2] != (1001).to_bytes(2, "big"):
        raise wrong(f"the upstream's Close was {code!r}")


ROWS = [
    row("E10a", "the upstream refuses",
        [tunnel(status(line), int(line[:3]))
         for line in (b"401 Unauthorized", b"403 Forbidden", b"404 Not Found", b"429 Slow", b"500 Oops",
                      b"503 Later")], refused_with()),
    row("E10b", "the upstream cannot be reached, or answers no handshake",
        [stage(None, tunnel=True), *[tunnel(answers(head)) for head in bad_heads()]], refused_with(502)),
    row("E10c", "the upstream says nothing",
        [tunnel(silent, connect_timeout="500ms", handshake_timeout="400ms", open_timeout="1s")], refused_with(504)),
    row("E10d", "messages and pings of the upstream",
        [tunnel(talks(server(payload, opcode)), (opcode, payload)) for opcode in (TEXT, BINARY, PING)
         for payload in (b"", b"said", b"x" * 125)] +
        [tunnel(talks(pieces(b"x" * 300_000, 1000, key=None)), (TEXT, b"x" * 300_000))], hears),
    row("E10e", "a Close of the upstream reaches the client, code and reason",
        [tunnel(talks(close(code, b"why", key=None)), (CLOSE, code.to_bytes(2, "big") + b"why")) for code in MAY_PASS] +
        [tunnel(talks(server(b"", CLOSE)), (CLOSE, b""))], hears),
    row("E10f", "the upstream vanishes", [tunnel(talks(then=how), 1014) for how in ("reset", "leave")], hears),
    row("E10h", "frames that the upstream must not send",
        [tunnel(talks(data), 1002) for data, code in bad_frames() if code == 1002],
        hears),
    row("E10i", "what a client says", [tunnel(listens)],
        heard((frame(b"text"), (TEXT, b"text")), (frame(b"\xff", BINARY), (BINARY, b"\xff")),
              (frame(b"p", PING), (PING, b"p")),
              (frame(b"q", PONG), (PONG, b"q")), (close(1000, b"bye"), (CLOSE, b"\x03\xe8bye")))),
    *[client_closes(code, b"why") for code in (*MAY_PASS, 1010)],
    row("E10j", "frames behind the handshake", [tunnel(talks(server(b"answer")), (TEXT, b"answer"))], early_frames),
    row("E10k", "the client hangs up", [tunnel(listens)], client_goes),
]
