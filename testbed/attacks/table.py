"""What an attack table consists of: rows of inputs, each with the one right outcome, and how they are judged."""
import asyncio
import dataclasses
import json
import traceback

from lib.story import patience, untrue
from lib.wire import CLOSE, TEXT, close, code_of

TOGETHER = 8  # inputs judged at a time
INPUT_LIMIT = 20  # seconds


class wrong(untrue):
    """What came instead of what was expected."""


@dataclasses.dataclass(frozen=True)
class row:
    """`inputs` all have the same outcome. `expected(world, input)` is a coroutine that raises `wrong`."""

    id: str
    what: str
    inputs: tuple
    expected: object
    pending: str = ""  # the part of the gateway that is not there yet; such a row is not run
    alone: bool = False  # it measures, or takes much: behind the others, one input after the other

    def __post_init__(self):
        object.__setattr__(self, "inputs", tuple(self.inputs))


def shown(data, most=240):
    """An input or an output on one line, its middle left out."""
    if isinstance(data, (list, tuple)):
        return "[" + ", ".join(shown(part, most // max(len(data), 1) + 20) for part in data[:6]) + "]"
    if callable(data):
        return getattr(data, "told", None) or getattr(data, "__name__", repr(data))
    text = repr(data)
    return text if len(text) <= most else f"{text[:most * 2 // 3]} … {len(text)} … {text[-most // 3:]}"


async def judge(name, rows, world, absent=()):
    """Runs the rows, prints what is wrong, and one line about the whole table; returns that line's numbers."""
    ids = [one.id for one in rows]
    assert len(ids) == len(set(ids)), f"an id of table {name} stands twice"
    seats = asyncio.Semaphore(TOGETHER)

    async def outcome(one, input):
        async with seats:
            try:
                await asyncio.wait_for(one.expected(world, input), patience(INPUT_LIMIT))
                return None
            except untrue as why:
                return str(why)
            except asyncio.TimeoutError:
                return f"no end within {patience(INPUT_LIMIT)} s"
            except (OSError, asyncio.IncompleteReadError) as why:
                return f"the connection broke: {why!r}"
            except Exception:  # a mistake of the row itself
                return traceback.format_exc()

    run = [(one, input) for one in sorted(rows, key=lambda one: one.alone) if not one.pending for input in one.inputs]
    outcomes = await asyncio.gather(*[outcome(*each) for each in run if not each[0].alone])
    outcomes += [await outcome(*each) for each in run if each[0].alone]
    pending = sum(bool(one.pending) for one in rows)
    count = {"rows": len(rows) - pending, "inputs": len(run), "wrong": sum(map(bool, outcomes)), "pending": pending}
    for (one, input), why in zip(run, outcomes):
        if why:
            print(f"  WRONG {one.id} {one.what}\n        sent {shown(input)}\n        {why}", flush=True)
    print("  --   {}: {rows} rows, {inputs} inputs, {wrong} wrong; {pending} rows pending".format(name, **count),
          flush=True)
    for one in rows:
        if one.pending:
            print(f"  --   pending   {one.id} {one.what}: {one.pending}", flush=True)
    for id, why in absent:
        print(f"  --   not built {id}: {why}", flush=True)
    return count


# --- what a client sees on a WebSocket ---


class error:
    """An error frame with this code; `members` are looked for in its `error` object."""

    def __init__(self, code, **members):
        self.code, self.members = code, members

    def __repr__(self):
        return f"error frame {self.code} {self.members or ''}"

    def matches(self, seen):
        opcode, payload = seen
        try:
            told = json.loads(payload)["error"] if opcode == TEXT else {}
        except (ValueError, KeyError, TypeError):
            return False
        return told.get("code") == self.code and all(told.get(key) == value for key, value in self.members.items())


class one_of:
    """Any of these."""

    def __init__(self, *choices):
        self.choices = choices

    def __repr__(self):
        return " or ".join(map(repr, self.choices))


def fits(expected, seen):
    if isinstance(expected, one_of):
        return any(fits(choice, seen) for choice in expected.choices)
    if isinstance(expected, error):
        return expected.matches(seen)
    if isinstance(expected, int):
        return seen[0] == CLOSE and code_of(seen[1]) == expected
    return seen == expected


async def read_expected(client, expected):
    """Reads what must be `expected`: messages and control frames (opcode, payload), an error, the code of a Close."""
    for number, one in enumerate(expected):
        try:
            seen = await client.next()
        except asyncio.IncompleteReadError:
            raise wrong(f"expected {shown(one)} as number {number + 1}, but the connection ended") from None
        if not fits(one, seen):
            raise wrong(f"expected {shown(one)} as number {number + 1}, got {shown(seen)}")


async def read_end(client):
    """Behind a Close there is nothing but the end of the connection."""
    try:
        behind = await client.reader.read(100)
    except ConnectionError:
        return
    if behind:
        raise wrong(f"behind the gateway's Close came {shown(behind)}")


async def say_goodbye(client, code=1000):
    """A closing handshake begun by the client; shows that the session was open and had nothing more to say."""
    await client.send_bytes(close(code))
    await read_expected(client, [code])
    await read_end(client)


class says:
    """Sends the input, and reads what the gateway says in order. If that does not end with a Close, the client closes,
    and nothing may stand between. An input is bytes, a list of bytes that the gateway reads one by one, or a coroutine
    function of the client."""

    def __init__(self, *expected, within=None):
        self.expected, self.within = expected, within and patience(within)

    async def __call__(self, world, input):
        async with world.client() as client:
            await self.judge(client, input)

    async def judge(self, client, input):
        sending = asyncio.ensure_future(deliver(client, input))
        reading = asyncio.ensure_future(read_expected(client, self.expected))
        try:
            await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_EXCEPTION, timeout=self.within)
            if sending.done() and isinstance(sending.exception(), untrue):
                await sending
            if self.within and not reading.done():
                raise wrong(f"{self.expected} did not come within {self.within} s")
            await reading
            if self.expected and isinstance(self.expected[-1], int):
                await read_end(client)
            else:
                await sending
                await say_goodbye(client)
        finally:
            for task in (sending, reading):
                task.cancel()
            await asyncio.gather(sending, reading, return_exceptions=True)


async def deliver(client, input):
    if callable(input):
        return await input(client)
    for number, part in enumerate([input] if isinstance(input, bytes) else input):
        if number:
            await client.was_read()
        await client.send_bytes(part)
