"""Checks the tree against the rules in tidy_rules.py and against .clang-format.

tidy.py [--rule NAME]   every rule, or one; exit 1 when something is found, 77 when its tool is not installed
tidy.py --list          the rules' names
tidy.py --selftest      plants a violation of every rule, and an innocent neighbour of it, and judges the rules
"""
import argparse
import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

import tidy_rules

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["libgw", "apps", "bench", "testbed", "cmake", ".ci"]
SKIPPED = 77
CLANG_FORMAT = "clang-format-14"


def files(root):
    """Every source of the tree; corpora are data."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if not path.is_file() or name.startswith("testbed/corpus/") or "__pycache__" in name:
                continue
            if path.suffix in {".cpp", ".hpp", ".py", ".js", ".sh", ".cmake"} or path.suffix == "" or path.name == "CMakeLists.txt":
                yield tidy_rules.source(name, path.read_text(errors="replace"))


def judge(rule, sources):
    """Prints what a rule finds; returns how much."""
    found = 0
    for file in sources:
        for line, message in rule(file):
            print(f"{file.path}:{line}: {rule.__name__}: {message}")
            found += 1
    return found


def layout(root):
    """clang-format agrees with every C++ file. Returns the number of files it would change, or None without the tool."""
    if not shutil.which(CLANG_FORMAT):
        return None
    paths = [root / file.path for file in files(root) if file.is_cpp]
    changed = 0
    for start in range(0, len(paths), 50):
        result = subprocess.run([CLANG_FORMAT, "--dry-run", "--Werror", "--style=file", *paths[start:start + 50]],
                                capture_output=True, text=True)
        wrong = {line.split(":")[0] for line in result.stderr.splitlines() if "clang-format-violations" in line}
        for path in sorted(wrong):
            print(f"{pathlib.Path(path).relative_to(root)}: layout: run {CLANG_FORMAT} -i")
        changed += len(wrong)
        if result.returncode != 0 and not wrong:
            print(result.stderr)
            changed += 1
    return changed


# rule: (path, text with a violation, text of an innocent neighbour)
PLANTED = {
    "layers": [("libgw/wire/a.hpp", '#include "net/b.hpp"\n', '#include "core/b.hpp"\n#include "wire/c.hpp"\n'),
               ("libgw/wire/a.cpp", '#include "testing/b.hpp"\n', '#include <net/if.h>\n'),
               ("libgw/gateway/a.cpp", '#include "tools/b.hpp"\n', '#include "net/b.hpp"\n'),
               ("apps/wsgw/a.cpp", '#include "testing/b.hpp"\n', '#include "tools/b.hpp"\n')],
    "third_party": [("libgw/gateway/a.hpp", "#include <boost/asio/post.hpp>\n", "#include <boost/system/result.hpp>\n"),
                    ("libgw/net/a.hpp", "#include <boost/beast/http.hpp>\n", "#include <boost/asio/post.hpp>\n"),
                    ("libgw/core/a.cpp", "#include <openssl/rand.h>\n", "#include <fmt/core.h>\n"),
                    ("libgw/route/a.cpp", "#include <toml++/toml.h>\n", "#include <re2/re2.h>\n"),
                    ("libgw/config/a.cpp", "#include <CLI/CLI.hpp>\n", "#include <toml++/toml.h>\n")],
    "build_layers": [("libgw/CMakeLists.txt", "gw_layer(core)\n", "".join(
        f"gw_layer({layer}{' USES ' + uses if uses else ''} LINKS Some::thing)\n" for layer, uses in tidy_rules.LAYERS.items()))],
    "file_length": [("libgw/core/a.cpp", "int f();\n" * 401, "int f();\n" * 400)],
    "function_length": [
        ("libgw/core/a.cpp", "int f() {\n" + "  g();\n" * 69 + "}\n", "int f() {\n" + "  if (x) {\n  }\n" * 34 + "}\n"),
        ("libgw/core/a.cpp", "namespace a {\nstruct s {\n  int f() const {\n" + "g();\n" * 69 + "}\n};\n}\n",
         "namespace a {\nint f() {\n  g();\n}\n" + "int h();\n" * 80 + "}\n"),
        ("libgw/core/a.cpp", "x f() {\n" + "  g([] { h(); });\n" * 69 + "}\n",
         "// Why.\n// tidy: long function: a state machine\nx f() {\n" + "  g();\n" * 90 + "}\n"),
        ("libgw/core/a_test.cpp", 'TEST_CASE("a") {\n' + "  g();\n" * 69 + "}\n", "row const rows[] = {\n" + "  {1},\n" * 90 + "};\n")],
    "shared_from_this": [("libgw/net/a.hpp", "struct a : std::enable_shared_from_this<a> {};\n", "// no shared_from_this\n")],
    "mutable_globals": [
        ("libgw/core/a.cpp", "static int count = 0;\n", "static int count();\nstatic constexpr int most = 3;\n"),
        ("libgw/core/a.cpp", "inline std::string name;\n", "inline std::string const name = f();\ninline int f() { return 1; }\n"),
        ("libgw/core/a.cpp", "int f() {\n  static std::map<int, int> seen{};\n}\n", "int f() {\n  static table const rows{1};\n}\n"),
        ("libgw/core/a.cpp", "int f() {\n  thread_local buffer b;\n}\n", "int f() {\n  std::vector<int> seen;\n}\n"),
        ("libgw/core/a.cpp", "static int seen;\n", "// tidy: global: the process has one stderr\nstatic int seen;\n"),
        ("libgw/core/a.cpp", "namespace {\nstd::atomic<int> live{0};\n}\n", "namespace {\nint live();\nusing a = int;\nstruct b;\n}\n")],
    "coroutine_temporaries": [
        ("libgw/net/a.cpp", "f() {\n  co_await run([this] { g(); });\n}\n", "f() {\n  auto go = [this] { g(); };\n  co_await run(go);\n}\n"),
        ("libgw/net/a.cpp", "f() {\n  auto r = co_await\n      run([&](int a) { g(); });\n}\n", "f() {\n  auto [a, b] = co_await run(rows[i](1));\n}\n"),
        ("libgw/net/a.cpp", "f() {\n  if (auto r = co_await run(point{1, 2}); !r) {\n    g();\n  }\n}\n",
         "f() {\n  if (auto r = co_await run(p); !r) {\n    g();\n  }\n}\n"),
        ("libgw/net/a.cpp", "f() {\n  co_await run({1, 2});\n}\n", "f() {\n  g(point{1});\n  co_await run([] { h(); });\n}\n")],
    "test_names": [("libgw/core/a_test.cpp", 'TEST_CASE("a; b") {\n}\n', 'TEST_CASE("it\'s a/b (c), $d - e: f.") {\n}\n'),
                   ("libgw/core/a_test.cpp", 'TEST_CASE("a \\"b\\"", "[x]") {\n}\n', 'TEST_CASE("a b", "[x]") {\n}\n')],
    "header_comment": [("libgw/core/a.hpp", "#pragma once\n", "// What lives here.\n#pragma once\n"),
                       ("libgw/core/a.hpp", "// What.\n\nint f();\n", "// What.\n// Who.\n#pragma once\n\nint f();\n")],
    "std_regex": [("libgw/core/a.cpp", "#include <regex>\n", "// std::regex is slow\n")],
    "sleeps": [("libgw/net/a.cpp", "std::this_thread::sleep_for(1ms);\n", "std::this_thread::sleep_for(1ms);  // sleep: it measures it\n"),
               ("testbed/scenarios/a.py", "time.sleep(1)\n", "# sleep: the peer is slow by design\ntime.sleep(1)\n")],
    "awaited_conditions": [
        ("libgw/net/a.cpp", "  if (co_await next() == 0) co_return;\n", "  if (auto n = co_await next(); n == 0) co_return;\n"),
        ("libgw/net/a.cpp", "  while (co_await next()) {\n", "  while (running) co_await next();\n"),
    ],
    "suppressions": [("libgw/net/a.cpp", "f();  // NOLINT\n", "f();\n"), ("cmake/a.cmake", "-Wno-shadow\n", "-Wshadow\n")],
    "leftovers": [("libgw/net/a.cpp", "// TODO: all\n", "// to do: nothing\n")],
    "names": [("libgw/net/a.hpp", "class session_manager {\n", "class session {\n")],
    "test_files": [("libgw/net/a_test.cpp", "int f();\n", 'TEST_CASE("a") {\n}\n'),
                         ("libgw/net/a_fuzz.cpp", "int f();\n", 'extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const*, std::size_t);\n')],
    "layout": [("libgw/core/a.cpp", "int  f( );\n", "int f();\n")],
}


def judge_planted(rule, path, text):
    """How much a rule finds in a tree of one file."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text(text)
        if rule == "layout":
            shutil.copy(ROOT / ".clang-format", root)
            with contextlib.redirect_stdout(None):
                return layout(root)
        return sum(len(list(rule(file))) for file in files(root))


