"""Instances that come, go and fall ill by what sources say, and sources that lie or are gone: clients do not notice."""
import contextlib
import time

from lib.discovery import channels, instance_list, know, name_server, refreshed, source_table, tables
from lib.gateway import service
from lib.ledger import instance, world
from lib.proof import line, schedule
from lib.registries import consul, etcd, eureka, kubernetes
from lib.story import check, check_equal, until

TALK = {"window": 2, "settle_ms": 20000}
# Who has failed for long is asked once a minute.
FAILED_FOR_LONG = 90


@contextlib.asynccontextmanager
async def all_sources(how):
    """The registries that are ours, files, and a real etcd and name server where there is one."""
    async with contextlib.AsyncExitStack() as stack:
        found = {"files": instance_list(), "eureka": eureka(), "consul": consul(), "kubernetes": kubernetes()}
        for name, kind in (("etcd", etcd), ("names", name_server)):
            if kind.installed():
                found[name] = kind()
            else:
                how.saw(name, "not there")
        for one in found.values():
            await stack.enter_async_context(one)
        yield found


async def three_each(here, sources):
    """Three instances of each service; those that a name server knows share a port."""
    served = {}
    for name, source in sources.items():
        if name != "names":
            served[name] = await here.serve(name, 3)
            continue
        first, = await here.serve(name, 1, host="127.0.0.2")
        source.port_of_services = int(first.address.split(":")[1])
        served[name] = [first]
        for last in (3, 4):
            one = instance(name, here.how.folder, last, host=f"127.0.0.{last}", port=source.port_of_services)
            served[name].append(await here.begin(one))
    return served


async def put(sources, served, *numbers):
    for name, source in sources.items():
        await source.put(name, *(served[name][n].address for n in numbers))


async def levels(how, gw, names, sentence):
    """Max / min of the channels of the instances of each service."""
    worst = 0
    for name in names:
        counts = (await channels(gw, name)).values()
        worst = max(worst, max(counts) / max(1, min(counts)))
    how.saw(sentence, f"{worst:.2f}")
    return worst


async def followed(how):
    """An instance is added, one is removed, one falls ill, at every source at once, under open channels and traffic."""
    clients, rate = how.scaled(1000, 150), how.scaled(3000, 600)
    async with all_sources(how) as sources, world(how) as here:
        served = await three_each(here, sources)
        await put(sources, served, 0, 1)
        gw = await here.gateway(tables(sources, refresh="1s"), fixed=False)
        await know(gw, sources, 2)
        first = await here.load(clients=clients, rate=rate, **TALK)
        await first.opened()
        await first.progressed("everybody has talked", lambda now: now["acked"] >= 6 * clients, 120)

        began = time.monotonic()
        await put(sources, served, 0, 1, 2)
        await know(gw, sources, 3)
        how.saw("added instances known after", f"{time.monotonic() - began:.1f} s")
        second = await here.load(clients=clients, first_client=1 + clients, rate=rate, **TALK)
        await second.opened()
        await second.progressed("everybody has talked", lambda now: now["acked"] >= 6 * clients, 120)
        level = await levels(how, gw, sources, "max/min channels of an instance")
        how.wants("new channels level the instances: max/min <= 1.1", level <= 1.1)

        await put(sources, served, 0, 2)
        await know(gw, sources, 2)
        await schedule(how.scaled(20.0, 2.0))
        await put(sources, served, 0, 1, 2)
        await know(gw, sources, 3)
        for name, source in sources.items():
            await source.sick(name, served[name][0].address)
        await know(gw, sources, 2)
        await schedule(how.scaled(20.0, 2.0))
        check_equal("nobody's channel was closed for it",
                    [(await load.finish())["notices"] for load in (first, second)], [0, 0])
        await here.audit()


