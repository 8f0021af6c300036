"""The documents: every command in them is run, in order, and prints what they say; whatever they name is there.

A block of a document is one of these; any other makes the story untrue.
  sh              commands, run one after the other; a comment `# exit 4` says how one ends, else it is with 0
  text            what the commands of the block before it print, in any order: `…` stands for anything
  python, toml, … a file, whose name is the first line's comment; unnamed TOML is a configuration
  (no word)       the picture, which is the first block of a document
Every heading begins a new folder without processes. Ports are those of the document, all moved by one number.
"""
import collections
import os
import random
import re
import shlex
import signal
import socket
import subprocess
import tempfile

from lib.gateway import http_get
from lib.kernel import listens
from lib.process import binary, process, run
from lib.story import check, check_equal, measured, patience, tell, until, untrue

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RECIPES, REFERENCE = "apps/wsgw/recipes.md", "apps/wsgw/reference.md"
RUN = ("README.md", "README.zh-CN.md", RECIPES)
NAMING = (*RUN, "libgw/README.md", "testbed/README.md", "bench/README.md")
PORTS = (8080, 8443, 9001, 9002, 9101, 9102, 9900)
ADMIN = PORTS[-1]
CLEAN = ("env", *(word for name in ("CONFIG", "LISTEN", "ADMIN", "LOG_LEVEL") for word in ("-u", f"WSGW_{name}")))
FILES = ("python", "toml", "ini", "yaml")
# They take minutes, change the machine, or need others: looked for, not run.
ONLY_THERE = ("bash testbed/demo", "bash testbed/check", "bash testbed/install-deps", "bench/compare")
SCRIPTS = ("bench/", "testbed/")  # what else has options, beside wsgw
PATH_LINE = "export PATH=$PWD/build/release/apps/wsgw:$PATH"
GOES_ON = re.compile(r"wsgw serve\b(?!.*--check)|wsgw mock-service\b|python3 \w+\.py\b")
COMMANDS = {"wsgw", "openssl", "curl", "grep", "kill", "pidof", "echo"}
SHELL_WORDS = {"do", "then", "else"}
LOOKS = ("curl ", "grep ")  # what they show may need a moment

block = collections.namedtuple("block", "kind text line")


