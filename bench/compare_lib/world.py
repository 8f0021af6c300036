"""The processes of a comparison: each on its core, found ready, ended by its pid; and what the kernel says of them."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time

from lib.kernel import seen_by_kernel

CORES = sorted(os.sched_getaffinity(0))
PROXY_CORE, LOAD_CORE = CORES[0], CORES[-1]
TO_START = 15.0  # seconds
TO_END = 10.0
ENDED_WELL = (0, -signal.SIGTERM, 128 + signal.SIGTERM, 128 + signal.SIGINT)  # of who was asked to


class Failure(Exception):
    """Something that makes the figures worthless; its text is for people."""


class Process(seen_by_kernel):
    def __init__(self, child, name, log):
        self.child, self.pid, self.name, self.log = child, child.pid, name, log
        self._was_ended = False

    def _lines(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()

    def wait_for(self, found, within=TO_START):
        """The first true found(line) of what it prints."""
        return self._poll(lambda: next(filter(None, map(found, self._lines())), None), within)

    def wait_for_json(self, found, count=1, within=TO_START):
        """The first `count` true found(object) among the JSON lines that it prints."""
        def look():
            all_found = [value for value in map(found, filter(None, map(_object, self._lines()))) if value]
            return all_found[:count] if len(all_found) >= count else None
        return self._poll(look, within)

    def wait_for_port(self, port):
        def look():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
        self._poll(look, TO_START)

    def wait_until(self, look, otherwise, within=TO_END):
        """Until `look()` is true. `otherwise`: what is wrong if it never is."""
        self._poll(look, within, otherwise)

    def _poll(self, look, within, otherwise="is not ready"):
        deadline = time.monotonic() + within
        while True:
            over = self.child.poll() is not None or time.monotonic() > deadline
            if value := look():
                return value
            if over:
                raise self._failure(otherwise)
            time.sleep(0.02)

    def end(self):
        """Ends it, once. One that crashed, or that SIGTERM does not end, was no contender."""
        if self._was_ended:
            return
        self._was_ended = True
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            status = self.child.wait(TO_END)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise self._failure(f"has not ended {TO_END:g} s after SIGTERM") from None
        if status not in ENDED_WELL:
            raise self._failure(f"ended with status {status}")

    def _failure(self, what):
        return Failure(f"{self.name} {what}; it says:\n" + "\n".join(self._lines()[-10:]))


def _object(line):
    with contextlib.suppress(ValueError):
        return json.loads(line) if line.startswith("{") else None


class World(contextlib.ExitStack):
    """A context manager: a folder and processes that are gone at its end. `build`: where CMake built."""

    def __init__(self, build):
        super().__init__()
        self.wsgw = os.path.join(build, "apps/wsgw/wsgw")
        self.relay, self.epoll_client = (os.path.join(build, "bench", name) for name in ("gw_relay", "gw_epoll_client"))
        for program in (self.wsgw, self.relay, self.epoll_client):
            if not os.path.exists(program):
                raise Failure(f"{program} is missing; build it: cmake --build --preset release --target wsgw gw_relay "
                              "gw_epoll_client")
        self.folder = self.enter_context(tempfile.TemporaryDirectory(prefix="wsgw-compare-"))
        self._count = 0

    def file(self, name, text):
        self._count += 1
        path = os.path.join(self.folder, f"{self._count}-{name}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self, core, name, *command):
        """A process that runs until end() or until the world ends; what it prints goes to its log."""
        log = self.file(f"{name.replace(' ', '-')}.log", "")
        with open(log, "w", encoding="utf-8") as out:
            child = subprocess.Popen(["taskset", "-c", str(core), *command], stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=out, env={**os.environ, "XDG_DATA_HOME": self.folder,
                                                      "XDG_CONFIG_HOME": self.folder})
        process = Process(child, name, log)
        self.callback(process.end)
        return process

    def mock_service(self, services, *options, core=LOAD_CORE):
        """Its process, and the addresses of one instance of each service."""
        names = [word for service in services for word in ("--service", f"{service}=1")]
        mock = self.start(core, "mock-service", self.wsgw, "mock-service", *names, *options, "-o", "ndjson")
        return mock, mock.wait_for_json(lambda line: line.get("address"), len(services))

    def certificate(self):
        """The files of a self-signed certificate, of its key, and of both."""
        cert, key = (os.path.join(self.folder, name) for name in ("tls.crt", "tls.key"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL, timeout=30)
        with open(cert, encoding="ascii") as first, open(key, encoding="ascii") as second:
            return cert, key, self.file("tls.pem", first.read() + second.read())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