def selftest():
    wrong = 0
    rules = {rule.__name__: rule for rule in tidy_rules.RULES} | {"layout": "layout"}
    for name, rule in rules.items():
        for path, guilty, innocent in PLANTED.get(name, [("", "", "")]):
            if not path:
                print(f"{name}: nothing is planted for it")
                wrong += 1
            elif name == "layout" and not shutil.which(CLANG_FORMAT):
                continue
            else:
                for text, expected in ((guilty, True), (innocent, False)):
                    if bool(judge_planted(rule, path, text)) != expected:
                        print(f"{name}: {'misses' if expected else 'is wrong about'}:\n{text[:300]}")
                        wrong += 1
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rule")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--selftest", action="store_true")
    options = parser.parse_args()
    known = [rule.__name__ for rule in tidy_rules.RULES] + ["layout"]
    if options.list:
        print("\n".join(known))
        return 0
    if options.selftest:
        return selftest()
    if options.rule and options.rule not in known:
        parser.error(f"no rule '{options.rule}'; there are: {', '.join(known)}")

    sources = list(files(ROOT))
    found = sum(judge(rule, sources) for rule in tidy_rules.RULES if options.rule in (None, rule.__name__))
    if options.rule in (None, "layout"):
        changed = layout(ROOT)
        if changed is None:
            print(f"layout: {CLANG_FORMAT} is not installed")
            if options.rule:
                return SKIPPED
        found += changed or 0
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