def document(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def worlds(name):
    """{heading: [block]}"""
    found, heading, kind, lines = {}, "", None, []
    for number, line in enumerate(document(name).splitlines(), 1):
        if line.startswith("```"):
            if kind is None:
                kind, lines = line[3:], []
            else:
                found.setdefault(heading, []).append(block(kind, "\n".join(lines) + "\n", number - len(lines)))
                kind = None
        elif kind is not None:
            lines.append(line)
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    if kind is not None:
        raise untrue(f"{name}: every block ends")
    return found


def statements(text):
    """The commands of a block: lines, and what goes on over several of them."""
    pending = ""
    for line in text.splitlines(keepends=True):
        pending += line
        if line.endswith("\\\n") or subprocess.run(["bash", "-n"], input=pending, text=True, stderr=subprocess.DEVNULL,
                                                   check=False).returncode:
            continue
        yield pending.strip()
        pending = ""
    if pending:
        raise untrue(f"the shell understands: {pending}")


def command_words(statement):
    """The words of a statement that name a command."""
    words = shlex.shlex(statement.replace("\\\n", " "), posix=True, punctuation_chars=True)
    words.whitespace = " \t"
    first, found = True, []
    for word in words:
        if set(word) <= set("();<>|&\n") or word in SHELL_WORDS:
            first = set(word) <= set("();|&\n") or word in SHELL_WORDS
        elif first:
            if word == "for":
                first = False
            elif word != "done":
                found.append(word)
                first = False
    return found


def moved_ports():
    """How far the ports must be moved so that all are free; below those that connections take."""
    for _ in range(100):
        by = random.randrange(1000, 20000)
        try:
            for port in PORTS:
                with socket.socket() as trying:
                    trying.bind(("127.0.0.1", port + by))
            return by
        except OSError:
            continue
    raise untrue("there are free ports")


def like(expected):
    """A pattern for a line; how many spaces there are is not compared."""
    return ".*".join(re.escape(" ".join(part.split())) for part in re.split(r"\s*…\s*", expected))


class output:
    """What a document says that its commands print."""

    def __init__(self, text):
        self._lines = text.splitlines()

    def has(self, line):
        return any(re.fullmatch(like(expected), " ".join(line.split())) for expected in self._lines)

    def compare(self, where, printed):
        left = [" ".join(line.split()) for line in printed.splitlines()]
        for expected in self._lines:
            found = next((line for line in left if re.fullmatch(like(expected), line)), None)
            check(f"{where}:   {expected.strip()[:90]}", found is not None, printed)
            left.remove(found)
        check(f"{where}:   and nothing else", not any(left), "\n".join(left))


class world:
    """An async context manager: a folder with the program on PATH, and the processes that were started in it."""

    def __init__(self, name, by):
        self._name, self._by = name, by
        self._running = []
        self._gateway = None

    async def __aenter__(self):
        self._base = tempfile.TemporaryDirectory(prefix="wsgw-readme-")
        self.folder, bin_folder = (os.path.join(self._base.name, name) for name in ("work", "bin"))
        for folder in (self.folder, bin_folder):
            os.mkdir(folder)
        os.symlink(os.path.abspath(binary()), os.path.join(bin_folder, "wsgw"))
        os.symlink("/usr/bin/python3", os.path.join(bin_folder, "python3"))
        self._env = (f"PATH={bin_folder}:{os.environ['PATH']}", f"HOME={self._base.name}")
        return self

    async def __aexit__(self, _, why, __):
        try:
            for started in reversed(self._running):
                await started.end(why)
        finally:
            self._base.cleanup()

    def moved(self, text):
        strange = set(map(int, re.findall(r"(?:127\.0\.0\.1|localhost):(\d+)", text))) - set(PORTS)
        if strange:
            raise untrue(f"{self._name}: these ports are among those that are moved: {strange}")
        return re.sub(rf"\b({'|'.join(map(str, PORTS))})\b", lambda port: str(int(port[0]) + self._by), text)

    async def tell(self, blocks):
        printed = wanted = None
        for at, one in enumerate(blocks):
            where = f"{self._name}:{one.line}"
            after = blocks[at + 1] if at + 1 < len(blocks) else None
            if one.kind == "sh":
                wanted = output(self.moved(after.text)) if after and after.kind == "text" else None
                printed = [await self.do(where, statement, wanted) for statement in statements(one.text)]
            elif one.kind == "text":
                if not printed:
                    raise untrue(f"{where}: what is printed stands behind its commands")
                wanted.compare(where, "".join(printed))
                printed = None
            elif one.kind in FILES:
                await self.file(where, one)
            else:
                check(f"{where}: the picture", one.kind == "" and self._name != RECIPES and at == 0, one.text)

    async def file(self, where, one):
        named = re.match(r"# ([\w.]+)\n", one.text)
        name = named.group(1) if named else "unnamed.toml"
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(self.moved(one.text))
        check(f"{where}: {name}", named or one.kind == "toml")
        if not named:
            done = await self.shell("wsgw config check unnamed.toml")
            check_equal(f"{where}: a configuration", (done.status, done.out.count("\n")), (0, 1))
        elif one.kind == "ini":
            started = re.search(r"(?m)^ExecStart=/usr/local/bin/(.*)$", one.text).group(1)
            done = await self.shell(started.replace("/etc/wsgw/", "") + " --check")
            check(f"{where}: what it starts", done.status == 0, done)

    async def do(self, where, statement, wanted):
        """Returns what it prints."""
        bare = re.sub(r"\s+#\s[^'\"]*$", "", statement)
        if bare.startswith(ONLY_THERE):
            path = next(word for word in bare.split() if "/" in word)
            check(f"{where}: {bare} (not run here: it is there)", os.access(os.path.join(ROOT, path), os.R_OK))
            return ""
        if bare == PATH_LINE:
            check(f"{where}: {bare}", os.path.abspath(binary()).endswith("/apps/wsgw/wsgw"), binary())
            return ""
        if GOES_ON.match(bare):
            await self.start(where, bare.removesuffix(" &"))
            return ""
        check(f"{where}: {' '.join(statement.split())}", set(command_words(bare)) <= COMMANDS, command_words(bare))
        status = int((re.search(r"# exit (\d+)$", statement) or [0, 0])[1])
        if bare.startswith(LOOKS) and wanted is not None:
            async def is_seen():
                seen = await self.shell(bare)
                return seen.out and all(map(wanted.has, seen.out.splitlines()))
            await until(f"{where}: {bare} shows what is written", is_seen, patience(5))
        done = await self.shell(bare)
        check_equal(f"{where}:   ends with {status}", done.status, status)
        return done.out

    def _variables(self, command):
        """The admin listener is at a fixed port by default."""
        if command.startswith(("wsgw serve", "wsgw healthcheck")):
            return (*self._env, f"WSGW_ADMIN=127.0.0.1:{ADMIN + self._by}")
        return self._env

    async def shell(self, command):
        """Both streams, as at a terminal."""
        if "$(pidof wsgw)" in command:
            command = command.replace("$(pidof wsgw)", str(self._gateway.pid))
        return await run(*CLEAN, *self._variables(command), "bash", "-c", "exec 2>&1\n" + self.moved(command),
                         cwd=self.folder, within=patience(20))

    async def start(self, where, command):
        is_gateway = command.startswith("wsgw serve")
        if is_gateway and self._gateway:
            self._gateway.send_signal(signal.SIGINT)
            check_equal(f"{where}: Ctrl-C ends the gateway", await self._gateway.exit_status(patience(15)), 0)
        started = process(*CLEAN, *self._variables(command), "bash", "-c",
                          f"cd {self.folder}; exec {self.moved(command)}", name=command)
        await started.start()
        self._running.append(started)
        if is_gateway:
            self._gateway = started
            await started.events(started.err, "ready")
        elif command.startswith("wsgw"):
            await started.lines(started.out, lambda line: " listens on " in line)
        else:
            await until(f"{where}: {command} listens", lambda: listens(started.pid), patience(10))
        check(f"{where}: {command} (until a signal)", started.running)


async def commands():
    """Every command of the documents is run, and prints what they say."""
    by = moved_ports()
    for name in RUN:
        ran = 0
        for heading, blocks in worlds(name).items():
            async with world(name, by) as here:
                await here.tell(blocks)
            ran += sum(one.kind == "sh" for one in blocks)
        measured(f"blocks of commands in {name}", ran)
        check(f"{name} has commands", ran > 1)


async def reference_is_fresh():
    """The reference is what the program prints."""
    done = await run(binary(), "man", "wsgw.toml", "--markdown")
    check(f"{REFERENCE} is that of wsgw man wsgw.toml --markdown (else write it anew)",
          done.status == 0 and done.out == document(REFERENCE))


def options(text):
    return set(re.findall(r"--[a-z][a-z-]+", text))


async def names():
    """Whatever a document names is there: commands, options, keys, metrics, files."""
    ours = options((await run(binary(), "man")).out.replace("\\-", "-"))
    shown = await run(binary(), "config", "show", "--service", "a=h:1", "-o", "json", cwd="/")
    keys = set(re.findall(r'"key":"(?:listener\.0\.)?([^"]+)"', shown.out))
    async with process(binary(), "serve", "--service", "a=127.0.0.1:9", "--listen", "127.0.0.1:0", "--admin",
                       "127.0.0.1:0") as gateway:
        await gateway.events(gateway.err, "ready")
        admin = (await gateway.events(gateway.err, "listening", 2))[1]["address"]
        metrics = set(re.findall(r"(?m)^# TYPE (\w+)", (await http_get(admin, "/metrics"))[1]))
    sections = {key.split(".")[0] for key in keys} - {"services"}
    for name in NAMING:
        spans = re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```", "", document(name)))
        code = " ".join(spans)
        named = {key for key in re.findall(r"(?<![\w/.])[a-z_]+(?:\.[a-z_]+)+(?![\w/])", code)
                 if key.split(".")[0] in sections and not key.endswith((".cpp", ".hpp", ".py"))}
        check(f"{name}: its {len(named)} keys", named <= keys, named - keys)
        named = set(re.findall(r"\bwsgw_[a-z_]+(?<!_test)\b", code))
        check(f"{name}: its {len(named)} metrics", named <= metrics, named - metrics)
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document(name))
        missing = [link for link in links if not os.path.exists(os.path.join(ROOT, os.path.dirname(name), link))]
        check(f"{name}: its {len(links)} links", not missing, missing)
        scripts = [span for span in spans if span.startswith(SCRIPTS) and options(span)]
        for span in scripts:
            known = options((await run(os.path.join(ROOT, span.split()[0]), "--help", within=patience(20))).out)
            check(f"{name}: {span}", options(span) <= known, options(span) - known)
        if name in RUN:
            named = options(" ".join(span for span in spans if span not in scripts))
            check(f"{name}: its {len(named)} options", named <= ours, named - ours)
    for command in re.findall(r"(?m)^\| `wsgw ([a-z-]+(?: [a-z]+)?)", document("README.md")):
        check_equal(f"README.md: wsgw {command}", (await run(binary(), *command.split(), "--help")).status, 0)


async def maps():
    """The maps name what is there."""
    tree = {file for top in ("libgw", "apps") for _, _, files in os.walk(os.path.join(ROOT, top)) for file in files}
    # x is whatever is to be added.
    named = re.findall(r"(?<![\w])(?!x[_.])(\w+\.[ch]pp)\b", document("libgw/README.md"))
    check(f"libgw/README.md: its {len(named)} files", set(named) <= tree, set(named) - tree)
    scenarios = {file.removesuffix(".py") for file in os.listdir(os.path.join(ROOT, "testbed/scenarios"))
                 if file.endswith(".py")}
    table = document("testbed/README.md").partition("## Scenarios")[2].partition("\n## ")[0]
    check_equal("testbed/README.md: every scenario has its row", set(re.findall(r"(?m)^\| `(\w+)` \|", table)),
                scenarios)
    first = [document(name).splitlines()[1] for name in ("README.md", "README.zh-CN.md")]
    check("the two READMEs begin with a link to each other",
          "(README.zh-CN.md)" in first[0] and "(README.md)" in first[1], first)


tell(commands, reference_is_fresh, names, maps)
