"""Every command's --help fits a screen, and every example in it does what it says."""
import contextlib
import os
import re
import signal
import tempfile

from lib.gateway import gateway, http_get, mock_service, service
from lib.process import binary, process, run
from lib.story import check, check_equal, measured, patience, tell

SCREEN = (40, 110)  # lines, columns
SERVICES = ("echo", "order", "chat")
# What the examples read. A new example may need a new file.
FILES = {
    "new.toml": '[services.order]\ninstances = ["127.0.0.1:9001"]\n',
    "message.json": '{"method":"/api/v1/nobody/x"}',
    "messages.ndjson": '{"method":"/api/v1/order/x"}\n{"method":"/api/v1/nobody/x"}\n',
    "tests.toml": '[[case]]\nmessage = { method = "/api/v1/order/x" }\nexpect = "order"\n',
    "mock.toml": '[services.order]\ndelay = "5ms"\n',
    "instances.toml": '[services]\norder = ["10.0.0.5:9001"]\n',
    "order.txt": 'call order/get {"id":7}\nexpect /service=order\n',
}
# Examples whose answer is not 0.
STATUS = {"wsgw config diff": 4, "wsgw services --source consul": 5}  # no Consul is there
# They go on until a signal.
SERVERS = ("wsgw serve", "wsgw mock-service")


class help_text:
    """What `wsgw … --help` prints, and the commands below it."""

    def __init__(self, command, text):
        self.command = command
        self.lines = text.rstrip("\n").split("\n")
        part = "\n".join(self.lines).partition("\nSubcommands:\n")[2].partition("\n\n")[0]
        self.commands = re.findall(r"(?m)^  (\S+)", part)

    @property
    def examples(self):
        """The lines behind `Examples:`; nothing if anything else follows."""
        if "Examples:" not in self.lines:
            return []
        behind = self.lines[self.lines.index("Examples:") + 1:]
        return [line.strip() for line in behind] if all(line.startswith("  wsgw ") for line in behind) else []


async def all_helps(command=("wsgw",)):
    """The help of a command and of all below it, as the program itself names them."""
    done = await run(binary(), *command[1:], "--help")
    check(f"{' '.join(command)} --help: status 0, nothing on stderr", (done.status, done.err) == (0, ""), done)
    found = [help_text(" ".join(command), done.out)]
    for name in found[0].commands:
        found += await all_helps((*command, name))
    return found


async def helps():
    """Every command's --help fits a screen and ends with examples."""
    found = await all_helps()
    check("there are commands below commands", any(one.command.count(" ") == 2 for one in found))
    most, widest = SCREEN
    for one in found:
        check(f"{one.command}: {len(one.lines)} lines, at most {most}", len(one.lines) <= most)
        check(f"{one.command}: no line is longer than {widest} columns", max(map(len, one.lines)) <= widest,
              max(one.lines, key=len))
        check(f"{one.command} ends with examples", one.examples, "\n".join(one.lines))
        done = await run(binary(), "help", *one.command.split()[1:])
        check_equal(f"wsgw help says the same of {one.command}", done.out.rstrip("\n").split("\n"), one.lines)


class world:
    """An async context manager: a folder with the files of the examples, the program on PATH, and two gateways at whose
    addresses the examples are pointed. What `bench --check` loads must answer with the same bytes."""

    async def __aenter__(self):
        async with contextlib.AsyncExitStack() as stack:
            base = stack.enter_context(tempfile.TemporaryDirectory(prefix="wsgw-examples-"))
            self.folder = os.path.join(base, "work")
            names = [word for name in SERVICES for word in ("--service", f"{name}=1")]
            self.plain, self.raw = [await stack.enter_async_context(await self._gateway(stack, *names, *reply))
                                    for reply in ((), ("--reply", "raw"))]
            os.makedirs(self.folder)
            os.mkdir(os.path.join(base, "bin"))
            os.symlink(os.path.abspath(binary()), os.path.join(base, "bin", "wsgw"))
            own = f'[admin]\nbind = "{self.plain.admin}"\n' + FILES["new.toml"]
            for name, content in {"wsgw.toml": own, **FILES}.items():
                with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                    file.write(content)
            self.prefix = ("env", "-u", "WSGW_CONFIG", f"PATH={os.path.join(base, 'bin')}:{os.environ['PATH']}",
                           "MANPAGER=cat", "sh", "-c")
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *why):
        await self._stack.__aexit__(*why)

    @staticmethod
    async def _gateway(stack, *options):
        mocks = await stack.enter_async_context(mock_service(len(SERVICES), *options))
        return gateway(*[service(name, *mocks.addresses(name)) for name in SERVICES])

    def here(self, example):
        """The example with this world's addresses and processes, and less of everything."""
        to = self.raw if example.startswith("wsgw bench") else self.plain
        line = example.replace("127.0.0.1:8080", to.address).replace("127.0.0.1:9900", to.admin)
        line = re.sub(r"\$\(pidof [^)]*\)", str(to.pid), line)
        if example.startswith("wsgw bench"):
            line = re.sub(r" -d \d+s", " -d 200ms", line)
            line = re.sub(r" -n \d+", " -n 1000", line)
            line = re.sub(r" -c \d{3,}", " -c 50", line)
        if example.startswith("wsgw serve") and "--check" not in example:
            line += " --listen 127.0.0.1:0 --admin 127.0.0.1:0"
        if example.startswith("wsgw mock-service"):
            line = re.sub(r"--listen \S+", "--listen 127.0.0.1:0", line)
        return line


