"""Interactive shells at a terminal of their own, and what they make of a line with a Tab in it."""
import asyncio
import os
import pty
import re
import shutil

from lib.story import until

PROMPT = "ready> "


class terminal:
    """An async context manager: `command` with a pseudo terminal. `seen` is what it has printed."""

    def __init__(self, *command, cwd, env):
        self._command, self._cwd = command, cwd
        self._env = {**os.environ, "TERM": "dumb", "PS1": PROMPT, **env}
        self.seen = ""

    async def __aenter__(self):
        own, theirs = pty.openpty()
        self._own = own
        self._child = await asyncio.create_subprocess_exec(
            *self._command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=self._cwd, env=self._env,
            start_new_session=True)
        os.close(theirs)
        os.set_blocking(own, False)
        asyncio.get_running_loop().add_reader(own, self._read)
        return self

    async def __aexit__(self, *_):
        if self._child.returncode is None:
            self._child.kill()
        await self._child.wait()
        asyncio.get_running_loop().remove_reader(self._own)
        os.close(self._own)

    def _read(self):
        try:
            self.seen += os.read(self._own, 65536).decode(errors="replace")
        except OSError:  # the shell has ended
            asyncio.get_running_loop().remove_reader(self._own)

    async def type(self, text, until_it_says, within=20.0):
        """Types, and waits until what came since then matches; the match."""
        start = len(self.seen)
        os.write(self._own, text.encode())

        def found():
            return re.search(until_it_says, self.seen[start:])
        await until(f"{self._command[0]} answers {text!r} with {until_it_says!r}; seen: {self.seen[start:]!r}",
                    found, within)
        return found()


def installed(shell):
    return shutil.which(shell) is not None


class completing_shell:
    """bash or zsh with the script of completion sourced. A completed line is run by a function that prints its words."""

    START = {
        "bash": (("bash", "--norc", "--noprofile", "-i"), "bind 'set enable-bracketed-paste off'"),
        "zsh": (("zsh", "-f", "-i"), "unsetopt zle_bracketed_paste promptcr promptsp; autoload -Uz compinit; "
                                     "compinit -u -D"),
    }
    # The scripts ask the program for services: that call goes through.
    FUNCTION = 'wsgw() { if [ "$2" = services ]; then command wsgw "$@"; else echo "<$*>"; fi; }'

    def __init__(self, name, script, cwd, env):
        self._command, self._setup = self.START[name]
        self._script, self._terminal = script, terminal(*self._command, cwd=cwd, env=env)

    async def __aenter__(self):
        await self._terminal.__aenter__()
        await self._terminal.type(f"{self._setup}; . '{self._script}'; {self.FUNCTION}; echo set\\ up\n", r"\nset up\r")
        return self

    async def __aexit__(self, *why):
        await self._terminal.__aexit__(*why)

    async def completed(self, line):
        """What `line` has become behind a Tab."""
        answer = await self._terminal.type(f"{line}\t\n", r"\n<([^\r]*)>\r")
        return "wsgw " + answer.group(1).rstrip()
