"""What wsgw wants to cost, beside the floor and the peers in the same run, and whether it does."""
import dataclasses

from compare_lib import report
from compare_lib.contenders import ALL, FLOOR, OURS, SPINNING
from compare_lib.runs import SESSION_BYTES, Cell

EVERY_PEER = "every peer"


@dataclasses.dataclass(frozen=True)
class Aim:
    """In `row` the cost of `whose` is at most `limit` times that of `beside`; without `beside`, its `field` is at most
    `limit`."""
    row: str  # its id
    limit: float
    beside: str = ""  # a contender, or every peer, below all of which it must be
    field: str = "cost"
    what: str = ""
    cell: Cell = None  # the row's, if it has one
    whose: str = OURS

    @property
    def goal(self):
        sign = "<" if self.beside == EVERY_PEER else "<="
        return f"{sign} {self.limit:g}" + (f" x {self.beside}" if self.beside else "")


def echo(text, tls=False, what="", whose=OURS, **limits):
    """The aims of a cell: `relay`, `nginx` and `peers` say how many times their cost, `cost` and `p50` how many µs."""
    cell = dataclasses.replace(Cell.parse(text), tls=tls)
    beside = {"relay": FLOOR, "nginx": "nginx", "peers": EVERY_PEER}
    return [Aim(cell.what, limit, beside.get(name, ""), "cost" if name in beside else name, what, cell, whose)
            for name, limit in limits.items()]


AIMS = (
    *echo("64:100:1", relay=1.08, nginx=1.03),
    *echo("256:100:1", relay=1.08, nginx=1.03),
    *echo("256:1000:1", relay=1.15, peers=1),
    *echo("256:100:32", relay=1.15),
    *echo("256:100:32", cost=0.5, what="256 B, 100 clients, 32 in flight: 2 M messages a second and core, in µs"),
    *echo("4096:100:1", relay=1.10, peers=1),
    *echo("4096:100:32", relay=1.20, peers=1),
    *echo("65536:100:1", relay=1.25, peers=1),
    *echo("65536:100:32", relay=1.45, peers=1),
    *echo("1048576:1:1", relay=1.25),
    *echo("1048576:100:1", relay=1.25),
    *echo("256:100:32:4", relay=1.15),
    *echo("256:100:1", tls=True, peers=1),
    *echo("65536:100:1", tls=True, peers=1),
    *echo("256:1:1", p50=60, whose=SPINNING, what="256 B, 1 client, spin = 50us: p50 in µs"),
    Aim("push", 1.15, FLOOR, what="push to 1,000 clients"),
    Aim("session CPU", 1, EVERY_PEER, what="connect, upgrade and first message"),
    Aim(SESSION_BYTES[False], 3000, what="bytes of an idle session"),
    Aim(SESSION_BYTES[True], 22000, what="bytes of an idle TLS session"),
)


def judge(aim, row):
    """(measured, ok); measured None: it was not."""
    ours = row.best(aim.whose) if row else None
    if ours is None:
        return None, False
    if not aim.beside:
        measured = getattr(ours, aim.field)
    elif aim.beside == EVERY_PEER:
        # Of those that can do it none may be missing: perhaps that one costs least.
        by_tls = aim.cell is not None and aim.cell.tls
        able = {c.name for c in ALL if c.is_peer and (c.by_tls or not by_tls)}
        measured = report.to_best_peer(row, aim.whose) if able <= row.runs.keys() else None
    else:
        measured = report.ratio_to(row, row.best(aim.beside), aim.whose)
    if measured is None:
        return None, False
    return measured, measured < aim.limit if aim.beside == EVERY_PEER else measured <= aim.limit


def judge_all(rows):
    """[{"where", "aim", "measured", "verdict"}]: ok, short, or not measured."""
    by_id = {row.id: row for row in rows}
    found = []
    for aim in AIMS:
        measured, ok = judge(aim, by_id.get(aim.row))
        verdict = "not measured" if measured is None else "ok" if ok else "short"
        found.append({"where": aim.what or aim.row, "aim": aim.goal, "measured": measured, "verdict": verdict})
    return found


def table(found):
    lines = ["| where | aim | measured | verdict |", "|---|---|---|---|"]
    for aim in found:
        lines.append(f"| {aim['where']} | {aim['aim']} | {report.number(aim['measured'])} | {aim['verdict']} |")
    return "\n".join(lines)
