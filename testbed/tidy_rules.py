"""The rules of the house that no compiler checks. Each is a function: source -> (line, message) for every violation.

A rule is a heuristic over text. It is written for code as clang-format leaves it and may be wrong about other code.
"""
import re

# What each folder of libgw may include (ARCHITECTURE: layers, lowest first). libgw/CMakeLists.txt repeats it as USES.
LAYERS = {
    "core": "",
    "config": "core",
    "wire": "core",
    "route": "core config wire",
    "cluster": "core config",
    "net": "core wire",
    "discovery": "core config cluster net",
    "gateway": "core config wire route cluster net discovery",
    "tools": "core config wire route cluster net",
    "testing": "core config wire net",
}

# Where a third-party library may be named: (include prefix, what may name it, as a pattern over paths).
THIRD_PARTY = [
    (r"boost/beast", r"libgw/net/\w+\.cpp|bench/|libgw/\w+/\w+_(test|fuzz)\.cpp"),
    (r"boost/asio", r"libgw/(net|testing)/|bench/"),
    (r"openssl/", r"libgw/(net|wire|testing)/|bench/"),
    (r"zlib\.h", r"libgw/(wire|net)/"),
    (r"toml\+\+", r"libgw/config/"),
    (r"re2/", r"libgw/(route|tools)/"),
    (r"histedit", r"apps/"),
    (r"ares\.h", r"libgw/(net|testing)/"),
    (r"CLI/", r"apps/"),
    (r"catch2/", r"libgw/testing/catch\.hpp$"),
    (r"benchmark/", r"bench/"),
]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((?:.*?)\)\1"|"(?:[^"\\\n]|\\.)*"|(?<![0-9a-fA-F])\'(?:[^\'\\\n]|\\.)+\'', re.S)


class source:
    """A file: its text, its lines, and its code with comments and literals blanked (same length, same lines)."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.name = path.rsplit("/", 1)[-1]
        self.lines = text.splitlines()
        self.is_cpp = path.endswith((".cpp", ".hpp"))
        self.folder = path.split("/")[1] if path.startswith("libgw/") and path.count("/") > 1 else path.split("/")[0]
        self.is_test = bool(re.search(r"_(test|fuzz|bench|rows)\.[ch]pp$", path)) or self.folder == "testing"
        self.code = STRING.sub(self._blank, text) if self.is_cpp else text
        self.bare = re.sub(r"(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", self._blank, self.code)  # also without directives

    @staticmethod
    def _blank(match):
        text = match.group(0)
        inside = re.sub(r"[^\n]", " ", text)
        return inside if text[0] in "/#" or text.lstrip()[:1] == "#" else '"' + inside[1:-1] + '"'

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def matches(self, pattern, text=None):
        for match in re.finditer(pattern, self.code if text is None else text):
            yield self.line_of(match.start()), match

    def has_reason(self, line, tag):
        """Whether `// tag: reason` (or #) stands on this line or in the comment directly above."""
        pattern = re.compile(r"(//|#)\s*" + re.escape(tag) + r":\s*\S")
        if pattern.search(self.lines[line - 1]):
            return True
        above = line - 2
        while above >= 0 and self.lines[above].lstrip().startswith(("//", "#")):
            if pattern.search(self.lines[above]):
                return True
            above -= 1
        return False


def includes(file):
    for number, text in enumerate(file.lines, 1):
        if file.is_cpp and (match := INCLUDE.match(text)):
            yield number, match.group(1), match.group(2)


def layers(file):
    """A folder of libgw includes only the folders its row names."""
    for line, kind, name in includes(file):
        layer = name.split("/")[0]
        if kind != '"' or layer not in LAYERS:
            continue
        if file.folder in LAYERS:
            allowed = [file.folder, *LAYERS[file.folder].split()] + (["testing"] if file.is_test else [])
        else:
            allowed = [known for known in LAYERS if known != "testing" or file.is_test]
        if layer not in allowed:
            yield line, f"{file.folder} may not include {name}"


def third_party(file):
    """A library is named only in the folder that hides it."""
    for line, _, name in includes(file):
        for prefix, allowed in THIRD_PARTY:
            if re.match(prefix, name) and not re.match(allowed, file.path):
                yield line, f"<{name}> may not be included here"


def build_layers(file):
    """libgw/CMakeLists.txt declares every layer, with the same USES as the table above."""
    if file.path != "libgw/CMakeLists.txt":
        return
    declared = {match.group(1): match.group(2) or "" for _, match in
                file.matches(r"(?m)^gw_layer\((\w+)(?:\s+USES\s+([a-z ]+[a-z]))?")}
    for layer, uses in LAYERS.items():
        if declared.get(layer) != uses:
            yield 1, f"gw_layer({layer}) USES '{declared.get(layer)}', testbed/tidy_rules.py says '{uses}'"


def file_length(file):
    """No file is longer than 400 lines."""
    if len(file.lines) > MAX_FILE_LINES:
        yield MAX_FILE_LINES + 1, f"{len(file.lines)} lines, at most {MAX_FILE_LINES}"


def functions(file):
    """(first line, last line) of every function at namespace or class scope."""
    stack, header = [], 0
    for match in re.finditer(r"[{};]", file.bare):
        mark, here = match.group(0), match.start()
        inside_function = any(kind == "function" for kind, _ in stack)
        if mark == "{":
            text = file.bare[header:here]
            start = file.line_of(header + len(text) - len(text.lstrip()))
            if inside_function:
                kind = "block"
            elif re.search(r"\b(namespace|class|struct|union|enum)\b(?![^<]*>)[^()=]*$", text) or "extern" in text.split():
                kind = "scope"
            else:
                kind = "function" if "(" in text else "data"
            stack.append((kind, start))
        elif mark == "}" and stack:
            kind, start = stack.pop()
            if kind == "function":
                yield start, file.line_of(here)
        if not inside_function or mark == "}":
            header = here + 1


def function_length(file):
    """No function is longer than 70 lines without a line `// tidy: long function: reason` above it."""
    for first, last in functions(file) if file.is_cpp else ():
        if last - first + 1 > MAX_FUNCTION_LINES and not file.has_reason(first, "tidy: long function"):
            yield first, f"a function of {last - first + 1} lines, at most {MAX_FUNCTION_LINES}"


def forbid(pattern, message, applies=lambda file: file.is_cpp, raw=False):
    def rule(file):
        if applies(file):
            for line, _ in file.matches(pattern, file.text if raw else None):
                yield line, message
    rule.__doc__ = message
    return rule


shared_from_this = forbid(r"shared_from_this", "no shared_from_this: a coroutine frame owns its objects")
std_regex = forbid(r"std::w?regex|#\s*include\s*<regex>", "no std::regex: RE2")
leftovers = forbid(r"\b(TODO|FIXME|XXX|HACK)\b", "no leftovers in the tree", lambda file: not file.name.startswith("tidy"), raw=True)
# cmake/toolchain.cmake may silence false alarms of one compiler version; it names the compiler's bug for each.
suppressions = forbid(r"NOLINT|#\s*pragma\s+(GCC|clang)\s+diagnostic|-Wno-|no_sanitize\b", "no warning or finding is suppressed",
                      lambda file: not file.name.startswith("tidy") and file.path != "cmake/toolchain.cmake", raw=True)
# The condition of an if or while must not be computed from a co_await without a named result: g++ 12 reads a stale frame.
awaited_conditions = forbid(r"\b(if|while)\s*\((?![^;()]*;)(?!.*=\s*co_await)[^;]*co_await[^;]*\)\s*(\{|co_return|return|break|continue|$)",
                            "a co_await in a condition without a named result")
names = forbid(r"\b(class|struct|namespace|concept|enum class)\s+\w*(manager|helper|util|impl|handler)s?\b",
               "a name that says nothing: manager, helper, util, impl, handler")


def sleeps(file):
    """Nothing sleeps, except with `// sleep: reason`."""
    if file.path.startswith("bench/") or file.name.startswith("tidy"):
        return
    for line, _ in file.matches(r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(|((?<![\w>])::|\btime\.|\basyncio\.)sleep\("):
        if not file.has_reason(line, "sleep"):
            yield line, "no sleeps: wait for the event (or say why: `// sleep: reason`)"


def mutable_globals(file):
    """No variable outlives a call and can change: namespace-scope non-const, function-local static, thread_local.

    What belongs to the process itself says so above: `// tidy: global: reason`.
    """
    if not file.is_cpp:
        return
    for line, message in variables_that_outlive_calls(file):
        if not file.has_reason(line, "tidy: global"):
            yield line, message


def variables_that_outlive_calls(file):
    for line, _ in file.matches(r"\bthread_local\b"):
        yield line, "thread_local is a mutable global"
    for line, match in file.matches(r"(?<![\w.])(?:static|inline)\s+(?!_)[^;{}()=]*?(?=[;{=(])"):
        text = match.group(0)
        is_function = file.code[match.end()] == "("
        if not is_function and not re.search(r"\b(const|constexpr|consteval|namespace|operator|struct|class)\b", text):
            yield line, f"a mutable global: {' '.join(text.split())}"
    for line, match in file.matches(r"(?m)^(?!using|typedef|return|extern|template|namespace|class|struct|enum|union|friend|public|"
                                    r"private|protected|static|inline|else|case|default|goto|concept|requires|co_\w+|"
                                    r"throw|delete|break|continue|constexpr|const\b)[a-z_][\w:<>, *&]*[\s>*&]\w+(\[\w*\])?\s*(=[^=;]*|\{[^;]*\})?;"):
        if not re.search(r"\b(const|constexpr)\b", match.group(0)):
            yield line, f"a mutable global: {' '.join(match.group(0).split())}"


def full_expression(text, at):
    """The statement around offset `at`, as far as clang-format's line ends tell."""
    start, depth = at, 0
    while start > 0:
        before = text[start - 1]
        ends_line = text[start - 1:].split("\n", 1)[0].strip() == before
        if before == ";" or (before in "{}" and ends_line):
            break
        depth += {"}": 1, "{": -1}.get(before, 0)
        if depth < 0:
            break
        start -= 1
    end, depth = at, 0
    while end < len(text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[end], 0)
        if depth < 0 or (text[end] == ";" and depth == 0):
            break
        end += 1
    return text[start:end]


def coroutine_temporaries(file):
    """g++ 12 destroys twice what is made inside a co_await expression: no capturing lambda, no braced temporary there."""
    for line, match in file.matches(r"\bco_(await|spawn)\b", file.bare) if file.is_cpp else ():
        expression = full_expression(file.bare, match.start())
        if re.search(r"(?<![\w\])\[])\[\s*[&=\w*][^\[\]]*\]\s*(\(|\{|mutable\b|noexcept\b|->)", expression):
            yield line, "a capturing lambda in a co_await expression: name it first"
        if re.search(r"[\w>]\{|[(,]\s*\{", expression[expression.find("co_"):] if "=" not in expression.split("co_")[0]
                     else expression.split("=", 1)[1]):
            yield line, "a braced temporary in a co_await expression: name it first"


def test_names(file):
    """Catch2 v2 silently skips names with other characters when ctest asks for them by name."""
    if not file.is_cpp:
        return
    for line, match in file.matches(r'\b(?:TEST_CASE|TEMPLATE_TEST_CASE|SCENARIO)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', file.text):
        name = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match.group(1)))
        if not re.fullmatch(r"[A-Za-z0-9$'(/][A-Za-z0-9 ,.'()/$:-]*[^ ]", name):
            yield line, f"a test name of other characters than letters, digits, spaces and , . ' ( ) / $ - :  \"{name}\""


def header_comment(file):
    """A header begins with 1 to 5 comment lines, then #pragma once."""
    if not file.path.endswith(".hpp"):
        return
    count = next((n for n, text in enumerate(file.lines) if not text.startswith("//")), len(file.lines))
    if not 1 <= count <= 5:
        yield 1, f"a header begins with 1 to 5 comment lines (what lives here, who uses it), not {count}"
    elif file.lines[count:count + 1] != ["#pragma once"]:
        yield count + 1, "#pragma once follows the comment"


def test_files(file):
    """A file named as a test or a fuzz target is one."""
    if file.name.endswith("_test.cpp") and not re.search(r"\b(TEST_CASE|TEMPLATE_TEST_CASE|SCENARIO)\b", file.code):
        yield 1, "a _test.cpp without a test case"
    if file.name.endswith("_fuzz.cpp") and "LLVMFuzzerTestOneInput" not in file.code:
        yield 1, "a _fuzz.cpp without LLVMFuzzerTestOneInput"


RULES = [layers, third_party, build_layers, file_length, function_length, shared_from_this, mutable_globals,
         coroutine_temporaries, awaited_conditions, test_names, header_comment, std_regex, sleeps, suppressions, leftovers, names,
         test_files]
for name, rule in list(globals().items()):
    if rule in RULES:
        rule.__name__ = name
