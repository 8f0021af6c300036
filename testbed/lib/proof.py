"""A line of the table of testbed/prove: a story that injects a fault, and the figure it must reach.

A story says what it saw with `how.saw`, what it hoped for with `how.wants` (a figure that falls short is shown as such)
and what must hold with `check` of lib.story (a sentence that is untrue is a failure: a broken promise, a crash).
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


@dataclasses.dataclass
class line:
    id: str
    goal: str     # what is done
    figure: str   # what must come of it
    story: typing.Callable
    short_form: str = ""  # what --short does instead; empty: the same


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
        for kind, count in found["violations"].items():
            if damaged and kind not in ("lost_acked", "misrouted", "duplicated"):
                self.saw(kind.replace("_", " "), count)
                continue
            check(f"{kind.replace('_', ' ')}: 0", count == 0, count)
        told = [(found["refused"], "refused"), (found["undelivered"], "told not delivered"),
                (found["unknown"], f"told unknown ({found['unknown_taken']:,} of them were taken)")]
        self.saw("ledger", f"clean: {found['acked']:,} answered of {found['sent']:,}" +
                 "".join(f", {count:,} {what}" for count, what in told if count))


def milliseconds(us):
    return f"{us / 1000:.3g} ms" if us < 1e6 else f"{us / 1e6:.3g} s"
