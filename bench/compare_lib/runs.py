"""How contenders are measured: all of a row in turn, several times, after each has proved to answer rightly."""
import argparse
import contextlib
import dataclasses
import json
import subprocess
import sys
import time

from compare_lib.contenders import ALL
from compare_lib.world import LOAD_CORE, Failure, World

CHECKED_BYTES = 32 * 1024 * 1024
COMPARED_EVERY = 61  # messages of a client in the measurement itself; no divisor of what is in flight
PUSH_CLIENTS, PUSHES_PER_S = 1000, 50
SESSIONS = 5000
HANDSHAKE_SIZE = 300  # bytes of a request whose sessions are counted in bytes
SESSION_BYTES = {False: "session bytes", True: "TLS session bytes"}  # the ids of two rows, by TLS


@dataclasses.dataclass(frozen=True)
class Cell:
    """A closed loop: `clients`, each with `in_flight` messages under way, spread over `services` in turn."""
    size: int
    clients: int
    in_flight: int
    services: int = 1
    tls: bool = False

    @classmethod
    def parse(cls, text):
        """BYTES:CLIENTS:IN_FLIGHT[:SERVICES]"""
        numbers = [int(part) if part.isascii() and part.isdigit() else 0 for part in text.split(":")]
        if not 3 <= len(numbers) <= 4 or 0 in numbers:
            raise argparse.ArgumentTypeError(f"'{text}' is no cell; write BYTES:CLIENTS:IN_FLIGHT[:SERVICES], like "
                                             "256:100:32")
        return cls(*numbers)

    @property
    def what(self):
        clients = f"{self.clients:,} client{'s' if self.clients > 1 else ''}"
        return (f"{'TLS, ' if self.tls else ''}{size_text(self.size)}, {clients}, {self.in_flight} in flight"
                + (f", {self.services} services" if self.services > 1 else ""))

    @property
    def services_names(self):
        return ["echo", *(f"echo{n}" for n in range(2, self.services + 1))]

    def load(self):
        """What `wsgw bench` is told."""
        services = [word for name in self.services_names for word in ("--service", name)]
        return ["-c", str(self.clients), "-p", str(self.in_flight), "--size", str(self.size), *services]


