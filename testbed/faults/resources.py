"""The machine runs short: descriptors, memory, time."""
import contextlib
import datetime
import glob
import os
import signal
import socket
import time

from faults.network import HEARTBEATS
from faults.slow_readers import stuck
from lib.cgroup import cgroup
from lib.gateway import mebibytes, mock_service, service
from lib.ledger import instrument, world
from lib.netns import far_side
from lib.proof import line, milliseconds, needs, needs_program, schedule
from lib.story import check, check_equal, until

TALK = {"window": 4, "settle_ms": 20000}


async def descriptors(how):
    """A gateway with 256 descriptors meets a crowd of connections that needs more, and stays at its limit."""
    seconds, clients = how.scaled(600, 5), 60
    needs_program("prlimit")
    async with world(how) as here:
        await here.serve("a")
        gw = await here.gateway(listener="max_sessions = 100000\n", prefix=("prlimit", "--nofile=256"))
        talk = await here.load(clients=clients, rate=100, **TALK)
        await talk.opened()
        await talk.progressed("everybody talks", lambda now: now["acked"] >= clients)
        host, port = gw.address.rsplit(":", 1)
        with contextlib.ExitStack() as crowd:
            for _ in range(400):
                one = crowd.enter_context(socket.socket())
                one.setblocking(False)
                one.connect_ex((host, int(port)))
            await until("no descriptor is left", lambda: gw.descriptors() >= 255)
            before, begun = gw.cpu_seconds(), time.monotonic()
            await schedule(seconds)
            share = (gw.cpu_seconds() - before) / (time.monotonic() - begun)
            at_limit = talk.now()
        how.saw("CPU at the limit", f"{share:.0%} of a core")
        how.wants("it does not spin: less than a quarter of a core", share < 0.25)
        begun = time.monotonic()
        newcomers = await here.load(clients=40, first_client=1000, rate=100, seconds=2, **TALK)
        opened = await newcomers.opened(30)
        how.saw("40 newcomers are served after", f"{time.monotonic() - begun:.1f} s")
        check_equal("it recovers by itself", opened["open"], 40)
        how.wants("it recovers within 10 s", time.monotonic() - begun <= 10)
        await newcomers.done()
        done = await talk.finish()
        check_equal("those who were there stay", (at_limit["open"], done["closed"]), (clients, {}))
        check_equal("and are served", done["refused"], {})
        await here.audit()


def said(gw, event):
    return sum(f'"{event}"' in row for row in gw.err)


async def memory(how):
    """256 MB for a gateway whose queues would take more, and for whom given up sessions come back. The kernel keeps
    little for it, so that they have to."""
    async with cgroup("memory") as group, far_side(buffers=64 * 1024) as far, world(how) as here:
        group.set("memory.limit_in_bytes", 256 * 1024 * 1024)
        place = f"{far.near}:0"
        echo = await here.enter(mock_service(1, "slow", "--reply", "raw", "--listen", place))
        await here.serve("b", host=far.near)
        gw = await here.gateway(service("slow", *echo.addresses("slow")), root='memory = "50%"', bind=f"{far.far}:0",
                                admin=f"{far.far}:0", prefix=(*group.prefix, *far.prefix))
        talk = await here.load(clients=50, rate=100, services=["b"], sources=1, **TALK)
        await talk.opened()
        deaf = await here.load(clients=how.scaled(2000, 300), first_client=1000, services=["slow"], window=1000,
                               padding=1000, deaf=True, receive_buffer=8192, sources=1, journal="", settle_ms=0,
                               reconnect_ms=[500, 5000])
        await deaf.opened()
        await gw.lines(gw.err, lambda row: '"memory_short"' in row, within=60)
        await stuck(gw)
        await schedule(how.scaled(600, 5))
        check("the kernel did not have to kill it", gw.running)
        how.saw("most memory used", mebibytes(int(group.get("memory.max_usage_in_bytes"))))
        how.saw("memory was short", f"{said(gw, 'memory_short')} times")
        how.saw("sessions given up", await gw.metric("wsgw_sessions_closed_total", initiator="gateway"))
        deaf.kill()
        await until("it recovers by itself", lambda: said(gw, "memory_recovered") == said(gw, "memory_short"), 60)
        newcomers = await here.load(clients=10, first_client=5000, rate=100, services=["b"], seconds=1, sources=1, **TALK)
        check_equal("newcomers are served again", ((await newcomers.opened())["open"], (await newcomers.done())["refused"]),
                    (10, {}))
        done = await talk.finish()
        check_equal("the other clients are served all the while", (done["closed"], done["refused"], done["notices"]),
                    ({}, {}, 0))
        await here.audit()


