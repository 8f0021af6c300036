"""What `wsgw bench` costs beside gw_epoll_client, which does no more than a closed loop needs, against the same service."""
from compare_lib import report
from compare_lib.runs import Cell, bench, check, ms, say
from compare_lib.world import LOAD_CORE, PROXY_CORE, Failure, World

BARE, OURS = "gw_epoll_client", "wsgw bench"
CELLS = tuple(map(Cell.parse, ("256:100:1", "256:100:32", "4096:100:1", "4096:100:32")))
LIMIT = 2.0  # times the cost


def run_bench(world, address, cell, seconds):
    return bench(world, f"ws://{address}/ws", *cell.load(), "-d", ms(seconds), "--warmup", ms(seconds / 4),
                 within=seconds + 60)


def run_bare(world, address, cell, seconds):
    client = world.start(LOAD_CORE, BARE, world.epoll_client, address, *map(str, (cell.clients, cell.in_flight,
                                                                                  cell.size, seconds)))
    found, = client.wait_for_json(lambda line: line if "messages_answered" in line else None, within=seconds + 60)
    client.end()
    if not found["messages_answered"]:
        raise Failure(f"{BARE}: no message was answered")
    return found


def compare(build, repeat, seconds):
    """Both in turn; of each the cheapest run counts. {"schema", "rows": [{"what", "us", "ratio", "verdict"}]}"""
    rows = []
    with World(build) as world:
        mock, (address,) = world.mock_service(["echo"], "--reply", "raw", core=PROXY_CORE)
        for cell in CELLS:
            check(world, f"ws://{address}/ws", mock.name, cell)
            runs = {OURS: [], BARE: []}
            for repetition in range(repeat):
                say(f"{cell.what}: {repetition + 1} of {repeat}")
                for name, run in ((OURS, run_bench), (BARE, run_bare)):
                    runs[name].append(run(world, address, cell, seconds)["own_cpu_us_per_message"])
            least = {name: min(costs) for name, costs in runs.items()}
            ratio = least[OURS] / least[BARE]
            rows.append({"what": cell.what, "us": least, "ratio": ratio, "verdict": "ok" if ratio <= LIMIT else "short"})
    return {"schema": "wsgw.compare_generator.v1", "rows": rows}


def table(found):
    lines = [f"CPU µs per echoed message of the generator itself; `{OURS}` is to cost at most {LIMIT:g} times as much.\n",
             f"| what | {BARE} | {OURS} | ratio | verdict |", "|---|---|---|---|---|"]
    lines += [f"| {row['what']} | {row['us'][BARE]:.3f} | {row['us'][OURS]:.3f} | {report.ratio(row['ratio'])} | "
              f"{row['verdict']} |" for row in found["rows"]]
    return "\n".join(lines)
