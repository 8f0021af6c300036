"""Injects faults, measures, and prints one table of figures. Started by testbed/prove.

A verdict is one of: ok; short (a figure falls short of its goal); FAILED (a promise was broken: a message lost without
a word, misrouted, reordered, duplicated, or a crash); not run (the machine lacks something, or the line is for the full
form). Only FAILED makes the exit
status 1. Everything that a line says goes to build/prove/ID.log; what failed keeps its journals in build/prove/ID. The
table of all lines is build/prove/table.md, in the short form table-short.md; with --only it is only printed.
"""
import argparse
import asyncio
import contextlib
import importlib
import os
import pathlib
import resource
import shutil
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
MODULES = ["capacity", "slow_readers", "upstreams_die", "gateway_ends", "network", "resources", "instances", "suites"]
SHORT_LIMIT = 120  # seconds for a line


def parsed():
    parser = argparse.ArgumentParser(prog="testbed/prove", description=__doc__.split("\n\n")[0])
    parser.add_argument("--short", action="store_true", help="smaller counts and times: four minutes on two cores")
    parser.add_argument("--only", metavar="ID,ID", default="", help="lines whose id begins so")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn by lot [1]")
    parser.add_argument("--build", default=str(ROOT / "build" / "release"), type=os.path.abspath,
                        help="the build to prove [build/release]")
    parser.add_argument("--list", action="store_true", help="only name the lines")
    return parser.parse_args()


def chosen(lines, only):
    wanted = [word.strip() for word in only.split(",") if word.strip()]
    return [one for one in lines if not wanted or any(one.id == w or one.id.startswith(w + ".") for w in wanted)]


def prepare(build):
    """Returns the folder of the logs."""
    os.environ["WSGW"] = os.path.join(build, "apps/wsgw/wsgw")
    os.environ["INSTRUMENTS"] = os.path.join(build, "testbed/instruments")
    if not os.path.exists(os.environ["WSGW"]):
        sys.exit(f"{os.environ['WSGW']} is not there; build it, or name a build with --build")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    out = pathlib.Path(build).parent / "prove"
    out.mkdir(parents=True, exist_ok=True)
    return out


def tell(one, seed, short, out):
    """Runs a line. Returns its verdict and what was seen."""
    from lib.proof import not_run, trial
    from lib.story import run_story, untrue
    if short and one.full_only:
        return "not run", f"full form only: {one.full_only}"
    folder = out / one.id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    how = trial(str(folder), seed, short)
    limit = SHORT_LIMIT if short else one.limit
    verdict, why = "ok", ""
    with open(out / f"{one.id}.log", "w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
        print((one.story.__doc__ or one.id).strip(), flush=True)
        try:
            run_story(asyncio.wait_for(one.story(how), limit))
            verdict = "short" if how.missed else "ok"
            why = "".join(f"; short: {sentence}" for sentence in how.missed)
        except not_run as lacking:
            verdict, why = "not run", f"needs {lacking}"
        except untrue as broken:
            verdict, why = "FAILED", f"; NOT TRUE: {broken}"
        except asyncio.TimeoutError:
            verdict, why = "FAILED", f"; NOT TRUE: the line ends within {limit} s"
        except Exception as bug:  # the next lines are still told
            verdict, why = "FAILED", f"; {type(bug).__name__}: {bug}"
            traceback.print_exc(file=log)
        print(f"{verdict} {why}", flush=True)
    if verdict != "FAILED":
        shutil.rmtree(folder, ignore_errors=True)
    return verdict, ("; ".join(how.seen) + why).strip("; ")


def table(rows, short, seed):
    kind = "Short form: smaller counts and times than the goals name." if short else "Full form."
    head = ["id", "goal", "wanted", "seen", "verdict"]
    form = "--short " if short else ""
    text = [f"{kind} Seed {seed}. One line again: testbed/prove {form}--only ID --seed {seed}", "",
            "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(text + ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]) + "\n"


def main():
    options = parsed()
    out = prepare(options.build)
    sys.path.insert(0, str(HERE))
    lines = [one for name in MODULES for one in importlib.import_module(f"faults.{name}").LINES]
    lines = chosen(lines, options.only)
    if options.list:
        print("\n".join(f"{one.id:14} {one.goal}" for one in lines))
        return 0
    if not lines:
        sys.exit("no such line; see testbed/prove --list")
    rows = []
    for one in lines:
        print(f"{one.id:14} {one.goal} ...", end="", flush=True, file=sys.stderr)
        started = time.monotonic()
        verdict, seen = tell(one, options.seed, options.short, out)
        print(f" {verdict}, {time.monotonic() - started:.0f} s", file=sys.stderr)
        goal = f"{one.goal} ({one.short_form})" if options.short and one.short_form else one.goal
        rows.append([one.id, goal, one.figure, seen, verdict])
    text = table(rows, options.short, options.seed)
    if not options.only:
        (out / ("table-short.md" if options.short else "table.md")).write_text(text, encoding="utf-8")
    print(text)
    return 1 if any(row[-1] == "FAILED" for row in rows) else 0


sys.exit(main())
