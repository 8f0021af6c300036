"""Builds and tests wsgw in every way that counts, and ends with one table. Started by testbed/check."""
import argparse
import collections
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
CORES = os.cpu_count() or 2
SUITES = ["release", "tidy", "asan", "tsan", "clang", "fuzz"]
LABELS = ["core", "config", "wire", "route", "cluster", "net", "discovery", "gateway", "tools", "testbed", "fuzz", "tidy"]
SANITIZERS = {
    "ASAN_OPTIONS": "halt_on_error=1:detect_leaks=1:strict_string_checks=1:check_initialization_order=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
OUTPUT_LINES = 80   # of a failing step, shown at the end
SAY_EVERY_S = 30    # a sign of life from a long step


class Suite:
    """One line of the table, and what its steps have to say about failures."""

    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0
        self.seconds = 0.0
        self.by_label = collections.defaultdict(lambda: [0, 0, 0])
        self.failures = []    # (title, output)
        self.log = BUILD / "check" / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_text("")

    def count(self, ok, title, output="", label=None):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            self.failures.append((title, output))
        if label:
            self.by_label[label][0 if ok else 1] += 1

    def run(self, title, command, env=None):
        """Runs a step, its output to the log; returns (ok, its last lines)."""
        print(f"{self.name}: {title}\n", end="", flush=True)
        lines, said = collections.deque(maxlen=4000), time.monotonic()
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(map(str, command))}\n")
            try:
                process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **(env or {})}, text=True,
                                           errors="replace", stdin=subprocess.DEVNULL,
                                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            except OSError as problem:
                return False, str(problem)
            for line in process.stdout:
                log.write(line)
                lines.append(line)
                if time.monotonic() - said > SAY_EVERY_S:
                    said = time.monotonic()
                    print(f"{self.name}:   {line.strip()[:110]}", flush=True)
        return process.wait() == 0, "".join(lines)


def without_aslr():
    """g++ 12's sanitizers need no more than 28 bits of address randomisation; newer kernels use 32."""
    bits = pathlib.Path("/proc/sys/vm/mmap_rnd_bits")
    setarch = ["setarch", platform.machine(), "-R"]
    try:
        if int(bits.read_text()) > 28 and subprocess.run([*setarch, "true"], stderr=subprocess.DEVNULL).returncode == 0:
            return setarch
    except (OSError, ValueError):
        pass
    return []


def build(suite, preset, prefix=(), targets=()):
    """Configures and builds; a failure counts as one failed check."""
    ok, output = suite.run("configure", [*prefix, "cmake", "--preset", preset], SANITIZERS)
    if ok:
        target = ["--target", *targets] if targets else []
        ok, output = suite.run("build", [*prefix, "cmake", "--build", "--preset", preset, "-j", str(CORES), *target,
                                         "--", "-k", "0"], SANITIZERS)
        errors = [line for line in output.splitlines() if re.search(r": (fatal )?error: |^FAILED|undefined reference", line)]
        output = "\n".join(errors[:OUTPUT_LINES]) or output
    if not ok:
        suite.count(False, f"{suite.name}: build", output)
    return ok


def labels_of(preset):
    listing = subprocess.run(["ctest", "--test-dir", BUILD / preset, "--show-only=json-v1"], capture_output=True, text=True)
    labels = {}
    for test in json.loads(listing.stdout or "{}").get("tests", []):
        for item in test.get("properties", []):
            if item["name"] == "LABELS" and item["value"]:
                labels[test["name"]] = item["value"][0]
    return labels


def ctest(suite, preset, arguments, prefix=()):
    """Runs a build's tests and counts them from ctest's own report, one per Catch2 test case."""
    report = BUILD / preset / f"check-{suite.name}.xml"
    report.unlink(missing_ok=True)
    ok, output = suite.run("test", [*prefix, "ctest", "--test-dir", BUILD / preset, "-j", str(CORES), "--timeout", "300",
                                    "--output-on-failure", "--output-junit", report, *arguments], SANITIZERS)
    cases = xml.parse(report).getroot().iter("testcase") if report.exists() else []
    labels = labels_of(preset)
    ran = False
    for case in cases:
        ran = True
        name, status = case.get("name"), case.get("status")
        label = labels.get(name) or (name.split("_test_NOT_BUILT")[0] if "_NOT_BUILT" in name else "other")
        skip = case.find("skipped")
        if status == "run":
            suite.count(True, name, label=label)
        elif skip is not None and "SKIP_RETURN_CODE" in skip.get("message", ""):
            suite.skipped += 1
            suite.by_label[label][2] += 1
        else:
            text = case.findtext("system-out") or (skip.get("message") if skip is not None else "")
            suite.count(False, f"{suite.name}: {name}", text, label)
    if not ok and not suite.failed:
        suite.count(False, f"{suite.name}: ctest", output)
    elif not ran and not arguments:
        suite.count(False, f"{suite.name}: no tests were found", output)


