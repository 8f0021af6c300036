"""Registries as the gateway sees them, written from their protocols, not from its code: Eureka, Consul, Kubernetes. They
list what they are told, tell changes as the real ones do, and lie on command. etcd is the real one.

All have the same face: `put(service, *addresses)` replaces the instances of a service, `sick(service, address)` makes one
of them unhealthy, `settings` are the keys of [discovery.X], `lie` is what is said instead of the truth.
"""
import asyncio
import base64
import json
import os
import shutil
import socket
import tempfile
import urllib.parse

from lib.gateway import http_get
from lib.process import process
from lib.story import patience, until

LIES = ("status 500", "garbage", "truncated", "silence", "empty")


class registry:
    """An HTTP server on loopback. Subclasses answer `ask(method, path, query, body)` with (status, headers, text), or with
    an asynchronous generator of lines, which is a stream."""
    empty = None  # the answer that lists nothing

    def __init__(self):
        self.services, self.sick_ones, self.lie, self.version = {}, set(), None, 1
        self._changed, self._open, self._server, self._port = asyncio.Condition(), set(), None, 0

    async def __aenter__(self):
        await self.up()
        return self

    async def __aexit__(self, *_):
        await self.down()

    async def up(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def down(self):
        """Connections are refused from now on, and those that are there end."""
        self._server.close()
        self.break_off()
        await self._server.wait_closed()

    def break_off(self):
        for writer in list(self._open):
            writer.transport.abort()

    async def put(self, service, *addresses):
        before = self.services.get(service, [])
        self.services[service] = list(addresses)
        await self.note(service, before)

    async def sick(self, service, address):
        self.sick_ones.add(address)
        await self.note(service, self.services[service])

    async def note(self, _service, _before):
        """Something is different from now on."""
        async with self._changed:
            self.version += 1
            self._changed.notify_all()

    async def change_after(self, version, within):
        """The version that is newer than that one, or the same when nothing happens for so long."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: self.version != version), within)
            except asyncio.TimeoutError:
                pass
            return self.version

    def lies(self, lie):
        """What is asked from now on is answered so; who waits is cut off. None: the truth again."""
        self.lie = lie
        self.break_off()

    async def _serve(self, reader, writer):
        self._open.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, _ = head.split("\r\n")[0].split(" ")
                length = [line for line in head.split("\r\n") if line.lower().startswith("content-length:")]
                body = await reader.readexactly(int(length[0].split(":")[1])) if length else b""
                path, _, query = target.partition("?")
                answer = await self._answer(method, path, dict(urllib.parse.parse_qsl(query)), body)
                if answer is None:
                    break
                await self._say(writer, answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, method, path, query, body):
        if self.lie == "silence":
            # sleep: nobody is answered; the asker's limit is what is looked at
            await asyncio.sleep(3600)
        if self.lie == "status 500":
            return 500, {}, "no leader"
        if self.lie == "garbage":
            return 200, {}, "<html>\0\xff</html>"
        if self.lie == "empty":
            return 200, {"X-Consul-Index": "1"}, self.empty
        return await self.ask(method, path, query, body)

    async def _say(self, writer, answer):
        if not isinstance(answer, tuple):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            async for line in answer:
                writer.write(f"{len(line) + 1:x}\r\n{line}\n\r\n".encode())
                await writer.drain()
            writer.write(b"0\r\n\r\n")
            return
        status, headers, text = answer
        body = text.encode()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status} Status\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode())
        if self.lie == "truncated":
            writer.write(body[:len(body) // 2])
            await writer.drain()
            raise ConnectionError
        writer.write(body)
        await writer.drain()


class eureka(registry):
    """The v1 protocol: lists, changes, registration, heartbeats."""
    empty = json.dumps({"applications": {"versions__delta": "1", "apps__hashcode": "", "application": []}})

    def __init__(self):
        super().__init__()
        self.registered, self.heartbeats, self._delta = {}, 0, []

    @property
    def settings(self):
        return {"type": "eureka", "urls": [self.url + "/eureka"]}

    def _instance(self, service, address, action="ADDED"):
        host, port = address.split(":")
        return {"instanceId": f"{host}:{service}:{port}", "hostName": host, "app": service.upper(), "ipAddr": host,
                "status": "DOWN" if address in self.sick_ones else "UP", "overriddenstatus": "UNKNOWN",
                "port": {"$": int(port), "@enabled": "true"}, "securePort": {"$": 443, "@enabled": "false"},
                "dataCenterInfo": {"@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", "name": "MyOwn"},
                "metadata": {"@class": "java.util.Collections$EmptyMap"}, "vipAddress": service, "actionType": action}

    def _all(self):
        listed = [self._instance(s, a) for s, addresses in self.services.items() for a in addresses]
        return listed + list(self.registered.values())

    async def note(self, service, before):
        now = self.services[service]
        self._delta += [self._instance(service, a, "MODIFIED") for a in now]
        self._delta += [self._instance(service, a, "DELETED") for a in before if a not in now]
        await super().note(service, before)

    def _applications(self, instances):
        counts = {}
        for one in self._all():
            counts[one["status"]] = counts.get(one["status"], 0) + 1
        apps = {}
        for one in instances:
            apps.setdefault(one["app"], []).append(one)
        return json.dumps({"applications": {
            "versions__delta": "1", "apps__hashcode": "".join(f"{s}_{n}_" for s, n in sorted(counts.items())),
            "application": [{"name": name, "instance": found} for name, found in apps.items()]}})

    async def ask(self, method, path, query, body):
        name = path.removeprefix("/eureka/apps").strip("/").split("/")
        if method == "GET" and path == "/eureka/apps":
            return 200, {}, self._applications(self._all())
        if method == "GET" and path == "/eureka/apps/delta":
            return 200, {}, self._applications(self._delta)
        if method == "POST":
            one = json.loads(body)["instance"]
            self.registered[one["instanceId"]] = one
            return 204, {}, ""
        known = urllib.parse.unquote(name[-1]) in self.registered
        if method == "PUT":
            self.heartbeats += 1
        if method == "DELETE":
            self.registered.pop(urllib.parse.unquote(name[-1]), None)
        return (200 if known else 404), {}, ""


class consul(registry):
    """An agent: the health of services, by queries that wait."""
    empty = "[]"

    @property
    def settings(self):
        return {"type": "consul", "urls": [self.url]}

    async def ask(self, method, path, query, body):
        if "index" in query:
            await self.change_after(int(query["index"]), float(query.get("wait", "300s")[:-1]))
        service = path.removeprefix("/v1/health/service/")
        entries = []
        for address in self.services.get(service, []):
            host, port = address.split(":")
            healthy = address not in self.sick_ones
            if healthy or query.get("passing") != "true":
                entries.append({"Node": {"Node": "n1", "Address": "127.0.0.1"},
                                "Service": {"ID": f"{service}-{port}", "Service": service, "Address": host,
                                            "Port": int(port), "Weights": {"Passing": 1, "Warning": 1}},
                                "Checks": [{"Status": "passing" if healthy else "critical"}]})
        return 200, {"X-Consul-Index": str(self.version)}, json.dumps(entries)


class kubernetes(registry):
    """An API server that knows EndpointSlices: one slice a service."""
    empty = json.dumps({"kind": "EndpointSliceList", "metadata": {"resourceVersion": "1"}, "items": []})

    @property
    def settings(self):
        return {"type": "kubernetes", "urls": [self.url], "namespace": "shop", "port_name": "ws"}

    def _slices(self, service):
        """One for each port, since all endpoints of a slice share it."""
        for address in self.services.get(service, []):
            host, port = address.split(":")
            yield {"metadata": {"name": f"{service}-{port}", "namespace": "shop", "resourceVersion": str(self.version),
                                "labels": {"kubernetes.io/service-name": service}},
                   "addressType": "IPv4", "ports": [{"name": "ws", "port": int(port), "protocol": "TCP"}],
                   "endpoints": [{"addresses": [host], "targetRef": {"kind": "Pod", "name": f"pod-{port}"},
                                  "conditions": {"ready": address not in self.sick_ones}}]}

    def _all(self):
        return {one["metadata"]["name"]: one for service in self.services for one in self._slices(service)}

    async def _events(self):
        known, version = self._all(), self.version
        while True:
            version = await self.change_after(version, 300)
            now = self._all()
            for name, one in now.items():
                if name not in known:
                    yield json.dumps({"type": "ADDED", "object": one})
                elif {**one, "metadata": None} != {**known[name], "metadata": None}:
                    yield json.dumps({"type": "MODIFIED", "object": one})
            for name in known.keys() - now.keys():
                yield json.dumps({"type": "DELETED", "object": known[name]})
            yield json.dumps({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}})
            known = now

    async def ask(self, method, path, query, body):
        if path != "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices":
            return 404, {}, "no such path"
        if query.get("watch") != "1":
            return 200, {}, json.dumps({"kind": "EndpointSliceList", "metadata": {"resourceVersion": str(self.version)},
                                        "items": list(self._all().values())})
        if query["resourceVersion"] != str(self.version):
            return 410, {}, json.dumps({"kind": "Status", "code": 410, "reason": "Expired"})
        return self._events()


def free_ports(count):
    with_ports = [socket.socket() for _ in range(count)]
    for one in with_ports:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in with_ports]
    for one in with_ports:
        one.close()
    return ports


class etcd(process):
    """The real one; what it holds survives that it is killed and begun again."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="wsgw-etcd-")
        clients, peers = (f"http://127.0.0.1:{port}" for port in free_ports(2))
        self.url, self.sick_ones = clients, set()
        super().__init__("etcd", "--data-dir", self.folder, "--listen-client-urls", clients, "--advertise-client-urls",
                         clients, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
                         "--initial-cluster", f"default={peers}", "--log-level", "error", name="etcd")

    @staticmethod
    def installed():
        return shutil.which("etcd") is not None

    @property
    def settings(self):
        return {"type": "etcd", "urls": [self.url], "prefix": "/services"}

    async def ready(self):
        async def answers():
            try:
                status, _ = await http_get(self.url.removeprefix("http://"), "/health")
            except OSError:
                return False
            return status == 200
        await until("etcd answers", answers, patience(20))

    async def put(self, service, *addresses):
        """Puts what is new first: a service is never without instances in between."""
        before = await self.keys(service)
        for address in addresses:
            await self.call("/v3/kv/put", key=f"/services/{service}/{address}", value=json.dumps({"addr": address}))
        for gone in before - set(addresses):
            await self.call("/v3/kv/deleterange", key=f"/services/{service}/{gone}")

    async def sick(self, service, address):
        """etcd knows no health: what is sick lets its key go."""
        await self.call("/v3/kv/deleterange", key=f"/services/{service}/{address}")

    async def keys(self, service):
        prefix = f"/services/{service}/"
        said = await self.call("/v3/kv/range", key=prefix, range_end=prefix[:-1] + "0")
        return {base64.b64decode(kv["key"]).decode().removeprefix(prefix) for kv in said.get("kvs", [])}

    async def call(self, path, **texts):
        body = json.dumps({name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}).encode()
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(f"POST {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()
        return json.loads(answer.partition(b"\r\n\r\n")[2])


def eureka_jar():
    """The real Eureka server as testbed/eureka builds it, or None."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.path.join(os.environ.get("WSGW_CACHE", os.path.join(root, "build", "cache")), "eureka", "eureka-server.jar")
    return path if os.path.exists(path) else None


class spring_eureka(process):
    """The Eureka server of Spring Cloud."""

    def __init__(self, jar):
        port, = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        super().__init__("java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-jar", jar, f"--server.port={port}",
                         name="Eureka server")

    @property
    def settings(self):
        return {"type": "eureka", "urls": [self.url + "/eureka"]}

    async def ready(self):
        async def answers():
            try:
                status, _ = await http_get(self.url.removeprefix("http://"), "/eureka/apps")
            except OSError:
                return False
            return status == 200
        await until("the Eureka server answers", answers, patience(120))