async def examples():
    """Every example does what it says."""
    found = {example: None for one in await all_helps() for example in one.examples}
    measured("examples", len(found))
    async with world() as w:
        for example in found:
            if example.startswith(SERVERS) and "--check" not in example:
                await goes_on(example, w)
            else:
                await comes_to_an_end(example, w)


async def comes_to_an_end(example, w):
    expected = next((status for start, status in STATUS.items() if example.startswith(start)), 0)
    done = await run(*w.prefix, w.here(example), cwd=w.folder, within=patience(30))
    check(f"{example}", done.status == expected, done)
    into = re.search(r" > (\S+)$", example)
    if into:
        check("  and has written its file", os.path.getsize(os.path.join(w.folder, into.group(1))) > 0)
    else:
        check("  and has said something", done.out or done.err)


async def goes_on(example, w):
    """On free ports, until a signal."""
    async with process(*w.prefix, f"cd {w.folder}; exec {w.here(example)}", name=example) as started:
        if "--demo" in example:
            await started.lines(started.out, lambda line: line.startswith("# Ctrl-C"))
            await demo_talks(started)
        elif example.startswith("wsgw serve"):
            await started.events(started.err, "ready")
        else:
            await started.lines(started.out, lambda line: "listen" in line)
        started.send_signal(signal.SIGINT)
        check_equal(f"{example} (until a signal)", await started.exit_status(), 0)


async def demo_talks(started):
    """The lines that the demo prints to be pasted work."""
    for line in started.out:
        if line.startswith("wsgw client "):
            done = await run("sh", "-c", line.replace("wsgw", binary(), 1))
            check(f"the demo's line works: {re.sub(r':[0-9]+', ':PORT', line)}", done.status == 0 and done.out, done)
    address = next(line for line in started.out if line.startswith("curl ")).split("/")[2]
    status, text = await http_get(address, "/metrics")
    check("so does its scrape", status == 200 and "wsgw_sessions" in text)


async def manual_pages():
    """The manual pages are what man(1) takes without a warning."""
    for page, words in (("wsgw", ("EXIT STATUS", "wsgw config show", "healthcheck")),
                        ("wsgw.toml", ("[services.NAME]", "ping_interval", "least_loaded"))):
        done = await run("sh", "-c", f"'{binary()}' man {page} | MANPAGER=cat MANWIDTH=100 man --warnings -l -")
        check(f"wsgw man {page}: no warning", (done.status, done.err) == (0, ""), done.err)
        plain = re.sub(".\b", "", done.out)
        check(f"it has {', '.join(words)}", all(word in plain for word in words), plain)


async def health():
    """wsgw healthcheck answers for a container: 0 while the gateway serves, 1 when it does not."""
    async def asked(*words):
        return await run(binary(), "healthcheck", *words)

    async with gateway(service("a", "127.0.0.1:9")) as gw:
        done = await asked("--admin", gw.admin)
        check_equal("a gateway that serves", (done.status, done.out, done.err), (0, "ready\n", ""))
        done = await asked("-c", gw.config)
        check("its configuration names port 0, which nobody can ask: status 2", done.status == 2, done)
        done = await asked("--admin", f"http://{gw.admin}/", "--live", "-o", "json")
        check("as JSON", done.status == 0 and '"schema":"wsgw.healthcheck.v1","healthy":true' in done.out, done)
        admin = gw.admin
    done = await asked("--admin", admin)
    check("one that has left: status 1, and why", done.status == 1 and "refused" in done.err, done)
    with tempfile.TemporaryDirectory(prefix="wsgw-health-") as folder:
        async with gateway(service("a", "127.0.0.1:9"), f'[health]\nbind = "unix:{folder}/health"') as gw:
            done = await asked("-c", gw.config)
            check_equal("without --admin: the address of [health] in the configuration, a UNIX socket too",
                        (done.status, done.out), (0, "ready\n"))
    done = await asked("-c", "/nowhere/wsgw.toml")
    check("a configuration that is not there: status 3", done.status == 3 and "/nowhere/wsgw.toml" in done.err, done)
    done = await asked("--admin", "nonsense")
    check("no address: status 2", done.status == 2 and "nonsense" in done.err, done)
    done = await asked("--admin", admin, "--limit", "5")
    check("no limit: status 2", done.status == 2 and "--limit: '5' needs a unit" in done.err, done)


tell(helps, examples, manual_pages, health)
