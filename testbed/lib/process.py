"""A process of a scenario: started with pipes, read line by line, always ended by its pid."""
import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys

from lib.story import untrue

TO_END = 15.0  # seconds that a process may take to end after SIGTERM
LINES_SHOWN = 20
LINE_LIMIT = 8 * 1024 * 1024


def binary():
    return os.environ["WSGW"]


def peer(name):
    """The path of a script in testbed/peers."""
    return os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers", name)


class process:
    """An async context manager. `out` and `err` are the lines so far; where something is wrong their ends are shown."""
    folder = None  # of its own, which goes with it

    def __init__(self, *command, name=None, stdin=None, env=None):
        self.command = [str(word) for word in command]
        self.name = name or os.path.basename(self.command[0])
        self.out, self.err = [], []
        self._stdin, self._env = stdin, env or {}
        self._more = asyncio.Condition()
        self._ended = 0  # of the two streams
        self._sent = set()  # signals

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, _, why, __):
        await self.end(why)

    async def start(self):
        environment = {"NODE_PATH": "/usr/share/nodejs", **os.environ, **self._env}
        self._child = await asyncio.create_subprocess_exec(
            *self.command, stdin=self._stdin or asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, env=environment, limit=LINE_LIMIT)
        self._readers = [asyncio.ensure_future(self._read(self._child.stdout, self.out)),
                         asyncio.ensure_future(self._read(self._child.stderr, self.err))]
        try:
            await self.ready()
        except BaseException as why:
            await self.end(why)
            raise

    async def ready(self):
        """Until it can be used: overridden for what begins by saying so."""

    async def end(self, why=None):
        """Ends it. `why`: the exception that the story ends with; what is wrong with this process is told before it."""
        try:
            faults = await self._terminate()
        finally:
            if self.folder:
                shutil.rmtree(self.folder, ignore_errors=True)
        if why is not None or faults:
            self._show()
        if faults:
            before = f"; and before that: {str(why) or type(why).__name__}" if why is not None else ""
            raise untrue("; ".join(faults) + before) from why

    async def _terminate(self):
        """SIGTERM, and SIGKILL where that is not enough. Returns what is untrue of its end."""
        faults = []
        self.send_signal(signal.SIGTERM)
        if signal.SIGSTOP in self._sent:
            self.send_signal(signal.SIGCONT)
        try:
            await asyncio.wait_for(self._child.wait(), TO_END)
        except asyncio.TimeoutError:
            faults.append(f"{self.name} ends within {TO_END:g} s of SIGTERM")
        finally:
            self.kill()
        await self._child.wait()
        await asyncio.wait(self._readers, timeout=5)
        died_of = -min(self._child.returncode, 0)
        if died_of and died_of not in self._sent:
            faults.append(f"{self.name} does not die of {signal.Signals(died_of).name}")
        if any("ERROR: " in line and "Sanitizer" in line or "runtime error:" in line or
               "WARNING: ThreadSanitizer" in line for line in self.err):
            faults.append(f"no sanitizer complains about {self.name}")
        return faults

    async def _read(self, stream, lines):
        async for line in stream:
            lines.append(line.decode(errors="replace").rstrip("\n"))
            async with self._more:
                self._more.notify_all()
        self._ended += 1
        async with self._more:
            self._more.notify_all()

    def _show(self):
        for title, lines in (("stdout", self.out), ("stderr", self.err)):
            if lines:
                print(f"  -- {title} of {self.name}, {len(lines)} lines, the last ones:", file=sys.stdout)
                for line in lines[-LINES_SHOWN:]:
                    print(f"     {line[:400]}")

    # --- what it says ---

    async def lines(self, stream, matches, count=1, within=15.0):
        """The first `count` lines of `stream` (self.out or self.err) that match, once they are there."""
        def found():
            return [line for line in stream if matches(line)]

        async def wait():
            async with self._more:
                await self._more.wait_for(lambda: len(found()) >= count or self._ended_silently())
        try:
            await asyncio.wait_for(wait(), within)
        except asyncio.TimeoutError:
            pass
        if len(found()) < count:
            raise untrue(f"{self.name} says {count} expected lines (within {within:g} s)")
        return found()[:count]

    def _ended_silently(self):
        return self._ended == 2

    async def events(self, stream, name, count=1, within=15.0):
        """The first `count` JSON lines {"event": name, …}."""
        lines = await self.lines(stream, lambda line: event_of(line).get("event") == name, count, within)
        return [event_of(line) for line in lines]

    # --- what is done to it ---

    @property
    def pid(self):
        return self._child.pid

    @property
    def running(self):
        return self._child.returncode is None

    def send_signal(self, number):
        """Of a signal that came from here it may die, of no other."""
        # Not through the child object: that one would look first whether the process has ended, and take its exit
        # status away from whoever waits for it.
        if self.running:
            self._sent.add(number)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def write(self, text):
        self._child.stdin.write(text.encode())

    def end_of_input(self):
        self._child.stdin.close()

    async def exit_status(self, within=15.0):
        try:
            status = await asyncio.wait_for(self._child.wait(), within)
        except asyncio.TimeoutError:
            raise untrue(f"{self.name} ends (within {within:g} s)") from None
        await asyncio.wait(self._readers, timeout=5)
        return status


def event_of(line):
    """A JSON line as a dict; {} for any other line."""
    if not line.startswith("{"):
        return {}
    try:
        return json.loads(line)
    except ValueError:
        return {}


class finished:
    """What a command left behind."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return f"status {self.status}\n{self.out}\n{self.err}"


async def run(*command, stdin="", cwd=None, env=None, within=30.0):
    """Runs a command to its end."""
    child = await asyncio.create_subprocess_exec(
        *[str(word) for word in command], stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, cwd=cwd, env={"NODE_PATH": "/usr/share/nodejs", **os.environ, **(env or {})})
    try:
        out, err = await asyncio.wait_for(child.communicate(stdin.encode()), within)
    except asyncio.TimeoutError:
        raise untrue(f"{' '.join(map(str, command))} ends (within {within:g} s)") from None
    finally:
        await _end_child(child)
    return finished(child.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


async def _end_child(child):
    """SIGTERM first: it may have processes of its own to end."""
    for end in (child.terminate, child.kill):
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                end()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(child.wait(), TO_END)
