"""The programs of bench/ do what they say: the relay passes every byte on, compare and diff tell what they saw."""
import asyncio
import json
import os
import shutil
import sys
import tempfile

from lib.gateway import mock_service
from lib.kernel import seen_by_kernel
from lib.process import binary, process, run
from lib.raw_client import raw_client
from lib.story import SANITIZED, check, check_equal, measured, scaled, tell, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
from compare_lib import aims, runs  # noqa: E402

BUILD = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(binary()))))
SERVICES = ("echo", "chat", "clock")


class relay(process, seen_by_kernel):
    """gw_relay in front of these upstreams."""

    def __init__(self, *upstreams):
        super().__init__(os.path.join(BUILD, "bench", "gw_relay"), *upstreams)

    async def ready(self):
        self.address = (await self.events(self.out, "listening"))[0]["address"]


def services(*options):
    return mock_service(len(SERVICES), *(word for name in SERVICES for word in ("--service", f"{name}=1")), *options)


async def load(through, names, size, in_flight, count):
    """The report of a load whose answers are compared with its messages."""
    of = [word for name in names for word in ("--service", name)]
    done = await run(binary(), "bench", f"ws://{through.address}/ws", *of, "--size", size, "-c", 4, "-p", in_flight,
                     "-n", count, "--check", "1", "-o", "json", within=60)
    check(f"{count} messages of {size} bytes over {len(names)} connections of a client come back as they were",
          done.status == 0 and json.loads(done.out)["messages_answered"] == count, done)


async def bytes_pass():
    """The relay: one upstream gets everything, several get the frames in turn, and no answer differs."""
    async with services("--reply", "raw") as mocks:
        addresses = [mocks.addresses(name)[0] for name in SERVICES]
        async with relay(addresses[0]) as alone, relay(*addresses) as spread:
            before = alone.descriptors(), spread.descriptors()
            for size, in_flight, count in ((64, 32, 2000), (300, 7, 500), (300_000, 3, scaled(60, 20))):
                await load(alone, SERVICES[:1], size, in_flight, count)
                await load(spread, SERVICES, size, in_flight, count)
            await until("the relays hold nothing of it",
                        lambda: (alone.descriptors(), spread.descriptors()) == before, 10)
            check("no descriptor is left of the clients", True)


async def turns_pass():
    """Of several upstreams each gets the frames whose turn it is."""
    async with services() as mocks:
        async with relay(*(mocks.addresses(name)[0] for name in SERVICES)) as between:
            async with raw_client(None, address=between.address) as client:
                answered = []
                for _ in range(5):
                    await client.send("hello")
                    _, _, answer = await client.receive_frame()
                    answered.append(json.loads(answer)["service"])
                check_equal("five frames of a client are answered in this order", answered, [*SERVICES, *SERVICES[:2]])


async def ends_pass():
    """The end of an upstream is the end of its clients."""
    async with mock_service(1, "echo") as mocks, relay(mocks.addresses("echo")[0]) as between:
        async with raw_client(None, address=between.address) as client:
            await client.send("hello")
            _, _, answer = await client.receive_frame()
            check("the client is served", b"hello" in answer, answer)
            mocks.kill()
            check_equal("and is disconnected when the service dies",
                        await asyncio.wait_for(client.reader.read(), 10), b"")


def by_hand(program, *words):
    """A program of bench/, with no more than a shell knows."""
    return run(sys.executable, "-B", os.path.join(ROOT, "bench", program), *words, env={"PYTHONPATH": ""}, within=120)


def compare(*words):
    return by_hand("compare", "--build", BUILD, *words)


async def complaints():
    """bench/compare says what of its command line is wrong, and how to write it."""
    for words, told in ((("--cell", "foo"), "'foo' is no cell; write BYTES:CLIENTS:IN_FLIGHT"),
                        (("--only", "nope"), "nobody is called nope; there are relay, nginx"),
                        (("--repeat", 0), "'0' is no whole number above 0"),
                        (("--fail-above", "0"), "'0' is no number above 0"),
                        (("--generator", "--gates"), "--generator has no use for --gates: leave it out"),
                        (("--syscalls", "--repeat", 3, "--seconds", 1), "no use for --repeat and --seconds: leave them"),
                        (("--only", "relay,nginx", "--fail-above", 2), "compares wsgw with relay: name both in --only")):
        done = await compare(*words)
        check(f"bench/compare {' '.join(map(str, words))}", done.status != 0 and told in done.err, done)