def release(suite, options):
    build(suite, "release")
    ctest(suite, "release", ["-LE", "^tidy$", *options.ctest])


def tidy(suite, options):
    ok, output = suite.run("configure", ["cmake", "--preset", "release"])
    if not ok:
        return suite.count(False, "tidy: configure", output)
    ctest(suite, "release", ["-L", "^tidy$", *options.ctest])


def sanitizer(suite, options):
    prefix = without_aslr()
    build(suite, suite.name, prefix)
    ctest(suite, suite.name, options.ctest, prefix)


def clang(suite, _options):
    """A second compiler's warnings, and every header on its own. Nothing is run."""
    if build(suite, "clang"):
        suite.count(True, "everything compiles")
    ok, output = suite.run("headers", ["cmake", "--build", "--preset", "clang", "--target", "gw_headers", "-j", str(CORES),
                                       "--", "-k", "0"])
    suite.count(ok, "clang: every header compiles alone", output)


def fuzz(suite, options):
    """Every target from its corpus; what it finds stays under build/."""
    prefix = without_aslr()
    if not build(suite, "fuzz", prefix):
        return
    seconds = 60 if options.full else 10
    targets = sorted((BUILD / "fuzz" / "fuzzers").glob("*_fuzz"))
    sources = {path.stem for path in (ROOT / "libgw").glob("*/*_fuzz.cpp")}

    def one(target):
        subject = target.name.removesuffix("_fuzz")
        found, finds = BUILD / "fuzz" / "corpus" / subject, BUILD / "fuzz" / "finds"
        for folder in (found, finds):
            folder.mkdir(parents=True, exist_ok=True)
        return subject, suite.run(f"{subject}, {seconds} s", [
            *prefix, target, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
            f"-artifact_prefix={finds}/{subject}-", found, ROOT / "testbed" / "corpus" / subject], SANITIZERS)

    with ThreadPoolExecutor(CORES) as pool:
        for subject, (ok, output) in pool.map(one, (target for target in targets if target.name in sources)):
            suite.count(ok, f"fuzz: {subject} (input under build/fuzz/finds)", output, "fuzz")


RUNNERS = {"release": release, "tidy": tidy, "asan": sanitizer, "tsan": sanitizer, "clang": clang, "fuzz": fuzz}


def show_failures(suites):
    for suite in suites:
        for title, output in suite.failures:
            lines = output.strip().splitlines()
            print(f"\n--- FAILED: {title} (all of it: {suite.log.relative_to(ROOT)})")
            if len(lines) > OUTPUT_LINES:
                print(f"[{len(lines) - OUTPUT_LINES} lines before]")
            print("\n".join(lines[-OUTPUT_LINES:]))


def show_table(suites):
    print(f"\n{'suite':<10}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for suite in suites:
        print(f"{suite.name:<10}{suite.passed:>8}{suite.failed:>8}{suite.skipped:>9}{suite.seconds:>9.0f}")
    labels = [label for label in [*LABELS, "other"] if any(label in suite.by_label for suite in suites)]
    columns = [suite for suite in suites if suite.by_label]
    if labels:
        print(f"\n{'tests of':<10}" + "".join(f"{suite.name:>10}" for suite in columns))
    for label in labels:
        cells = []
        for suite in columns:
            passed, failed, skipped = suite.by_label.get(label, (0, 0, 0))
            text = f"{passed}" + (f" -{failed}" if failed else "") + (f" ~{skipped}" if skipped else "")
            cells.append("" if label not in suite.by_label else text)
        print(f"{label:<10}" + "".join(f"{cell:>10}" for cell in cells))
    if labels:
        print("(-N failed, ~N skipped)")
    print(f"\n{sum(s.passed for s in suites)} passed, {sum(s.failed for s in suites)} failed")


def main():
    parser = argparse.ArgumentParser(
        prog="testbed/check", description="Builds wsgw in every way that counts and runs all tests.",
        epilog="All other arguments go to ctest, e.g.: testbed/check --only release -R ^wire/")
    parser.add_argument("--only", choices=SUITES, action="append", help="run this suite only (may be repeated)")
    parser.add_argument("--full", action="store_true", help="fuzz every target for 60 s instead of 10 s")
    options, options.ctest = parser.parse_known_args()

    chosen = [name for name in SUITES if not options.only or name in options.only]
    if options.ctest and not options.only:
        chosen = [name for name in chosen if name not in ("clang", "fuzz")]
    done = []
    for name in chosen:
        suite, start = Suite(name), time.monotonic()
        RUNNERS[name](suite, options)
        suite.seconds = time.monotonic() - start
        done.append(suite)
    show_failures(done)
    show_table(done)
    return 1 if any(suite.failed for suite in done) else 0


if __name__ == "__main__":
    sys.exit(main())
