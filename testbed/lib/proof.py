"""A line of the table of testbed/prove: a story that injects a fault, and the figure it must reach.

A story says what it saw with `how.saw`, what it hoped for with `how.wants` (a figure that falls short is shown as such)
and what must hold with `check` of lib.story (a sentence that is untrue is a failure: a broken promise, a crash).
What the machine must have is said with `needs` before the story begins, never in the middle of it.
"""
import asyncio
import dataclasses
import os
import random
import shutil
import typing

from lib.story import check


class not_run(Exception):
    """This machine lacks something; the text names it."""


def needs(holds, what):
    if not holds:
        raise not_run(what)


def needs_program(name):
    needs(shutil.which(name), name)


BELIEVED = ("lost acked", "misrouted", "duplicated")  # violations that no damage on the way excuses


@dataclasses.dataclass
class line:
    id: str
    goal: str     # what is done
    figure: str   # what must come of it
    story: typing.Callable
    short_form: str = ""  # what --short does instead; empty: the same
    full_only: str = ""   # why --short leaves it out
    limit: int = 1800     # seconds that its full form may take


async def schedule(seconds):
    # sleep: the schedule of the faults; what follows from them is waited for
    await asyncio.sleep(max(0.0, seconds))


class trial:
    """One run of a line, told to its story."""

    def __init__(self, folder, seed, short):
        self.folder, self.seed, self.short = folder, seed, short
        self.chance = random.Random(seed)
        self.seen, self.missed = [], []

    def scaled(self, full, short):
        """How many, or how long: in a full run or a short one."""
        return short if self.short else full

    def path(self, name):
        return os.path.join(self.folder, name)

    def saw(self, what, value):
        print(f"  --   {what}: {value}", flush=True)
        self.seen.append(f"{what} {value}")

    def wants(self, sentence, holds):
        """A figure of the goal; what was seen is told by saw()."""
        print(f"  {'ok   ' if holds else 'SHORT'} {sentence}", flush=True)
        if not holds:
            self.missed.append(sentence)

    def audited(self, found, damaged=False):
        """What the ledgers say; every broken promise is a failure.

        With damaged bytes a notice may be among them: then it only counts that no wrong message was believed.
        """
        for text in found["evidence"]:
            print(f"       {text}")
        check("messages were answered", found["acked"] > 0, found)
        broken = {kind.replace("_", " "): count for kind, count in found["violations"].items() if count}
        for kind in found["violations"]:
            kind = kind.replace("_", " ")
            if damaged and kind not in BELIEVED and kind in broken:
                self.saw(kind, broken[kind])
            else:
                check(f"{kind}: 0", kind not in broken, broken.get(kind))
        told = [(found["refused"], "refused"), (found["undelivered"], "told not delivered"),
                (found["unknown"], f"told unknown ({found['unknown_taken']:,} of them were taken)")]
        self.saw("ledger", f"{'nothing wrong believed' if broken else 'clean'}: {found['acked']:,} answered of "
                 f"{found['sent']:,}" + "".join(f", {count:,} {what}" for count, what in told if count))


def told_after(faults, notices):
    """Seconds from each fault to the last notice before the next one, of monotonic times; None: nobody was told."""
    ends = faults[1:] + [float("inf")]
    return [max((at - begun for at in notices if begun <= at < end), default=None) for begun, end in zip(faults, ends)]


def longest(told):
    known = [took for took in told if took is not None]
    return f", within {max(known):.2f} s" if known else ""


def milliseconds(us):
    return f"{us / 1000:.3g} ms" if us < 1e6 else f"{us / 1e6:.3g} s"
