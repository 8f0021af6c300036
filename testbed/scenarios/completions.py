"""Completion of the command line in bash, zsh and fish: the committed scripts, in real shells."""
import asyncio
import os
import sys
import tempfile

from lib.process import binary, run
from lib.shells import completing_shell, installed
from lib.story import SKIPPED, check, check_equal, measured, patience, tell

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPTS = {"bash": "wsgw.bash", "zsh": "_wsgw", "fish": "wsgw.fish"}
CONFIGURATION = '[services.order]\ninstances = ["127.0.0.1:1"]\n[services.chat]\ninstances = ["127.0.0.1:2"]\n'
# A line that has one completion, and that one.
LINES = [
    ("wsgw conf", "wsgw config"),
    ("wsgw config ch", "wsgw config check"),
    ("wsgw serve --wor", "wsgw serve --workers"),
    ("wsgw --color nev", "wsgw --color never"),
    ("wsgw bench --color alw", "wsgw bench --color always"),
    ("wsgw config show -o js", "wsgw config show -o json"),
    ("wsgw man wsgw.", "wsgw man wsgw.toml"),
    ("wsgw completion z", "wsgw completion zsh"),
    ("wsgw config check other", "wsgw config check other.toml"),
    ("wsgw bench ws://a/ws --serv", "wsgw bench ws://a/ws --service"),
    ("wsgw serve -c other", "wsgw serve -c other.toml"),
    ("wsgw bench ws://a/ws --service or", "wsgw bench ws://a/ws --service order"),
    ("wsgw route test -c other.toml --expect bil", "wsgw route test -c other.toml --expect billing"),
    ("wsgw client ws://a/ws --call ch", "wsgw client ws://a/ws --call chat/"),
]


def script(shell):
    return os.path.join(ROOT, "completions", SCRIPTS[shell])


class world:
    """A folder with two configurations, and the program on PATH."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="wsgw-completions-")
        self.folder = os.path.join(self._folder.name, "work")
        bin_folder = os.path.join(self._folder.name, "bin")
        os.mkdir(self.folder)
        os.mkdir(bin_folder)
        os.symlink(os.path.abspath(binary()), os.path.join(bin_folder, "wsgw"))
        for name, content in (("wsgw.toml", CONFIGURATION), ("other.toml", CONFIGURATION.replace("order", "billing"))):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(content)
        self.env = {"PATH": bin_folder + ":" + os.environ["PATH"], "HOME": self._folder.name,
                    "XDG_CONFIG_HOME": self._folder.name, "XDG_DATA_HOME": self._folder.name}
        return self

    def __exit__(self, *_):
        self._folder.cleanup()


async def scripts_are_fresh():
    """The scripts in completions/ are what the program prints."""
    for shell, name in SCRIPTS.items():
        done = await run(binary(), "completion", shell)
        with open(script(shell), encoding="utf-8") as file:
            check(f"completions/{name} is that of wsgw completion {shell} (else write it anew)",
                  done.status == 0 and done.out == file.read())


async def services_are_quick():
    """wsgw completion services prints names while somebody types: quickly, and silently whatever is wrong."""
    with world() as w:
        done = await run(binary(), "completion", "services", cwd=w.folder)
        check_equal("the services of ./wsgw.toml", (done.status, done.out, done.err), (0, "chat\norder\n", ""))
        started = asyncio.get_running_loop().time()
        await run(binary(), "completion", "services", cwd=w.folder)
        took = asyncio.get_running_loop().time() - started
        measured("it takes", f"{took * 1000:.0f} ms")
        check("it takes less than 200 ms", took < patience(0.2))
        for what, words in (("a file that is not there", ["-c", "none.toml"]), ("a file that is no TOML", ["-c", script("zsh")]),
                            ("a folder", ["-c", w.folder])):
            done = await run(binary(), "completion", "services", *words, cwd=w.folder)
            check_equal(f"{what}: nothing, and no complaint", (done.status, done.out, done.err), (0, "", ""))
        with open(os.path.join(w.folder, "foreign.toml"), "w", encoding="utf-8") as file:
            file.write('[services."$(rm x)"]\n[services.good]\n')
        done = await run(binary(), "completion", "services", "-c", "foreign.toml", cwd=w.folder)
        check_equal("of names that a shell would obey, none", (done.status, done.out, done.err), (0, "good\n", ""))


async def in_bash():
    """bash completes."""
    await complete_lines("bash")


async def in_zsh():
    """zsh completes."""
    await complete_lines("zsh")


async def complete_lines(shell):
    with world() as w:
        async with completing_shell(shell, script(shell), w.folder, w.env) as started:
            for line, completed in LINES:
                check_equal(line, await started.completed(line), completed)


async def in_fish():
    """fish completes, and describes."""
    with world() as w:
        async def candidates(line):
            done = await run("env", *[f"{k}={v}" for k, v in w.env.items()], "fish", "--no-config", "-c",
                             f"source {script('fish')}; complete -C '{line}'", cwd=w.folder)
            check_equal(f"{line}: no complaint", (done.status, done.err), (0, ""))
            return [row.split("\t") for row in done.out.splitlines()]

        for line, completed in LINES:
            found = await candidates(line)
            check_equal(line, [row[0] for row in found], [completed.rsplit(" ", 1)[1]])
        told = dict(await candidates("wsgw config "))
        check_equal("each command of wsgw config is described", {name for name, about in told.items() if about},
                    {"check", "show", "diff", "init", "schema"})


async def bash_lists():
    """bash offers what fits, and nothing else."""
    with world() as w:
        async def offered(*words):
            typed = " ".join(f"'{word}'" for word in words)
            done = await run("env", *[f"{k}={v}" for k, v in w.env.items()], "bash", "--norc", "-c",
                             f". {script('bash')}; COMP_WORDS=({typed}) COMP_CWORD={len(words) - 1}; _wsgw; "
                             'printf "%s\\n" "${COMPREPLY[@]}"', cwd=w.folder)
            check_equal(f"{' '.join(words)}: no complaint", (done.status, done.err), (0, ""))
            return set(done.out.split())

        check_equal("the commands", await offered("wsgw", "config", ""), {"check", "show", "diff", "init", "schema"})
        check("the options, those of every command too",
              {"--workers", "--color", "-c"} <= await offered("wsgw", "serve", "-"))
        check_equal("the words of --color=", await offered("wsgw", "--color", "="), {"auto", "always", "never"})
        check_equal("one of them", await offered("wsgw", "--color", "=", "al"), {"always"})
        check_equal("nothing for a value that could be anything", await offered("wsgw", "serve", "--listen", ""), set())


if not all(installed(shell) for shell in SCRIPTS):
    print("bash, zsh and fish are not all installed; run testbed/install-deps --tests")
    sys.exit(SKIPPED)
tell(scripts_are_fresh, services_are_quick, in_bash, bash_lists, in_zsh, in_fish)
