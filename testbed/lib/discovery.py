"""Where services run, as files and name servers tell it, and what a gateway knows of it. Registries stand in
lib.registries; all sources have the same face."""
import asyncio
import getpass
import json
import os
import shutil
import socket
import tempfile

from lib.gateway import http_get
from lib.peers import ask, connect, text
from lib.process import process
from lib.story import check, patience, until

DNSMASQ = shutil.which("dnsmasq") or "/usr/sbin/dnsmasq"


class instance_list:
    """A folder that a source watches, with one file, written as careful writers do it."""

    def __init__(self):
        self.folder, self._services = tempfile.mkdtemp(prefix="wsgw-services-"), {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    async def __aenter__(self):
        self.write("{}")
        return self

    async def __aexit__(self, *_):
        self.__exit__()

    @property
    def settings(self):
        return {"type": "file", "path": self.folder}

    async def put(self, service, *addresses):
        self._services[service] = list(addresses)
        self.write(json.dumps({"services": self._services}))

    async def sick(self, service, address):
        """A file knows no health: who is sick is struck off."""
        await self.put(service, *(one for one in self._services[service] if one != address))

    def write(self, content):
        fresh = os.path.join(self.folder, ".fresh")
        with open(fresh, "w", encoding="utf-8") as file:
            file.write(content)
        os.rename(fresh, os.path.join(self.folder, "list.json"))


def free_port():
    """By UDP and TCP, and none that the kernel gives to a connection before the name server takes it."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket(type=socket.SOCK_DGRAM) as by_udp, socket.socket() as by_tcp:
            try:
                by_udp.bind(("127.0.0.1", port))
                by_tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


class name_server(process):
    """dnsmasq with the addresses of services under `test`, which it reads anew when they change. All of them serve at
    one port."""

    def __init__(self, port_of_services=None):
        self.folder, self.port = tempfile.mkdtemp(prefix="wsgw-hosts-"), free_port()
        self.port_of_services, self._names = port_of_services, {}
        super().__init__(DNSMASQ, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                         "--bind-interfaces", "--listen-address=127.0.0.1", f"--user={getpass.getuser()}",
                         f"--port={self.port}", f"--hostsdir={self.folder}", "--local-ttl=1", "--local=/test/",
                         "--log-facility=-", "--pid-file=", name="dnsmasq")

    @staticmethod
    def installed():
        return os.path.exists(DNSMASQ)

    @property
    def settings(self):
        return {"type": "dns", "domain": "{service}.test", "record": "a", "port": self.port_of_services,
                "servers": [f"127.0.0.1:{self.port}"]}

    async def ready(self):
        await self.lines(self.err, lambda line: "started" in line)

    async def put(self, service, *addresses):
        """Addresses with or without the port."""
        self._names[service] = [one.split(":")[0] for one in addresses]
        with open(os.path.join(self.folder, "hosts"), "w", encoding="ascii") as file:
            file.writelines(f"{ip} {name}.test\n" for name, ips in self._names.items() for ip in ips)

    async def sick(self, service, address):
        """A name server knows no health: who is sick is struck off."""
        ip = address.split(":")[0]
        await self.put(service, *(one for one in self._names[service] if one != ip))

    def forget(self):
        """No name has an address any more."""
        os.remove(os.path.join(self.folder, "hosts"))


def source_table(name, source, **more):
    keys = {**source.settings, "networks": ["127.0.0.0/8"], **more}
    return "\n".join([f"[discovery.{name}]"] + [f"{key} = {json.dumps(value)}" for key, value in keys.items()])


def tables(sources, **more):
    """A service for each source, called like it, with that source of its instances."""
    return "\n".join(f'[services.{name}]\ndiscovery = "{name}"\n{source_table(name, source, **more)}'
                     for name, source in sources.items())


async def know(gw, names, count, within=20):
    """Waits until the gateway knows so many instances of each service."""
    for name in names:
        async def holds():
            return await gw.metric("wsgw_service_instances", service=name) == count
        await until(f"the gateway knows {count} instances of {name}", holds, patience(within))


async def refreshed(gw, names, result, within=20):
    """Waits until each source has been asked once more, with this result."""
    async def counts():
        return {n: await gw.metric("wsgw_discovery_refreshes_total", source=n, result=result) for n in names}
    before = await counts()

    async def holds():
        now = await counts()
        return all(now[name] > before[name] for name in names)
    await until(f"each source has {result} once more", holds, patience(within))


class traffic:
    """For each service a client that asks without a pause, each time over a new session; every question is answered."""

    def __init__(self, gw, names):
        self._gw, self._over, self.answered = gw, False, {name: 0 for name in names}

    async def __aenter__(self):
        await until("somebody is there to answer for each service", self._all_are_answered, patience(20))
        self._tasks = [asyncio.ensure_future(self._run(name)) for name in self.answered]
        return self

    async def _all_are_answered(self):
        async with connect(self._gw) as client:
            return all(["error" not in await ask(client, text(name, 0)) for name in self.answered])

    async def __aexit__(self, *_):
        self._over = True
        await asyncio.wait_for(asyncio.gather(*self._tasks), 30)

    async def _run(self, name):
        while not self._over:
            async with connect(self._gw) as client:
                answer = await ask(client, text(name, self.answered[name]))
                if answer.get("id") != self.answered[name] or "error" in answer:
                    raise AssertionError(f"{name} answered with {answer}")
                self.answered[name] += 1

    async def goes_on(self, sentence):
        before = dict(self.answered)

        def holds():
            return any(task.done() for task in self._tasks) or all(self.answered[n] > before[n] + 5 for n in before)
        await until("clients are answered", holds, patience(20))
        check(sentence, not any(task.done() for task in self._tasks), self._tasks)


async def channels(gw, service):
    """How many each instance has, by address."""
    _, said = await http_get(gw.admin, "/services")
    all_of = {one["name"]: one["instances"] for one in json.loads(said)["services"]}
    return {one["address"]: one["channels"] for one in all_of[service]}
