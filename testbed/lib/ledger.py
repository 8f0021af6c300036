"""The ledger method: clients that journal what they send and hear, services that write down what they take, and the
audit that joins the two (see testbed/instruments)."""
import contextlib
import glob
import json
import os
import shutil
import signal

from lib.gateway import gateway, mock_service, service
from lib.process import binary, event_of, process, run
from lib.story import check, check_equal, untrue, until


def instrument(name):
    folder = os.environ.get("INSTRUMENTS") or os.path.join(os.path.dirname(binary()), "../../testbed/instruments")
    return os.path.join(folder, name)


class instance:
    """One process that serves one instance of a service. It can die, and come back at its address and to its ledger."""

    def __init__(self, name, folder, ordinal, *options, host="127.0.0.1", port=0, prefix=()):
        self.name, self._options, self._prefix = name, options, prefix
        self.ledger = os.path.join(folder, f"{name}.{ordinal}.ledger")
        self.address, self.process = f"{host}:{port}", None

    async def start(self):
        self.process = mock_service(1, self.name, "--listen", self.address, "--ledger", self.ledger, *self._options,
                                    prefix=self._prefix)
        await self.process.start()
        self.address = self.process.addresses(self.name)[0]

    async def end(self):
        """SIGTERM, or what is left of a process that was killed."""
        if self.process:
            await self.process.end()
        self.process = None

    async def kill(self):
        self.process.kill()
        await self.end()

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def channels(self):
        """How many connections have brought it a message, over all its lives."""
        with open(self.ledger, encoding="ascii") as file:
            return len({row.split()[-1] for row in file})


class load(process):
    """`ledger_load`: see testbed/instruments/load_plan.hpp for the plan."""

    def __init__(self, gateways, prefix=(), **plan):
        plan["gateways"] = list(gateways)
        super().__init__(*prefix, instrument("ledger_load"), json.dumps(plan), name="ledger_load")
        self.summary = None  # of one that was not killed

    async def end(self, why=None):
        if why is not None:
            self.kill()  # nobody waits for the last answers of a story that has broken off
        await super().end(why)

    async def opened(self, within=60.0):
        """Every client has tried to connect, and the traffic begins."""
        return (await self.events(self.out, "open", 1, within))[0]

    def now(self):
        """The latest progress."""
        return next((event_of(row) for row in reversed(self.out) if '"progress"' in row), {})

    async def progressed(self, sentence, holds, within=60.0):
        """Waits until a fresh report fulfils `holds`."""
        before = len(self.out)
        return await until(sentence, lambda: len(self.out) > before and self.now() and holds(self.now()), within)

    async def done(self, within=60.0):
        """Its summary, once it has ended by itself."""
        self.summary, = await self.events(self.out, "done", 1, within)
        return self.summary

    async def finish(self, within=60.0):
        """No new messages; its summary, once the last answers are there."""
        self.send_signal(signal.SIGTERM)
        return await self.done(within)


class chaos(process):
    """`chaos_proxy` in front of `to`: see testbed/instruments/chaos_plan.hpp for the plan."""

    def __init__(self, to, **plan):
        super().__init__(instrument("chaos_proxy"), json.dumps({"to": to, **plan}), name="chaos_proxy")

    async def ready(self):
        self.address = (await self.events(self.out, "listening"))[0]["address"]

    async def finish(self):
        """Ends it; what it did to all connections together."""
        self.send_signal(signal.SIGTERM)
        return (await self.events(self.out, "done", 1, 30))[0]


class world:
    """Instances with ledgers, gateways in front of them, clients that journal. Everything ends with it."""

    def __init__(self, how):
        self.how, self.instances, self.gateways = how, [], []
        self._loads = []
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self):
        await self._stack.__aenter__()
        return self

    async def __aexit__(self, *why):
        return await self._stack.__aexit__(*why)

    async def enter(self, context):
        return await self._stack.enter_async_context(context)

    async def serve(self, name, count=1, *options, **where):
        """So many instances of a service."""
        return [await self.begin(instance(name, self.how.folder, i, *options, **where)) for i in range(1, count + 1)]

    async def begin(self, one):
        self._stack.push_async_callback(one.end)
        await one.start()
        self.instances.append(one)
        return one

    async def gateway(self, *tables, through=None, fixed=True, **options):
        """In front of all instances, or of the proxies `through` which they are reached, by address. Not `fixed`: the
        tables say how services are found."""
        by_name = {}
        for one in self.instances if fixed else []:
            by_name.setdefault(one.name, []).append(through[one.address].address if through else one.address)
        tables = list(tables) + [service(name, *addresses) for name, addresses in by_name.items()]
        self.gateways.append(await self.enter(gateway(*tables, **options)))
        return self.gateways[-1]

    async def chaos(self, to, **plan):
        return await self.enter(chaos(to, seed=self.how.seed, **plan))

    async def chaos_upstream(self, **plan):
        """A chaos proxy in front of every instance: what gateway() takes as `through`."""
        return {one.address: await self.chaos(one.address, **plan) for one in self.instances}

    async def load(self, gateways=None, **plan):
        """Clients of all gateways and all services, unless told otherwise."""
        plan = {"run": f"seed-{self.how.seed}", "journal": self.how.path(f"journal.{len(self._loads)}"),
                "seed": self.how.seed, "sources": 4,
                "services": sorted({one.name for one in self.instances}), **plan}
        self._loads.append(await self.enter(load(gateways or [gw.address for gw in self.gateways], **plan)))
        return self._loads[-1]

    async def audit(self, damaged=False):
        """Joins the journal with all ledgers. `damaged`: bits were flipped on the way."""
        for done in [one.summary for one in self._loads if one.summary]:
            check("the journal is whole", done["journal_complete"])
            if not damaged:
                check_equal("frames and messages that the gateway must not send: 0", done["bad"], 0)
        ledgers = sorted(glob.glob(self.how.path("*.ledger")))
        done = await run(instrument("ledger_check"), self._one_journal(), *ledgers, within=300)
        if done.status not in (0, 1):
            raise untrue(f"the ledgers can be audited: {done}")
        self.how.audited(json.loads(done.out), damaged)

    def _one_journal(self):
        """Loads of one run share no client, so their journals may stand behind each other."""
        journals = sorted(glob.glob(self.how.path("journal.*")))
        if len(journals) == 1:
            return journals[0]
        joined = self.how.path("joined")
        with open(joined, "wb") as to:
            for path in journals:
                with open(path, "rb") as file:
                    shutil.copyfileobj(file, to)
        return joined

    def _events(self, kind):
        with open(self._one_journal(), encoding="ascii") as file:
            for row in file:
                if row.startswith(kind):
                    yield row.split()

    def notices(self):
        """(client, service, last seq, monotonic seconds) of every notice."""
        return [(int(row[1]), row[3], int(row[5]), int(row[7]) / 1e6) for row in self._events("N ")]

    def refusals(self):
        """(code, monotonic seconds) of every error frame."""
        return [(row[5], int(row[7]) / 1e6) for row in self._events("E ")]
