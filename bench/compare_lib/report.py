"""The rows of a comparison as a table and as JSON, and what is read out of them."""
import dataclasses

from compare_lib.contenders import ALL, FLOOR, OURS, PEERS

NONE = "-"


# --- of a row ---

def best_peer(row):
    """(name, Figures) of the peer that costs least; None without one."""
    peers = [(name, best) for name in PEERS if (best := row.best(name))]
    return min(peers, key=lambda peer: peer[1].cost) if peers else None


def ratio_to(row, other, whose=OURS):
    """How many times the cost of `other`, Figures or None, that of `whose` is."""
    ours = row.best(whose)
    return ours.cost / other.cost if ours and other and other.cost > 0 else None


def to_floor(row):
    """Not of bytes: a relay keeps nothing that could be a floor for who parses, routes and answers."""
    return None if row.unit == "B" else ratio_to(row, row.best(FLOOR))


def to_best_peer(row, whose=OURS):
    peer = best_peer(row)
    return ratio_to(row, peer[1], whose) if peer else None


# --- as text ---

def number(value):
    return NONE if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


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
    costs = [number(best.cost if (best := row.best(name)) else None) for name in names]
    rss = NONE if ours is None or ours.rss is None else f"{ours.rss / 1024 ** 2:.1f}"
    rate = NONE if ours is None or ours.rate is None else f"{ours.rate:,.0f}"
    parts = [row.what, row.unit, *costs, ratio(to_floor(row)), ratio(to_best_peer(row)), latency(ours),
             latency(peer[1] if peer else None), rss, rate]
    return f"| {' | '.join(parts)} |"


def as_json(machine, rows, aims):
    return {"schema": "wsgw.compare.v1", "machine": machine,
            "rows": [{"what": row.what, "unit": row.unit, "to_floor": to_floor(row), "to_best_peer": to_best_peer(row),
                      "best": {name: dataclasses.asdict(row.best(name)) for name in row.runs},
                      "runs": {name: [dataclasses.asdict(run) for run in runs] for name, runs in row.runs.items()}}
                     for row in rows],
            "aims": aims}

