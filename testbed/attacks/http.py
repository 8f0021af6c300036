"""Raw HTTP/1.1 as a client writes it, and what the gateway may answer to it."""
import asyncio
import contextlib
import re

from attacks.table import shown, wrong
from attacks.world import ALLOWED_TO_UPSTREAMS
from lib.story import patience

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455 section 1.3
SMUGGLED = b"GET /ws/must-not-arrive HTTP/1.1\r\nHost: gw.test\r\n\r\n"


def ascii_of(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def handshake(*more, line="GET /ws HTTP/1.1", without=(), behind=b"", **changed):
    """A good handshake with further header lines, or without some, or with others' values (host=…, key=…)."""
    fields = {"Host": "gw.test", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
              "Sec-WebSocket-Version": "13"}
    names = {"host": "Host", "upgrade": "Upgrade", "connection": "Connection", "key": "Sec-WebSocket-Key",
             "version": "Sec-WebSocket-Version"}
    for short, value in changed.items():
        fields[names[short]] = value
    lines = [line, *[f"{name}: {value}" for name, value in fields.items() if name not in without], *more]
    return b"\r\n".join(map(ascii_of, lines)) + b"\r\n\r\n" + behind


def smuggling(*more, **options):
    """A handshake with these header lines and another request behind it, which nobody may ever see."""
    return handshake(*more, behind=options.pop("body", b"") + SMUGGLED, **options)


class answer:
    """The head of a response."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.fields = [(name.lower(), value.strip()) for name, _, value in (one.partition(":") for one in lines[1:-2])]

    def all(self, name):
        return [value for own, value in self.fields if own == name]


async def pour(client, data):
    """Writes as long as somebody reads."""
    with contextlib.suppress(ConnectionError):
        if isinstance(data, bytes):
            return await client.send_bytes(data)
        for part in data():
            await client.send_bytes(part)
    return None


class refused:
    """Exactly one response with one of these statuses, a problem+json, and the end of the connection."""

    def __init__(self, *statuses, needs=None, at=0, within=5):
        self.statuses, self.needs, self.at, self.within = statuses, needs or {}, at, patience(within)

    async def __call__(self, world, sent):
        async with world.client(self.at, handshake=False) as client:
            writing = asyncio.ensure_future(pour(client, sent))
            try:
                await asyncio.wait_for(self.judge(client), self.within)
            except asyncio.TimeoutError:
                raise wrong(f"no answer and end within {self.within} s") from None
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)

    async def judge(self, client):
        try:
            head = await client.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as why:
            raise wrong(f"expected {self.statuses}, but the connection ended behind {shown(why.partial)}") from None
        seen = answer(head)
        if seen.status not in self.statuses:
            raise wrong(f"expected {self.statuses}, got {shown(head)}")
        for name, value in self.needs.items():
            if seen.all(name) != [value] and (value or not seen.all(name)):
                raise wrong(f"{name}: {value!r} is missing in {head!r}")
        length = int(seen.all("content-length")[0])
        body = await client.reader.readexactly(length)
        if length and b'"status":%d' % seen.status not in body:
            raise wrong(f"the body does not say {seen.status}: {body!r}")
        with contextlib.suppress(ConnectionError):
            if behind := await client.reader.read(1000):
                raise wrong(f"behind the answer came {shown(behind)}")


class upgrades:
    """A 101 and a working session. `protocol` is what it must choose; `sees(head)` looks at the upstream's handshake,
    its fields as pairs, and returns what is wrong with it."""

    def __init__(self, protocol=None, sees=None, at=0):
        self.protocol, self.sees, self.at = protocol, sees, at

    async def __call__(self, world, sent):
        async with world.client(self.at, handshake=False) as client:
            await client.send_bytes(sent)
            await self.judge(world, client)

    async def judge(self, world, client):
        try:
            head = await client.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as why:
            raise wrong(f"expected a 101, but the connection ended behind {shown(why.partial)}") from None
        seen = answer(head)
        if seen.status != 101 or seen.all("sec-websocket-accept") != [ACCEPT]:
            raise wrong(f"expected a good 101, got {shown(head)}")
        protocols = [self.protocol] if self.protocol else []
        if seen.all("sec-websocket-extensions") or seen.all("sec-websocket-protocol") != protocols:
            raise wrong(f"it negotiates what it should not: {head!r}")
        text = await world.works(client)
        upstream = next(one for one in world.upstream.connections if text in one.messages)
        target, fields = judge_upstream_head(upstream.head, world.upstream.address, KEY)
        if self.sees and (why := self.sees(target, fields)):
            raise wrong(f"{why}: the upstream got {upstream.head!r}")
        await client.send_bytes(b"\x88\x80\0\0\0\0")
        if (last := await client.next()) != (8, b""):
            raise wrong(f"an empty Close was expected, {last!r} came")


def judge_upstream_head(head, instance, clients_key):
    """The gateway writes handshakes of its own. Target and fields, names in lower case."""
    lines = head[:-4].split(b"\r\n")
    match = re.fullmatch(rb"GET (/[!-~]*) HTTP/1\.1", lines[0])
    fields = [re.fullmatch(rb"([!#-'*+.^-z|~0-9A-Z-]+): ([ -~\t\x80-\xff]*)", line) for line in lines[1:]]
    if not match or not all(fields):
        raise wrong(f"the upstream got an ill-formed head {head!r}")
    pairs = [(field.group(1).lower(), field.group(2)) for field in fields]
    for name, value in ((b"host", instance.encode()), (b"upgrade", b"websocket"), (b"connection", b"Upgrade"),
                        (b"sec-websocket-version", b"13")):
        if [own for other, own in pairs if other == name] != [value]:
            raise wrong(f"the upstream must get one {name!r} of the gateway's own; it got {head!r}")
    keys = [value for name, value in pairs if name == b"sec-websocket-key"]
    if len(keys) != 1 or keys == [clients_key.encode()]:
        raise wrong(f"the upstream must get one fresh key; it got {head!r}")
    for name in (b"content-length", b"transfer-encoding", b"trailer", b"te", b"expect", b"keep-alive",
                 b"sec-websocket-extensions"):
        if any(name == own for own, _ in pairs):
            raise wrong(f"the upstream must not get {name!r}; it got {head!r}")
    return match.group(1), pairs


def plain(target, fields):
    """Nothing of the client's own reached the upstream."""
    extra = [name for name, _ in fields if name not in ALLOWED_TO_UPSTREAMS]
    return f"{extra} reached the upstream" if extra else ""


def forwards(target):
    """The upstream's handshake asks for this target."""
    return upgrades(sees=lambda seen, _: "" if seen == target.encode() else f"{target} was expected, not {seen}")


class upgrades_or:
    """Either the offer is ignored and all goes well, or the handshake is refused with this status."""

    def __init__(self, *statuses):
        self.refused = refused(*statuses)

    async def __call__(self, world, sent):
        async with world.client(handshake=False) as client:
            await client.send_bytes(sent)
            head = await client.reader.readuntil(b"\r\n\r\n")
        await (upgrades() if answer(head).status == 101 else self.refused)(world, sent)