async def lied_to(how):
    """Every registry errs, says garbage or half an answer, is silent, lists nothing, and is gone for a while."""
    sources = {"eureka": eureka(), "consul": consul(), "kubernetes": kubernetes()}
    async with contextlib.AsyncExitStack() as stack, world(how) as here:
        for one in sources.values():
            await stack.enter_async_context(one)
        served = {name: await here.serve(name, 2) for name in sources}
        await put(sources, served, 0, 1)
        gw = await here.gateway(tables(sources, refresh="1s", read_timeout="2s"), fixed=False)
        await know(gw, sources, 2)
        talk = await here.load(clients=500, rate=2000, **TALK)
        await talk.opened()
        each = 60.0
        for lie in ("status 500", "garbage", "truncated", "silence", "empty"):
            for one in sources.values():
                one.lies(lie)
            await schedule(each)
            for one in sources.values():
                one.lies(None)
            await refreshed(gw, ["eureka"], "answered", FAILED_FOR_LONG)
        for one in sources.values():
            await one.down()
        await schedule(600.0)
        await know(gw, sources, 2)
        told = [line for line in gw.err if '"discovery_failed"' in line]
        for one in sources.values():
            await one.up()
        await put(sources, served, 1)
        await know(gw, sources, 1, FAILED_FOR_LONG)
        done = await talk.finish()
        how.saw("lies, of each source", 5)
        how.saw("gone for", "10 min")
        how.saw("lines of the log about failures", len(told))
        how.wants("a failure is logged once, not each time", len(told) <= 5 * len(sources))
        check_equal("nobody noticed", (done["refused"], done["notices"], done["closed"]), ({}, 0, {}))
        await here.audit()


@contextlib.asynccontextmanager
async def two_of_three(how, here, **settings):
    """Clients that talk over two of three instances: often enough to have channels, seldom enough to be quiet between."""
    clients = how.scaled(1000, 120)
    async with instance_list() as listed:
        sources, served = {"files": listed}, {"files": await here.serve("files", 3)}
        await put(sources, served, 0, 1)
        gw = await here.gateway(service("files", discovery="files", **settings), source_table("files", listed),
                                fixed=False)
        await know(gw, sources, 2)
        talk = await here.load(clients=clients, rate=clients / 2, **TALK)
        await talk.opened()
        await talk.progressed("everybody has talked", lambda now: now["acked"] >= 3 * clients, 120)
        await put(sources, served, 0, 1, 2)
        await know(gw, sources, 3)
        yield gw, served["files"], talk


async def scaled_out(how):
    """From 2 to 3 instances with open channels: these stay where they are."""
    async with world(how) as here, two_of_three(how, here) as (gw, served, talk):
        await schedule(how.scaled(30.0, 2.0))
        check_equal("no open channel moved", (await channels(gw, "files"))[served[2].address], 0)
        done = await talk.finish()
        check_equal("nobody noticed", (done["refused"], done["notices"], done["closed"]), ({}, 0, {}))
        await here.audit()


async def rehomed(how):
    """The same where the service asks for it: they move at the pace that it names, and each move is told."""
    pace = how.scaled("50%/min", "10%/s")
    async with world(how) as here, two_of_three(how, here, rehome=pace, rehome_quiet="500ms") as (gw, _, talk):
        began = time.monotonic()

        async def level():
            counts = (await channels(gw, "files")).values()
            return max(counts) <= 1.1 * min(counts)
        await until("the instances are level", level, how.scaled(300, 60))
        how.saw(f"rehome = {pace}: max/min <= 1.1 after", f"{time.monotonic() - began:.0f} s")
        done = await talk.finish()
        moved = await gw.metric("wsgw_channels_moved_total", service="files")
        how.saw("moved", f"{moved:.0f}")
        check_equal("every move was told, and nothing else", done["notices"], moved)
        check_equal("nobody was refused or disconnected", (done["refused"], done["closed"]), ({}, {}))
        await here.audit()


LINES = [
    line("I1.follow", "instances added, removed and unwell at every source, 2,000 clients",
         "ledger clean, no channel closed; max/min channels <= 1.1 by new channels", followed, "300 clients"),
    line("I2.lies", "registries that err, lie, fall silent, and are gone for 10 min", "clients do not notice", lied_to,
         full_only="the scenario `registries` tells it in short"),
    line("I3.stay", "2 -> 3 instances with 1,000 channels", "only new channels go there, ledger clean", scaled_out,
         "120 channels"),
    line("I3.rehome", "the same with `rehome`", "level within its pace, ledger clean", rehomed, "120 channels"),
]
