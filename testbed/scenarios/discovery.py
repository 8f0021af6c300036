"""Instances that come and go by what a source says: a folder of files, and a name server. What a source says wrong
hurts nobody."""
import asyncio
import getpass
import json
import os
import shutil
import socket
import tempfile

from lib.gateway import gateway, http_get, mock_service, service
from lib.peers import ask, connect, echo, text, upstream
from lib.process import binary, event_of, process, run
from lib.story import check, check_equal, patience, tell, until

DNSMASQ = shutil.which("dnsmasq") or "/usr/sbin/dnsmasq"


class instance_list:
    """A folder that a source watches, with one file, written as careful writers do it."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="wsgw-services-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def put(self, *addresses):
        self.write(json.dumps({"services": {"s": list(addresses)}}))

    def write(self, content):
        fresh = os.path.join(self.folder, ".fresh")
        with open(fresh, "w", encoding="utf-8") as file:
            file.write(content)
        os.rename(fresh, os.path.join(self.folder, "list.json"))

    def tables(self, **settings):
        """The service `s`, and the source of its instances."""
        keys = {"type": "file", "path": self.folder, "networks": ["127.0.0.0/8"], **settings}
        return discovered("files", keys)


def discovered(source, keys):
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join([f'[services.s]\ndiscovery = "{source}"', f"[discovery.{source}]", *lines])


async def knows(gw, count):
    """Waits until the gateway knows so many instances."""
    async def holds():
        return await gw.metric("wsgw_service_instances", service="s") == count
    return await until(f"the gateway knows {count} instances", holds, patience(15))


async def asked_again(gw, result, before=None):
    """Waits until the source has been asked once more than `before`, or than now, with this result."""
    if before is None:
        before = await gw.metric("wsgw_discovery_refreshes_total", result=result)

    async def holds():
        return await gw.metric("wsgw_discovery_refreshes_total", result=result) > before
    await until(f"the source is asked again: {result}", holds, patience(15))


class traffic:
    """A client that asks without a pause, each time over a new session; every question must be answered."""

    def __init__(self, gw):
        self._gw, self._over, self.answered = gw, False, 0

    async def __aenter__(self):
        await until("somebody is there to answer", self._is_answered, patience(15))
        self._task = asyncio.ensure_future(self._run())
        return self

    async def _is_answered(self):
        async with connect(self._gw) as client:
            return "error" not in await ask(client, text("s", 0))

    async def __aexit__(self, *_):
        self._over = True
        await asyncio.wait_for(self._task, 30)

    async def _run(self):
        while not self._over:
            async with connect(self._gw) as client:
                answer = await ask(client, text("s", self.answered))
                if answer.get("id") != self.answered or "error" in answer:
                    raise AssertionError(f"answered with {answer}")
                self.answered += 1

    async def goes_on(self, sentence):
        before = self.answered
        await until("clients are answered", lambda: self.answered > before + 20 or self._task.done(), patience(20))
        check(sentence, not self._task.done(), self._task)


async def followed():
    """Instances that are listed get channels, those that are no longer listed get no new ones, and theirs stay."""
    with instance_list() as listed:
        async with upstream(echo) as first, upstream(echo) as second:
            listed.put(first.address)
            async with gateway(listed.tables()) as gw, traffic(gw) as clients:
                await knows(gw, 1)
                kept = await connect(gw)
                await ask(kept, text("s", 1))
                listed.put(first.address, second.address)
                await knows(gw, 2)
                await until("the second instance gets channels", lambda: len(second.connections) > 3, patience(10))
                listed.put(second.address)
                await knows(gw, 1)
                before = len(first.connections)
                await clients.goes_on("every question was answered, whoever was listed")
                check("the one that left gets next to no new channel", len(first.connections) <= before + 1,
                      (before, len(first.connections)))
                answer = await ask(kept, text("s", 2))
                check_equal("the channel that it had goes on", answer["id"], 2)
                await kept.close()


async def lies():
    """Garbage, half a file and an empty list change nothing for anybody; half of the list is believed when it stays."""
    with instance_list() as listed:
        async with upstream(echo) as a, upstream(echo) as b, upstream(echo) as c:
            everybody = [a.address, b.address, c.address]
            listed.put(*everybody)
            async with gateway(listed.tables()) as gw, traffic(gw) as clients:
                await knows(gw, 3)
                for content in ("\0\xff garbage", '{"services": {"s": ["127.0.0'):
                    failures = await gw.metric("wsgw_discovery_refreshes_total", result="failed")
                    listed.write(content)
                    await asked_again(gw, "failed", failures)
                await clients.goes_on("what is no list has no effect")
                check_equal("all are still known", await gw.metric("wsgw_service_instances", service="s"), 3)
                check_equal("it is told once", len([line for line in gw.err if '"discovery_failed"' in line]), 1)
                listed.put(*everybody)
                await gw.events(gw.err, "discovery_recovered")
                listed.put()
                await gw.events(gw.err, "discovery_not_believed")
                await clients.goes_on("an empty list is not believed while somebody answers")
                check_equal("all are still known", await gw.metric("wsgw_service_instances", service="s"), 3)
                listed.put(*everybody)
                await asked_again(gw, "answered")
                listed.put(a.address)
                await knows(gw, 1)
                await clients.goes_on("what is said three times is believed")


async def readiness():
    """A gateway that needs a source is not ready before its first answer."""
    with instance_list() as listed:
        async with upstream(echo) as up:
            listed.write("no list")
            async with gateway(listed.tables(required=True)) as gw:
                status, said = await http_get(gw.admin, "/readyz")
                check_equal("/readyz says 503 and why", (status, json.loads(said)["reasons"]),
                            (503, ["no answer of discovery.files yet"]))
                listed.put(up.address)
                await knows(gw, 1)
                status, _ = await http_get(gw.admin, "/readyz")
                check_equal("/readyz says 200 after it", status, 200)


def probe_address(gw):
    """Of [health]; that of [admin] is the first."""
    return [line["address"] for line in map(event_of, gw.err) if line.get("for") == "probes"][1]


async def operators():
    """`wsgw services` shows what a gateway knows, and what a source lists and would be refused."""
    with instance_list() as listed:
        async with upstream(echo) as up:
            listed.put(up.address, "169.254.169.254:80")
            async with gateway(listed.tables(), service("fixed", up.address), '[health]\nbind = "127.0.0.1:0"') as gw:
                await knows(gw, 1)
                told = await run(binary(), "services", "--admin", gw.admin, "-o", "json")
                check_equal("it is asked with success", told.status, 0)
                said = json.loads(told.out)
                known = {s["name"]: [i["address"] for i in s["instances"]] for s in said["services"]}
                check_equal("it shows the instances of all services", known, {"fixed": [up.address], "s": [up.address]})
                source = said["sources"][0]
                check_equal("and how the source stands", (source["name"], source["state"], source["refused"]),
                            ("files", "current", {"address": 1}))
                status, _ = await http_get(probe_address(gw), "/services")
                check_equal("the listener for probes does not", status, 404)
                told = await run(binary(), "services", "--admin", gw.admin)
                check("for people too", f"s (from files)\n  {up.address}" in told.out, told)
            told = await run(binary(), "services", "--source", f"file={listed.folder}")
            check("a source can be asked without a gateway",
                  told.status == 0 and "169.254.169.254:80 (address)" in told.out, told)
            check("where no networks are named, loopback is refused too",
                  f"refused: s {up.address} (address)" in told.out, told)
            listed.write(json.dumps({"services": {"order.v2": ["10.0.0.5:9001"]}}))
            told = await run(binary(), "services", "--source", f"file={listed.folder}", "--name", "order.v2")
            check_equal("a service is asked for by its whole name", told.out.split()[:2], ["order.v2", "10.0.0.5:9001"])
            told = await run(binary(), "services", "--source", "file=/nowhere/at/all.json")
            check_equal("a source that does not answer is told", told.status, 5)
            told = await run(binary(), "services", "--source", "pigeon=loft")
            check("a type that is none is told", told.status == 3 and "unknown value 'pigeon'" in told.err, told)


async def any_service():
    """A source may open services that the configuration does not name, as far as patterns let it."""
    with instance_list() as listed:
        async with upstream(echo) as up:
            keys = {"type": "file", "path": listed.folder, "networks": ["127.0.0.0/8"], "any_service": True,
                    "deny": ["secret*"]}
            lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
            listed.write("{}")
            async with gateway("\n".join(["[discovery.files]", *lines])) as gw, connect(gw) as client:
                refused = await ask(client, text("found", 1))
                check_equal("nobody knows the service yet", refused["error"]["code"], "NO_ROUTE")
                listed.write(json.dumps({"services": {name: [up.address] for name in ("found", "secret-one")}}))

                async def is_found():
                    return await gw.metric("wsgw_service_instances", service="found") == 1
                await until("the service is found", is_found, patience(15))
                answer = await ask(client, text("found", 2))
                check_equal("then the same session reaches it", answer["id"], 2)
                refused = await ask(client, text("secret-one", 3))
                check_equal("one that is denied stays unknown", refused["error"]["code"], "NO_ROUTE")


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
    """dnsmasq with the addresses of the files in a folder, which it watches."""

    def __init__(self, folder):
        self.port = free_port()
        super().__init__(DNSMASQ, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                         "--bind-interfaces", "--listen-address=127.0.0.1", f"--user={getpass.getuser()}",
                         f"--port={self.port}", f"--hostsdir={folder}", "--local-ttl=1", "--local=/test/",
                         "--log-facility=-", "--pid-file=", name="dnsmasq")

    async def ready(self):
        await self.lines(self.err, lambda line: "started" in line)


async def names():
    """A name server's addresses are followed as long as they live; a name that is gone says nothing."""
    if not os.path.exists(DNSMASQ):
        print("  --   not run: needs dnsmasq; see testbed/install-deps --tests", flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="wsgw-hosts-") as folder:
        def put(*addresses):
            with open(os.path.join(folder, "hosts"), "w", encoding="ascii") as file:
                file.writelines(f"{address} s.test\n" for address in addresses)
        put("127.0.0.2")
        async with mock_service(1, "s", "--listen", "127.0.0.2:0") as one, name_server(folder) as server:
            port = int(one.addresses("s")[0].rsplit(":", 1)[1])
            keys = {"type": "dns", "domain": "{service}.test", "record": "a", "port": port,
                    "servers": [f"127.0.0.1:{server.port}"], "networks": ["127.0.0.0/8"]}
            async with mock_service(1, "s", "--listen", f"127.0.0.3:{port}"), gateway(discovered("dns", keys)) as gw:
                await knows(gw, 1)
                async with connect(gw) as client:
                    await ask(client, text("s", 1))
                put("127.0.0.2", "127.0.0.3")
                await knows(gw, 2)
                check("an address that is added is followed", True)
                os.remove(os.path.join(folder, "hosts"))
                await asked_again(gw, "answered")
                await asked_again(gw, "answered")
                check_equal("a name that is gone takes nobody away",
                            await gw.metric("wsgw_service_instances", service="s"), 2)


tell(followed, lies, readiness, operators, any_service, names)
