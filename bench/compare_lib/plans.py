"""What each form of bench/compare measures."""
import dataclasses

from compare_lib.aims import AIMS
from compare_lib.contenders import FLOOR, OURS, PEERS
from compare_lib.runs import Cell, echo_rows, push_row, say, session_rows

SWEPT_SESSIONS = (1, 10, 100, 1000, 9000)
SWEPT_SERVICES = (1, 2, 4, 8)
SWEPT_IN_FLIGHT = (1, 32)


@dataclasses.dataclass(frozen=True)
class Plan:
    cells: tuple
    push: bool = False
    sessions: tuple = ()  # of tls or not

    def rows(self, effort):
        yield from echo_rows(effort, self.cells)
        # How strictly messages are judged is nothing to who sends none.
        few = effort.of(FLOOR, *PEERS, OURS)
        if self.push:
            yield push_row(few)
        for tls in self.sessions:
            yield from session_rows(few, tls)


def cells(*texts):
    return tuple(map(Cell.parse, texts))


SPREAD = cells("256:100:1:4", "256:100:32:4", "4096:100:32:4", "65536:100:32:4")
TLS = tuple(dataclasses.replace(cell, tls=True) for cell in cells("256:100:1", "256:100:32", "65536:100:1"))
QUICK = Plan(cells("256:100:1", "256:100:32", "65536:100:1"))
USUAL = Plan(cells("64:100:1", "256:1:1", "256:100:1", "256:100:32", "256:1000:1", "4096:100:1", "4096:100:32",
                   "65536:100:1", "65536:100:32", "1048576:1:1"))
FULL = Plan(tuple(Cell(size, clients, in_flight) for size in (64, 256, 4096, 65536)
                  for clients, in_flight in ((1, 1), (100, 1), (100, 32), (1000, 1)))
            + cells("1048576:1:1", "1048576:100:1") + SPREAD + TLS, push=True, sessions=(False, True))
AIMED_AT = Plan(tuple(dict.fromkeys(aim.cell for aim in AIMS if aim.cell)), push=True, sessions=(False, True))


def sweep(descriptors):
    """As many of its cells as one process may have sockets for: a client's and one for each of its services."""
    whole = [Cell(256, clients, in_flight, services)
             for services in SWEPT_SERVICES for in_flight in SWEPT_IN_FLIGHT for clients in SWEPT_SESSIONS]
    possible = [cell for cell in whole if cell.clients * (1 + cell.services) <= descriptors]
    for cell in whole:
        if cell not in possible:
            say(f"left out, since a process may have {descriptors:,} descriptors only (ulimit -n): {cell.what}")
    return Plan(tuple(possible))
