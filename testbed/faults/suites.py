"""Lines that other suites of this project prove: attacks, smuggling, fuzzing, sanitizers."""
import os
import re
import sys

from lib.process import binary, run
from lib.proof import line, needs
from lib.story import check

TESTBED = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOURS = 3 * 3600  # that building and testing under two sanitizers may take


async def attacks(how):
    """The tables of bad input, each with its exact answer."""
    scenario = os.path.join(TESTBED, "scenarios", "attack_tables.py")
    told = await run(sys.executable, "-B", scenario, env={"PYTHONPATH": TESTBED}, within=1200)
    print(told.out)
    judged = re.search(r"inputs judged: (\d+), (\d+) of them raw requests that smuggle", told.out)
    check("every row of the tables is answered as it says", told.status == 0 and judged, told)
    how.saw("inputs judged", f"{int(judged.group(1)):,}, {judged.group(2)} of them raw requests that smuggle")
    how.wants("300 inputs are judged", int(judged.group(1)) >= 300)


async def corpora(how):
    """Every fuzz target replays its corpus."""
    build = os.path.dirname(os.path.dirname(os.path.dirname(binary())))
    replayed = await run("ctest", "--test-dir", build, "-L", "fuzz", within=300)
    needs("No tests were found" not in replayed.out + replayed.err, "the target `fuzzers` to be built")
    needs("Not Run" not in replayed.out, "the target `fuzzers` to be built")
    passed = re.search(r"(\d+)% tests passed, (\d+) tests failed out of (\d+)", replayed.out)
    check("every corpus is replayed without a finding", replayed.status == 0 and passed, replayed)
    how.saw("corpora replayed", passed.group(3))


async def sanitizers(how):
    """The whole suite under each kind of sanitizers, from its build on."""
    for suite in ("asan", "tsan"):
        done = await run(os.path.join(TESTBED, "check"), "--only", suite, within=HOURS / 2)
        print(done.out)
        told = re.search(r"(?m)^(\d+) passed, (\d+) failed$", done.out)
        check(f"the suite {suite} passes", done.status == 0 and told, done)
        how.saw(suite, told.group(0))


LINES = [
    line("S1", "tables of bad input", ">= 300 inputs, each with the exact status or code", attacks,
         full_only="ctest runs them as `testbed/attack tables`"),
    line("S5", "fuzz targets replay their corpora (fuzzing: `testbed/check --only fuzz`)", "0 findings", corpora,
         full_only="ctest runs them under the label `fuzz`"),
    line("S6", "all suites under ASan + UBSan and TSan", "0 reports, 0 suppressions", sanitizers,
         full_only="`testbed/check` runs them as its suites asan and tsan", limit=HOURS),
]