async def malloc(how):
    """One allocation of a gateway under load fails: the n-th one, for many n."""
    tries = 200
    ends, reached = {}, 0
    async with world(how) as here:
        await here.serve("a", 2)
        for i in range(tries):
            n, mark = how.chance.randint(1, 2000), how.path(f"now.{i}")
            preload = {"LD_PRELOAD": instrument("failing_malloc.so"), "FAIL_MALLOC_AT": str(n),
                       "FAIL_MALLOC_AFTER": mark}
            gw = await here.gateway(env=preload)
            talk = await here.load([gw.address], clients=20, first_client=1 + 100 * i, rate=400, reconnect_ms=[0, 100],
                                   seconds=1, dial_at_once=5, **TALK)
            with open(mark, "w", encoding="ascii"):
                pass
            await talk.done()
            reached += not os.path.exists(mark)
            lived = gw.running
            if lived:
                gw.send_signal(signal.SIGTERM)
            status = await gw.exit_status()
            check(f"it dies of no signal when allocation {n} fails", status >= 0, status)
            end = f"lived, then {status}" if lived else f"exit {status}"
            ends[end] = ends.get(end, 0) + 1
        how.saw("allocations failed", f"{reached} in {tries} runs")
        check("most runs came to their allocation", reached > tries / 2, reached)
        how.saw("what became of the gateway", ", ".join(f"{key}: {count}" for key, count in ends.items()))
        await here.audit()


async def wall_clock(how):
    """The wall clock jumps a day ahead and a day back."""
    library = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") or [""])[0]
    needs(library, "faketime")
    offset = how.path("offset")

    def jump(to):
        with open(f"{offset}.new", "w", encoding="ascii") as file:
            file.write(to + "\n")
        os.replace(f"{offset}.new", offset)

    jump("+0")
    faked = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": "1",
             "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    async with world(how) as here:
        await here.serve("a", 2)
        gw = await here.gateway(env=faked)
        talk = await here.load(clients=100, rate=500, **TALK)
        await talk.opened()
        for number, (to, days) in enumerate((("+1d", 1), ("-1d", -1), ("+0", 0)), 1):
            jump(to)
            gw.send_signal(signal.SIGHUP)  # which it logs
            logged = (await gw.events(gw.err, "certificates_looked_at", number))[-1]["ts"]
            ahead = datetime.datetime.fromisoformat(logged) - datetime.datetime.now(datetime.timezone.utc)
            check(f"the gateway's clock is {to} off", abs(ahead - datetime.timedelta(days)).total_seconds() < 60, ahead)
            await schedule(how.scaled(60, 1.5))
        done = await talk.finish()
        check_equal("nobody is disconnected", done["closed"], {})
        check_equal("no channel ends", done["notices"], 0)
        await here.audit()


async def little_cpu(how):
    """A fifth of a core, and standing still for 4 s at a time, with heartbeats of 2 s + 1 s."""
    async with cgroup("cpu") as group, world(how) as here:
        group.set("cpu.cfs_quota_us", 20000)
        await here.serve("a", 2)
        gw = await here.gateway(HEARTBEATS, prefix=group.prefix)
        talk = await here.load(clients=200, rate=500, **TALK)
        await talk.opened()
        for _ in range(how.scaled(20, 2)):
            gw.send_signal(signal.SIGSTOP)
            await schedule(4.0)
            gw.send_signal(signal.SIGCONT)
            await schedule(how.scaled(10.0, 3.0))
        done = await talk.finish()
        how.saw("p50/p99", "/".join(milliseconds(done["answer_us"][key]) for key in ("p50", "p99")))
        check_equal("no client is taken for dead", done["closed"], {})
        check_equal("no upstream is taken for dead", done["notices"], 0)
        await here.audit()


LINES = [
    line("R5.files", "256 descriptors, 400 connections too many for 10 min",
         "no spin; those inside unharmed; recovery <= 10 s", descriptors, "5 s"),
    line("R5.memory", "256 MB and 2,000 clients that never read", "0 kills in 10 min, others served", memory,
         "300 clients, 5 s"),
    line("R5.malloc", "the n-th allocation fails, n of 1..2,000 at random", "200 times: no crash, clean ledger", malloc,
         full_only="200 gateways, one after the other"),
    line("R5.clock", "wall clock + 1 day, - 1 day", "0 disconnects", wall_clock),
    line("R5.cpu", "20 % of a core, stops of 4 s; ping 2 s + 1 s", "no false heartbeat deaths", little_cpu, "2 stops"),
]