def size_text(size):
    for unit, name in ((1024 ** 2, "MiB"), (1024, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"


@dataclasses.dataclass
class Figures:
    """Of one run. `cost`: what is compared."""
    cost: float
    p50: float = None  # latencies in µs
    p99: float = None
    p999: float = None
    rss: int = None    # highest, in bytes
    rate: float = None  # per second


@dataclasses.dataclass
class Row:
    id: str
    what: str
    unit: str  # of the cost
    runs: dict = dataclasses.field(default_factory=dict)  # contender's name: [Figures]

    def best(self, name):
        """The run that cost least (everything else on a machine only adds), or None if `name` was not measured."""
        runs = self.runs.get(name)
        return min(runs, key=lambda run: run.cost) if runs else None


@dataclasses.dataclass(frozen=True)
class Effort:
    build: str
    names: tuple  # of the contenders that may be measured
    repeat: int
    seconds: float

    def of(self, *names):
        return dataclasses.replace(self, names=tuple(name for name in self.names if name in names))


def say(text):
    print(f"compare: {text}", file=sys.stderr, flush=True)


def ms(seconds):
    return f"{round(seconds * 1000)}ms"


# --- the load ---

def bench(world, url, *options, within, statuses=(0,), late=None):
    """The report of a `wsgw bench` on the load's core. `late`: is told how many messages had been under way for more
    than a second at the end; None: that is a failure."""
    command = ["taskset", "-c", str(LOAD_CORE), world.wsgw, "bench", url, *options, "-o", "json"]
    command += ["-k"] if url.startswith("wss") else []
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=within, check=False)
    except subprocess.TimeoutExpired:
        raise Failure(f"no end after {within:g} s: {' '.join(command)}") from None
    if done.returncode not in statuses:
        raise Failure(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    report = json.loads(done.stdout)
    if report["errors"] or (report["messages_unanswered"] and late is None):
        raise Failure(f"{' '.join(command)}: errors\n{done.stdout}")
    if report["messages_unanswered"]:
        late(report["messages_unanswered"])
    return report


def check(world, url, name, cell):
    """Every answer to a few messages must equal its message."""
    count = max(min(2 * cell.clients * cell.in_flight * cell.services, CHECKED_BYTES // cell.size), 1)
    report = bench(world, url, *cell.load(), "-n", str(count), "--check", "1", within=60)
    if report["messages_answered"] != count:
        raise Failure(f"{name}: {report['messages_answered']} of {count} messages answered")


def timed(running, report, messages):
    """Figures of a report that watched the contender's process."""
    latency = report["latency_us"]
    return Figures(cost=report["cpu_of"][0]["cpu_s"] * 1e6 / messages, p50=latency["p50"], p99=latency["p99"],
                   p999=latency["p99.9"], rss=running.process.peak_rss(), rate=messages / report["seconds"])


def run_echo(world, running, cell, seconds):
    # Before the measurement every session opens its channels.
    warmup = 0.5 + cell.clients * cell.services / 4000
    name = running.process.name

    def late(messages):
        """Others may starve a client; we may not."""
        if name.startswith("wsgw"):
            raise Failure(f"{name}: {messages} messages were under way for more than a second")
        say(f"{name}: {messages} messages were under way for more than a second at the end")

    running.process.forget_peak()
    report = bench(world, running.url, *cell.load(), "-d", ms(seconds), "--warmup", ms(warmup), "--check",
                   str(COMPARED_EVERY), "--cpu-of", str(running.process.pid), within=seconds + warmup + 60, late=late)
    return timed(running, report, report["messages_answered"])


def run_push(world, running, seconds):
    """Each client says one word, which nobody answers, and then only listens."""
    running.process.forget_peak()
    report = bench(world, running.url, "-c", str(PUSH_CLIENTS), "-d", ms(seconds), "--warmup", "1s",
                   "--cpu-of", str(running.process.pid), within=seconds + 60, statuses=(1,),  # 1: nothing was answered
                   late=lambda unanswered: None)
    pushed, due = report["messages_pushed"], PUSH_CLIENTS * PUSHES_PER_S * report["seconds"]
    if pushed < 0.8 * due:
        raise Failure(f"{running.process.name}: {pushed:,} of {due:,.0f} pushed messages arrived")
    figures = timed(running, report, pushed)
    return dataclasses.replace(figures, p50=None, p99=None, p999=None)


# --- rows ---

def contenders(effort, services=1, tls=False):
    return [c for c in ALL if c.name in effort.names and (c.by_tls or not tls) and (c.of_services or services == 1)]


@contextlib.contextmanager
def lineup(effort, names, tls=False, mock=("--reply", "raw")):
    """(world, {name: Running}): all who can do it, in front of services called `names`."""
    with World(effort.build) as world:
        _, upstreams = world.mock_service(names, *mock)
        certificate = world.certificate() if tls else None
        yield world, {c.name: c.start(world, dict(zip(names, upstreams)), certificate)
                      for c in contenders(effort, len(names), tls)}


def in_turn(row, effort, running, run):
    for repetition in range(effort.repeat):
        say(f"{row.what}: {repetition + 1} of {effort.repeat}")
        for name, one in running.items():
            row.runs.setdefault(name, []).append(run(one))
    return row


def echo_rows(effort, cells):
    for services, tls in dict.fromkeys((cell.services, cell.tls) for cell in cells):
        of_lineup = [cell for cell in cells if (cell.services, cell.tls) == (services, tls)]
        with lineup(effort, of_lineup[0].services_names, tls) as (world, running):
            for cell in of_lineup:
                taking_part = {c.name: running[c.name] for c in ALL if c.name in running and c.takes_part(cell)}
                for one in taking_part.values():
                    check(world, one.url, one.process.name, cell)
                yield in_turn(Row(cell.what, cell.what, "µs"), effort, taking_part,
                              lambda one, cell=cell: run_echo(world, one, cell, effort.seconds))


def push_row(effort):
    row = Row("push", f"push to {PUSH_CLIENTS:,} clients", "µs")
    with lineup(effort, ["echo"], mock=("--reply", "none", "--push", f"{PUSHES_PER_S}/s")) as (world, running):
        return in_turn(row, effort, running, lambda one: run_push(world, one, effort.seconds))


def session_rows(effort, tls=False):
    """CPU of connect, upgrade and first message, and the bytes of an idle session: each time a fresh process."""
    kind = "TLS session" if tls else "session"
    cpu = Row(f"{kind} CPU", f"{kind}: connect, upgrade, first message", "µs")
    memory = Row(SESSION_BYTES[tls], f"{kind}, idle: (RSS at {SESSIONS:,} - RSS at 0) / {SESSIONS:,}", "B")
    marginal = Row(f"{kind} bytes, marginal", f"{kind}, idle: from {SESSIONS // 2:,} to {SESSIONS:,}", "B")
    for repetition in range(effort.repeat):
        say(f"{kind}s: {repetition + 1} of {effort.repeat}")
        for contender in contenders(effort, tls=tls):
            with lineup(effort.of(contender.name), ["echo"], tls) as (world, running):
                halves, rss = hold_sessions(world, running[contender.name])
            cpu.runs.setdefault(contender.name, []).extend(Figures(cost=us, rate=rate) for us, rate in halves)
            for row, size in ((memory, (rss[2] - rss[0]) / SESSIONS), (marginal, (rss[2] - rss[1]) / (SESSIONS // 2))):
                row.runs.setdefault(contender.name, []).append(Figures(size, rss=rss[2]))
    return [cpu, memory, marginal]


def hold_sessions(world, running):
    """Opens them in two halves: [(CPU µs of a session, sessions per second)], and the RSS before, between and after."""
    half, process = SESSIONS // 2, running.process
    halves, rss, loads = [], [process.rss()], []
    for _ in range(2):
        cpu, begun = process.cpu_seconds(), time.monotonic()
        loads.append(world.start(LOAD_CORE, "bench", world.wsgw, "bench", running.url, "-c", str(half), "--idle",
                                 "-d", "120s", "-H", f"User-Agent: {'x' * padding(running.url)}", "-o", "json",
                                 *(["-k"] if running.url.startswith("wss") else [])))
        loads[-1].wait_for(lambda line: "are open and idle" in line, within=60)
        halves.append(((process.cpu_seconds() - cpu) * 1e6 / half, half / (time.monotonic() - begun)))
        rss.append(process.rss())
    for load in loads:
        load.end()
        report, = load.wait_for_json(lambda report: report if "connections_opened" in report else None)
        if report["connections_opened"] != half or report["errors"] or report["messages_unanswered"]:
            raise Failure(f"{process.name}: {half} sessions were to be opened and to stay: {report['connections_opened']} "
                          f"were opened, errors {report['errors']}")
    return halves, rss


def padding(url):
    """How much a User-Agent must hold to make the handshake of `wsgw bench` a browser's in size."""
    host = url.split("/")[2]
    request = (f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               f"Sec-WebSocket-Key: {'x' * 24}\r\nSec-WebSocket-Version: 13\r\nUser-Agent: \r\n\r\n")
    return HANDSHAKE_SIZE - len(request)
