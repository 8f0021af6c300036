"""`wsgw serve` and `wsgw mock-service` as processes of a scenario, and what can be seen of them from outside."""
import asyncio
import json
import os
import re
import tempfile

from lib.kernel import holds_connections, seen_by_kernel
from lib.process import binary, event_of, process
from lib.story import patience, until, untrue


def service(name, *addresses, **settings):
    """A [services.X] table; without addresses it names how they are found."""
    keys = {**({"instances": list(addresses)} if addresses else {}), **settings}
    return "\n".join([f"[services.{name}]"] + [f"{key} = {json.dumps(value)}" for key, value in keys.items()])


class gateway(process, seen_by_kernel):
    """A gateway with the given TOML tables, on free ports of loopback unless `bind` says where.

    `prefix` is a command that runs it (prlimit, ip netns exec, ...) and becomes it; `root` are keys of no table.
    """

    def __init__(self, *tables, listener="", workers=2, drain="300ms", ready_delay="0s", bind="127.0.0.1:0",
                 admin="127.0.0.1:0", prefix=(), env=None, root=""):
        self.folder = tempfile.mkdtemp(prefix="wsgw-")
        self.config = os.path.join(self.folder, "wsgw.toml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("\n\n".join([f"workers = {workers}\n{root}",
                                    f'[[listener]]\nbind = "{bind}"\n{listener}',
                                    f'[admin]\nbind = "{admin}"',
                                    f'[shutdown]\ndrain = "{drain}"\nready_delay = "{ready_delay}"', *tables]) + "\n")
        super().__init__(*prefix, binary(), "serve", "-c", self.config, name="wsgw serve", env=env)

    async def ready(self):
        await self.events(self.err, "ready")
        listening = [line for line in map(event_of, self.err) if line.get("event") == "listening"]
        self.addresses = [line["address"] for line in listening if line["for"] == "clients"]
        self.address = self.addresses[0]  # of the first listener
        self.admin = next(line["address"] for line in listening if line["for"] == "probes")
        self.url = f"ws://{self.address}/ws"

    async def metric(self, name, **labels):
        """The sum of the samples of a family that have these labels."""
        _, text = await http_get(self.admin, "/metrics")
        total = 0
        for family, own, value in re.findall(r"(?m)^(\w+)(?:\{(.*)\})? (\S+)$", text):
            if family == name and all(f'{key}="{wanted}"' in own for key, wanted in labels.items()):
                total += float(value)
        return int(total)

    def access(self, event):
        """The lines of the access log for session_open or session_close."""
        return [line for line in map(event_of, self.out) if line.get("event") == event]

    # --- what the kernel says about it, besides what it inherits ---

    async def descriptors_at_rest(self, within=10.0):
        """How many it has without any connection: waits until the last one, of a probe too, is closed."""
        await until("the gateway holds no connection", lambda: not holds_connections(self.pid), patience(within))
        return self.descriptors()

    async def is_empty(self):
        return await self.metric("wsgw_sessions") == 0 and await self.metric("wsgw_channels") == 0

    async def at_rest(self, descriptors, within=10.0):
        """Waits until no session and no channel is left, and no more descriptors than before; the seconds it took."""
        async def holds():
            # In this order: a scrape is a connection, too.
            return self.descriptors() <= descriptors and await self.is_empty()
        return await until("nothing of the sessions is left", holds, within)


class mock_service(process):
    """`wsgw mock-service`. `instances` are its lines: service, instance, address. With `control` it obeys lines."""

    def __init__(self, count, *options, prefix=(), control=False):
        self._count, self._answers = count, 0
        if control:
            options += ("--control",)
        super().__init__(*prefix, binary(), "mock-service", "-o", "ndjson", *options, name="wsgw mock-service",
                         stdin=asyncio.subprocess.PIPE if control else None)

    async def ready(self):
        self.instances = await self.events(self.out, "listening", self._count)

    async def control(self, line):
        """Sends a control line, which must be obeyed, and returns the lines {"event":"instance"} of the answer."""
        told = await self.ask(line)
        if not told[-1]["ok"]:
            raise untrue(f"the mock obeys '{line}'; it says: {told[-1]['error']}")
        return told[:-1]

    async def ask(self, line):
        """Sends a control line and returns the answer: lines {"event":"instance"}, and last {"event":"control"}."""
        before = len(self.out)
        self.write(line + "\n")
        self._answers += 1
        await self.events(self.out, "control", self._answers)
        return [event_of(text) for text in self.out[before:]]

    def addresses(self, name):
        return [i["address"] for i in self.instances if i["service"] == name]


async def http_get(address, path, method="GET"):
    """Status and body of one HTTP exchange."""
    host, port = address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def mebibytes(size):
    return f"{size / 1024 / 1024:.2f} MiB"
