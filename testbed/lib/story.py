"""How a scenario is told. It consists of parts; the docstring of a part is its title, a check is a true sentence.

A false sentence ends its part, and the logs of the part's processes are printed; the other parts are still told.
"""
import asyncio
import os
import signal
import sys
import time
import traceback

SKIPPED = 77
SANITIZED = os.environ.get("WSGW_SANITIZE", "").upper() not in ("", "OFF", "0")
PART_LIMIT = 240 if SANITIZED else 60  # seconds


class untrue(Exception):
    """A sentence that does not hold."""


def scaled(count, sanitized):
    """So many in a plain build, `sanitized` of them where every instruction costs ten."""
    return sanitized if SANITIZED else count


def patience(seconds):
    """A limit that is part of the contract, relaxed where a sanitizer makes the program slow."""
    return seconds * 10 if SANITIZED else seconds


def check(sentence, holds, seen=None):
    if not holds:
        raise untrue(sentence if seen is None else f"{sentence}; seen: {str(seen)[:2000]}")
    print(f"  ok   {sentence}", flush=True)


def check_equal(sentence, seen, expected):
    check(sentence, seen == expected, f"{seen!r} instead of {expected!r}")


def measured(what, value):
    print(f"  --   {what}: {value}", flush=True)


async def until(sentence, holds, within=5.0):
    """Waits for `holds`, a function or a coroutine function; returns the seconds it took. Says nothing itself."""
    started = time.monotonic()
    while True:
        result = holds()
        if asyncio.iscoroutine(result):
            result = await result
        took = time.monotonic() - started
        if result:
            return took
        if took > within:
            raise untrue(f"{sentence} (within {within:g} s)")
        # sleep: the interval between two looks at another process, whose changes cannot be awaited
        await asyncio.sleep(0.005)


async def at_a_stand(value, looks=10, every=0.02):
    """Whether `value`, a coroutine function, says the same so many times in a row."""
    first = await value()
    for _ in range(looks):
        # sleep: that nothing happens cannot be awaited
        await asyncio.sleep(every)
        if await value() != first:
            return False
    return True


async def in_time(awaitable, within, sentence):
    """The result of `awaitable`, or the untrue `sentence`."""
    try:
        return await asyncio.wait_for(awaitable, within)
    except asyncio.TimeoutError:
        raise untrue(f"{sentence} (within {within:g} s)") from None


def run_story(story):
    """asyncio.run, where SIGTERM cancels as SIGINT does: what the story has entered is left, so that no process, no
    namespace and no control group outlives it. Further ones are ignored meanwhile."""
    terminated = []

    async def with_signals():
        task = asyncio.current_task()

        def terminate():
            if not terminated:
                task.cancel()
            terminated.append(True)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        return await story

    try:
        return asyncio.run(with_signals())
    finally:
        if terminated:
            sys.exit(128 + signal.SIGTERM)


async def _tell_part(part):
    print((part.__doc__ or part.__name__).strip(), flush=True)
    try:
        await asyncio.wait_for(part(), PART_LIMIT)
        return True
    except untrue as why:
        print(f"  NOT TRUE: {why}", flush=True)
    except asyncio.TimeoutError:
        print(f"  NOT TRUE: the part ends within {PART_LIMIT} s", flush=True)
    except Exception:  # whatever a peer's library raises, the next parts are still told
        traceback.print_exc(file=sys.stdout)
    return False


def tell(*parts):
    """Runs the parts one after the other and leaves with 0, 1, or 77 without a program to test."""
    if not os.path.exists(os.environ.get("WSGW", "")):
        print("WSGW does not name the program; see testbed/README.md")
        sys.exit(SKIPPED)

    async def all_parts():
        return [await _tell_part(part) for part in parts]

    told = run_story(all_parts())
    sys.exit(0 if all(told) else 1)
