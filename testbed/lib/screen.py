"""A program at a real terminal: a pseudo-terminal, and a small model of the screen that a person would see."""
import asyncio
import codecs
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

from lib.process import TO_END
from lib.story import untrue

SEQUENCE = re.compile(r"\x1b(?:\[([?>0-9;]*)([@-~])|\(.|[=>78DMEH])")
INCOMPLETE = re.compile(r"\x1b(?:\[[?>0-9;]*|\()?$")


class screen:
    """What a terminal of the xterm family shows after some output: lines, and the cursor. Nothing scrolls away."""

    def __init__(self, columns):
        self._columns, self.rows, self.row, self.column = columns, [""], 0, 0
        self._rest = ""

    def feed(self, text):
        text = self._rest + text
        cut = INCOMPLETE.search(text)
        self._rest = cut.group(0) if cut else ""
        text = text[:len(text) - len(self._rest)]
        at = 0
        while at < len(text):
            found = SEQUENCE.match(text, at)
            if found:
                self._obey(found)
                at = found.end()
                continue
            self._put(text[at])
            at += 1

    def _put(self, c):
        if c == "\r":
            self.column = 0
        elif c == "\n":
            self.row += 1
        elif c == "\b":
            self.column = max(0, self.column - 1)
        elif c >= " ":
            if self.column == self._columns:
                self.row, self.column = self.row + 1, 0
                self._grow()
            self._write(c)
            self.column += 1
        self._grow()

    def _grow(self):
        while self.row >= len(self.rows):
            self.rows.append("")

    def _write(self, c):
        line = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = line[:self.column] + c + line[self.column + 1:]

    def _obey(self, found):
        what, count = found.group(2), found.group(1)
        if what is None:
            return
        n = int(count) if count and count.isdigit() else 0
        line = self.rows[self.row]
        if what == "A":
            self.row = max(0, self.row - (n or 1))
        elif what == "B":
            self.row = min(len(self.rows) - 1, self.row + (n or 1))
        elif what == "C":
            self.column += n or 1
        elif what == "D":
            self.column = max(0, self.column - (n or 1))
        elif what == "G":
            self.column = (n or 1) - 1
        elif what == "K" and n == 0:
            self.rows[self.row] = line[:self.column]
        elif what == "J" and n == 0:
            self.rows[self.row:] = [line[:self.column]]
        elif what == "P":
            self.rows[self.row] = line[:self.column] + line[self.column + (n or 1):]
        elif what == "@":
            self.rows[self.row] = line[:self.column].ljust(self.column) + " " * (n or 1) + line[self.column:]
        elif what not in "mhl":
            raise untrue(f"the screen knows the sequence {found.group(0)!r}")

    def lines(self):
        """Down to the cursor, or to the last line that is not empty."""
        shown = [row.rstrip() for row in self.rows]
        while len(shown) > self.row + 1 and not shown[-1]:
            shown.pop()
        return shown


class at_terminal:
    """A process whose terminal is ours. `screen` is what a person sees, `raw` every byte that came."""

    def __init__(self, *command, env=None, columns=80):
        self._command, self._env = [str(word) for word in command], env or {}
        self._columns = columns
        self.screen, self.raw = screen(columns), b""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._more = asyncio.Condition()

    async def __aenter__(self):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, self._columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self._child = await asyncio.create_subprocess_exec(
            *self._command, stdin=slave, stdout=slave, stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm", "LANG": "C.UTF-8", **self._env})
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        return self

    async def __aexit__(self, kind, *_):
        if self._child.returncode is None:
            os.kill(self._child.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(self._child.wait(), TO_END)
            except asyncio.TimeoutError:
                self._child.kill()
                await self._child.wait()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        sanitizer_spoke = b"Sanitizer" in self.raw or b"runtime error:" in self.raw
        if kind is not None or sanitizer_spoke:
            print("  -- the screen:", *self.screen.lines(), sep="\n     ")
        if kind is None and sanitizer_spoke:
            raise untrue(f"no sanitizer complains about {os.path.basename(self._command[0])}")

    def _read(self):
        try:
            data = os.read(self._master, 65536)
        except (BlockingIOError, OSError):
            return
        self.raw += data
        self.screen.feed(self._decoder.decode(data))
        asyncio.ensure_future(self._notify())

    async def _notify(self):
        async with self._more:
            self._more.notify_all()

    def type(self, text):
        os.write(self._master, text.encode())

    async def shows(self, sentence, holds, within=15.0):
        """Waits until `holds(lines)` is true of the lines on the screen, and returns them."""
        async def wait():
            async with self._more:
                await self._more.wait_for(lambda: holds(self.screen.lines()))
        try:
            await asyncio.wait_for(wait(), within)
        except asyncio.TimeoutError:
            raise untrue(f"{sentence} (within {within:g} s)") from None
        return self.screen.lines()

    async def exit_status(self, within=15.0):
        try:
            return await asyncio.wait_for(self._child.wait(), within)
        except asyncio.TimeoutError:
            raise untrue(f"the program ends (within {within:g} s)") from None

    def settings(self):
        """Of the terminal, as termios has them."""
        return termios.tcgetattr(self._slave)