async def aims_of_all():
    """An aim is judged by the figures of those whose it is."""
    def run_of(cost, p50):
        return [runs.Figures(cost=cost, p50=p50)]

    cell = runs.Cell.parse("256:1:1")
    costs = {"relay": 10, "nginx": 20, "haproxy": 30, "caddy": 40, "wsgw": 11, "wsgw spin": 25}
    row = runs.Row(cell.what, cell.what, "µs", {name: run_of(cost, 10 * cost) for name, cost in costs.items()})
    for whose, beside, measured, ok in (("wsgw", "relay", 1.1, True), ("wsgw spin", "relay", 2.5, False),
                                        ("wsgw spin", aims.EVERY_PEER, 1.25, True)):
        seen = aims.judge(aims.Aim(cell.what, 2, beside, cell=cell, whose=whose), row)
        check_equal(f"{whose} beside {beside}", seen, (measured, ok))
    check_equal("what is not beside anybody", aims.judge(aims.Aim(cell.what, 2, field="p50", whose="wsgw spin"), row),
                (250, False))
    del row.runs["caddy"]
    check_equal("a peer that is missing", aims.judge(aims.Aim(cell.what, 2, aims.EVERY_PEER, cell=cell), row),
                (None, False))


async def comparison():
    """bench/compare: relay and gateway in one table, and its exit status."""
    if len(os.sched_getaffinity(0)) < 2:
        measured("left out", "a comparison needs two cores")
        return
    short = ["--only", "relay,wsgw", "--cell", "256:2:4:2", "--repeat", 1, "--seconds", 0.1]
    done = await compare(*short, "-o", "json")
    check_equal("it succeeds", done.status, 0)
    row, = json.loads(done.out)["rows"]
    relays, ours = (row["best"][name]["cost"] for name in ("relay", "wsgw"))
    check("both cost something for a message, and the ratio is theirs",
          relays > 0 and ours > 0 and abs(row["to_floor"] - ours / relays) < 1e-9, row)
    done = await compare(*short, "--fail-above", 0.001)
    check("a bound that nobody keeps makes its exit status 4",
          done.status == 4 and "256 B, 2 clients" in done.out, done)
    if SANITIZED:
        measured("left out", "what calls of a sanitizer and costs of a generator with one are")
        return
    done = await compare("--generator", "--repeat", 1, "--seconds", 0.1, "-o", "json")
    rows = json.loads(done.out)["rows"]
    check("both generators cost something for a message, and the ratio is theirs",
          all(abs(row["ratio"] - row["us"]["wsgw bench"] / row["us"]["gw_epoll_client"]) < 1e-9 for row in rows), done)
    if not shutil.which("strace"):
        measured("left out", "counting calls needs strace")
        return
    done = await compare("--syscalls", "--only", "wsgw", "-o", "json")
    check("for each batch that it relays the gateway calls recv and send once, and next to nothing else",
          done.status == 0 and len(json.loads(done.out)["rows"]) == 2, done)


def as_google_benchmark(**ns):
    """Two repetitions of each benchmark, the first one slower, and a mean that nobody should take."""
    runs = [{"name": name, "run_type": kind, "cpu_time": value * factor, "time_unit": "ns"}
            for name, value in ns.items() for kind, factor in (("iteration", 2), ("iteration", 1), ("aggregate", 0.1))]
    return json.dumps({"context": {}, "benchmarks": runs})


async def differences():
    """bench/diff: the least of the repetitions counts."""
    with tempfile.TemporaryDirectory() as folder:
        def file(name, text):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(text)
            return os.path.join(folder, name)

        before = file("before.json", as_google_benchmark(same=100, slower=100, faster=100, old=1))
        after = file("after.json", as_google_benchmark(same=103, slower=112, faster=50, new=1))
        baseline = os.path.join(folder, "baseline.json")
        check_equal("a run becomes a baseline", (await by_hand("diff", "--save", baseline, before)).status, 0)
        done = await by_hand("diff", baseline, after)
        check_equal("what changed by more than 5 % is told, and what is new or gone", done.out.splitlines()[2:],
                    ["| faster | 100.0 | 50.0 | 0.50 |", "| new | - | 1.0 | new |", "| old | 1.0 | - | gone |",
                     "| slower | 100.0 | 112.0 | 1.12 |"])
        kept = file("kept.json", as_google_benchmark(same=100, slower=100, faster=100))
        for bound, status in ((1.10, 4), (1.15, 0)):
            done = await by_hand("diff", kept, after, "--fail-above", bound)
            check_equal(f"with --fail-above {bound:.2f} its exit status is {status}", done.status, status)
        check_equal("with a bound a benchmark that is gone is no good sign",
                    (await by_hand("diff", baseline, after, "--fail-above", 9)).status, 4)


async def single_functions():
    """gw_bench runs each of its benchmarks without an error, and the committed baseline is of these."""
    program = os.path.join(BUILD, "bench", "gw_bench")
    if not os.path.exists(program):
        return check("a build with sanitizers has none: its figures would mean nothing", "release" not in BUILD, BUILD)
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "now.json")
        done = await run(program, "--benchmark_min_time=0.0001", f"--benchmark_out={out}", within=60)
        check("it ends well", done.status == 0, done)
        done = await by_hand("diff", os.path.join(ROOT, "bench", "baseline.json"), out, "--threshold", 1e9)
        check("the baseline has the same benchmarks", done.status == 0 and "no change" in done.out, done)


tell(bytes_pass, turns_pass, ends_pass, complaints, aims_of_all, comparison, differences, single_functions)
