"""The table, the aims and the JSON of a comparison."""
import dataclasses
import os
import platform
import re
import subprocess

from compare_lib.contenders import ALL, FLOOR, OURS, PEERS
from compare_lib.plans import SPREAD_OVER
from compare_lib.runs import Cell

NONE = "-"


# --- of a row ---

def best_peer(row):
    """(name, Figures) of the peer that costs least; None without one."""
    peers = [(name, best) for name in PEERS if (best := row.best(name))]
    return min(peers, key=lambda peer: peer[1].cost) if peers else None


def ratio_to(row, other):
    """How many times the cost of `other`, Figures or None, ours is."""
    ours = row.best(OURS)
    return ours.cost / other.cost if ours and other and other.cost > 0 else None


def to_floor(row):
    """Not of bytes: a relay keeps nothing that could be a floor for who parses, routes and answers."""
    return None if row.unit == "B" else ratio_to(row, row.best(FLOOR))


def to_best_peer(row):
    peer = best_peer(row)
    return ratio_to(row, peer[1]) if peer else None


# --- as text ---

def number(value, unit):
    return NONE if value is None else f"{value:,.0f}" if unit == "B" or value >= 100 else f"{value:.2f}"


def latency(best):
    return NONE if best is None or best.p50 is None else f"{best.p50:.0f} / {best.p99:.0f} / {best.p999:.0f}"


def ratio(value):
    return NONE if value is None else f"**{value:.2f}**"


def headline(names):
    """The first two lines of the table for the contenders `names`."""
    titles = ["what", "unit", *names, f"{OURS} / {FLOOR}", f"{OURS} / best peer", f"p50 / p99 / p99.9 µs: {OURS}",
              "best peer", f"{OURS}: RSS MiB", "per second"]
    return f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}"


def line(row, names):
    ours, peer = row.best(OURS), best_peer(row)
    costs = [number(best.cost if (best := row.best(name)) else None, row.unit) for name in names]
    rss = NONE if ours is None or ours.rss is None else f"{ours.rss / 1024 ** 2:.1f}"
    rate = NONE if ours is None or ours.rate is None else f"{ours.rate:,.0f}"
    parts = [row.what, row.unit, *costs, ratio(to_floor(row)), ratio(to_best_peer(row)), latency(ours),
             latency(peer[1] if peer else None), rss, rate]
    return f"| {' | '.join(parts)} |"


def machine(wsgw, names):
    """Where and by what the figures were made."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = re.search(r"(?m)^model name\s*:\s*(.*)$", file.read())
    commands = {c.name: c.version for c in ALL if c.name in names and c.version} | {OURS: (wsgw, "--version")}
    return {"cpu": cpu.group(1) if cpu else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
            "load_before": os.getloadavg()[0], "versions": {name: version(*command) for name, command in commands.items()}}


def version(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=10, check=False)
    found = re.search(r"v?\d+\.\d+[^\s,]*", done.stdout)
    return found.group(0) if found else "unknown"


def machine_line(found):
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return (f"{found['cpu']}, {found['cores']} cores, Linux {found['kernel']}; {versions}; "
            f"load {found['load_before']:.2f} before")


# --- the aims ---

@dataclasses.dataclass(frozen=True)
class Aim:
    """In `row` our cost is at most `limit` times that of `beside`; without `beside`, our `field` is at most `limit`."""
    row: str
    limit: float
    beside: str = ""  # a contender, or "every peer", which it must be below
    field: str = "cost"
    what: str = ""


def echo(text, limit, beside, tls=False):
    return Aim(dataclasses.replace(Cell.parse(text), tls=tls).what, limit, beside)


EVERY_PEER = "every peer"
AIMS = (
    echo("64:100:1", 1.08, FLOOR), echo("64:100:1", 1.03, "nginx"),
    echo("256:100:1", 1.08, FLOOR), echo("256:100:1", 1.03, "nginx"),
    echo("256:1000:1", 1.15, FLOOR), echo("256:1000:1", 1, EVERY_PEER),
    echo("256:100:32", 1.15, FLOOR),
    echo("4096:100:1", 1.10, FLOOR), echo("4096:100:1", 1, EVERY_PEER),
    echo("4096:100:32", 1.20, FLOOR), echo("4096:100:32", 1, EVERY_PEER),
    echo("65536:100:1", 1.25, FLOOR), echo("65536:100:1", 1, EVERY_PEER),
    echo("65536:100:32", 1.45, FLOOR), echo("65536:100:32", 1, EVERY_PEER),
    echo("1048576:1:1", 1.25, FLOOR), echo("1048576:100:1", 1.25, FLOOR),
    echo(f"256:100:32:{SPREAD_OVER}", 1.15, FLOOR),
    echo("256:100:1", 1, EVERY_PEER, tls=True), echo("65536:100:1", 1, EVERY_PEER, tls=True),
    Aim(Cell(256, 1, 1).what, 60, field="p50", what="256 B, 1 client: p50 in µs"),
    Aim("session rss", 3000, what="bytes of an idle session"),
    Aim("TLS session rss", 22000, what="bytes of an idle TLS session"),
)


def judge(aim, row):
    """(measured, ok) of an aim; measured None: it was not."""
    ours = row.best(OURS) if row else None
    if ours is None:
        return None, False
    if not aim.beside:
        value = getattr(ours, aim.field)
        return value, value is not None and value <= aim.limit
    if aim.beside == EVERY_PEER:
        value = to_best_peer(row)
        return value, value is not None and value < aim.limit
    value = ratio_to(row, row.best(aim.beside))
    return value, value is not None and value <= aim.limit


def aims(rows):
    """[(what, aim, measured, verdict)]"""
    by_id = {row.id: row for row in rows}
    found = []
    for aim in AIMS:
        measured, ok = judge(aim, by_id.get(aim.row))
        goal = f"{'<' if aim.beside == EVERY_PEER else '<='} {aim.limit:g}" + (f" x {aim.beside}" if aim.beside else "")
        verdict = "not measured" if measured is None else "ok" if ok else "short"
        found.append((aim.what or aim.row, goal, number(measured, ""), verdict))
    return found


def aims_table(found):
    lines = [f"| {' | '.join(row)} |" for row in (("where", "aim", "measured", "verdict"), ("---",) * 4, *found)]
    return "\n".join(lines)


def as_json(found_machine, rows, found_aims):
    return {"schema": "wsgw.compare.v1", "machine": found_machine,
            "rows": [{"what": row.what, "unit": row.unit, "to_floor": to_floor(row), "to_best_peer": to_best_peer(row),
                      "best": {name: dataclasses.asdict(row.best(name)) for name in row.runs},
                      "runs": {name: [dataclasses.asdict(run) for run in runs] for name, runs in row.runs.items()}}
                     for row in rows],
            "aims": [dict(zip(("what", "aim", "measured", "verdict"), aim)) for aim in found_aims]}

