"""Where a table is judged: one gateway on one thread, an echoing upstream, and a neighbour who must lose nothing."""
import asyncio
import contextlib
import itertools
import json
import socket
import sys

from attacks.table import judge, wrong
from lib.gateway import gateway, mock_service, service
from lib.kernel import other_end_is_held, was_read
from lib.process import peer, process
from lib.raw_client import raw_client
from lib.raw_upstream import raw_upstream
from lib.story import check, check_equal, measured, patience
from lib.wire import TEXT, frame, message_reader

ALLOWED_TO_UPSTREAMS = frozenset(b"host upgrade connection sec-websocket-version sec-websocket-key x-forwarded-for "
                                 b"x-forwarded-proto x-forwarded-host x-request-id traceparent".split())
MUST_NOT_ARRIVE = b"must-not-arrive"


def message(id="1", service="echo", **members):
    """A message for a service, as bytes."""
    return json.dumps({"method": f"/api/v1/{service}/say", "id": id, **members}).encode()


def p99(values):
    return sorted(values)[len(values) * 99 // 100]


def percentiles(ms):
    return f"{len(ms)}, p50 {sorted(ms)[len(ms) // 2]} ms, p99 {p99(ms)} ms, max {max(ms)} ms"


def message_of(size, service="echo"):
    """A message of exactly so many bytes."""
    bare = len(message(data="", service=service))
    return message(data="x" * (size - bare), service=service)


class attacking_client(raw_client):
    """A raw client with what the tables need: whole messages, and knowing what the gateway has read."""

    async def __aenter__(self):
        await super().__aenter__()
        self._messages = message_reader(self.reader)
        return self

    async def next(self):
        return await self._messages.next()

    async def send_bytes(self, data):
        self.writer.write(data)
        await self.writer.drain()

    def is_held(self):
        """Whether the gateway has its end of this connection open."""
        return other_end_is_held(self.writer)

    async def was_read(self):
        """Until the gateway has read every byte that was sent."""
        await was_read(self.writer)


class stage:
    """An input that is a service of its own. Each script is an instance; None: one that refuses connections. `expected`
    is for rows whose inputs have outcomes of their own. With `tunnel` a handshake route leads to it, at `path`."""

    def __init__(self, *scripts, expected=(), tunnel=False, **settings):
        self.expected, self._tunnel = expected, tunnel
        self.upstreams = [script and raw_upstream(script) for script in scripts]
        self.told = ", ".join(script.told if hasattr(script, "told") else getattr(script, "__name__", "refuses")
                              for script in scripts)
        self._settings = settings

    def __repr__(self):
        return f"{self.service}: {self.told}"

    async def open(self, name, stack):
        """Its instances, which end with `stack`; its TOML tables."""
        self.service, self.path = name, f"/tunnel/{name}"
        addresses = [(await stack.enter_async_context(one)).address if one else refusing(stack)
                     for one in self.upstreams]
        table = service(name, *addresses, **self._settings)
        if self._tunnel:
            table += f'\n\n[[route]]\non = "handshake"\nuri = "lb://{name}"\npredicates = ["Path={self.path}"]'
        return table

    def connections(self):
        return [each for one in self.upstreams if one for each in one.connections]

    def faults(self):
        return [fault for one in self.upstreams if one for fault in one.faults]

    async def is_over(self):
        """Every connection has ended, and its script found nothing wrong."""
        for one in filter(None, self.upstreams):
            try:
                await asyncio.wait_for(one.all_left(), patience(3))
            except asyncio.TimeoutError:
                raise wrong("the gateway still holds a connection to the upstream") from None
        if self.faults():
            raise wrong(f"the upstream's view: {self.faults()[0]}")


def refusing(stack):
    """An address where connections are refused."""
    taken = stack.enter_context(socket.socket())  # bound, so that nobody else gets the port, and not listening
    taken.bind(("127.0.0.1", 0))
    return "{}:{}".format(*taken.getsockname())


class world:
    """An async context manager. `tables` are further TOML tables. Each stage among the inputs of
    `rows` becomes a service. `headers` are those of its clients' handshakes."""

    def __init__(self, *tables, listener="", rows=(), headers=()):
        self._tables, self._listener, self._headers = tables, listener, headers
        self._stages = [input for one in rows if not one.pending for input in one.inputs if isinstance(input, stage)]
        self.upstream = raw_upstream()
        self._numbers = itertools.count(1)

    async def __aenter__(self):
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.upstream)
            services = [await one.open(f"stage{number}", stack) for number, one in enumerate(self._stages)]
            mock = await stack.enter_async_context(mock_service(1, "neighbour"))
            # However busy this process is: its services are late because of that only.
            patient = {"handshake_timeout": "60s", "open_timeout": "60s"}
            self.gateway = await stack.enter_async_context(
                gateway(service("echo", self.upstream.address, **patient),
                        service("neighbour", *mock.addresses("neighbour")), *services, *self._tables,
                        listener=self._listener, workers=1))
            self.addresses = self.gateway.addresses
            self._descriptors = await self.gateway.descriptors_at_rest()
            direct, = mock.addresses("neighbour")
            self._neighbour = await stack.enter_async_context(
                process(sys.executable, "-B", peer("neighbour.py"), self.gateway.url, f"ws://{direct}/", "neighbour",
                        name="the neighbour", stdin=asyncio.subprocess.PIPE))
            await self._neighbour.events(self._neighbour.out, "talking")
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *why):
        return await self._stack.__aexit__(*why)

    def client(self, at=0, **options):
        """A client that has upgraded."""
        return attacking_client(self.gateway, address=self.addresses[at], **{"headers": self._headers, **options})

    def number(self):
        return next(self._numbers)

    async def works(self, client, service="echo"):
        """A message finds its way there and back."""
        text = message(f"works-{self.number()}", service)
        await client.send_bytes(frame(text))
        seen = await client.next()
        if seen != (TEXT, text):
            raise wrong(f"an echo of {text!r} was expected, {seen!r} came")
        return text

    async def judge(self, name, rows, absent=()):
        """The rows; then what must be true of the neighbour, the upstream and the gateway."""
        count = await judge(name, rows, self, absent)
        check_equal(f"table {name}: every input has its one right outcome", count["wrong"], 0)
        self._neighbour.end_of_input()
        told, = await self._neighbour.events(self._neighbour.out, "neighbour")
        measured("the neighbour's round trips", percentiles(told["late_ms"]))
        check("the neighbour lost nothing", told["open"] and told["in_order"], told)
        count |= {"late_ms": told["late_ms"], "direct_ms": told["direct_ms"]}
        check("nothing reached the upstream that must not", not any(
            MUST_NOT_ARRIVE in text for one in self.upstream.connections for text in [one.head, *one.messages]))
        check_equal("no upstream saw anything wrong",
                    [*self.upstream.faults, *(fault for one in self._stages for fault in one.faults())], [])
        await self.gateway.at_rest(self._descriptors, patience(10))
        check("the gateway runs, and has no more descriptors than before", self.gateway.running)
        return count
