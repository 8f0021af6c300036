"""Lines that other suites of this project prove: attacks, smuggling, fuzzing, sanitizers."""
import os
import re
import sys

from lib.process import binary, run
from lib.proof import line, needs
from lib.story import check

TESTBED = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


async def attacks(how):
    """The tables of bad input, each with its exact answer."""
    scenario = os.path.join(TESTBED, "scenarios", "attack_tables.py")
    needs(os.path.exists(scenario), "testbed/scenarios/attack_tables.py")
    told = await run("env", f"PYTHONPATH={TESTBED}", sys.executable, "-B", scenario, within=how.scaled(1200, 110))
    print(told.out)
    how.saw("true sentences", len(re.findall(r"(?m)^  ok ", told.out)))
    check("every row of the tables is answered as it says", told.status == 0, told)


async def corpora(how):
    """Every fuzz target replays its corpus."""
    build = os.path.dirname(os.path.dirname(os.path.dirname(binary())))
    replayed = await run("ctest", "--test-dir", build, "-L", "fuzz", within=300)
    needs("No tests were found" not in replayed.out + replayed.err, "the target `fuzzers` to be built")
    needs("Not Run" not in replayed.out, "the target `fuzzers` to be built")
    passed = re.search(r"(\d+)% tests passed, (\d+) tests failed out of (\d+)", replayed.out)
    check("every corpus is replayed without a finding", replayed.status == 0 and passed, replayed)
    how.saw("corpora replayed", passed.group(3))


async def sanitizers(_):
    """The whole suite under sanitizers takes an hour: it is a suite of its own."""
    needs(False, "`testbed/check asan tsan`, a build for each")


LINES = [
    line("S1", "tables of bad input", ">= 300 inputs, each with the exact status or code", attacks),
    line("S5", "fuzz targets replay their corpora (fuzzing: `testbed/check fuzz`)", "0 findings", corpora),
    line("S6", "all suites under ASan + UBSan and TSan", "0 reports, 0 suppressions", sanitizers),
]
