"""The gateway itself ends: drained, killed, and stormed by everybody who comes back."""
import signal
import time

from lib.gateway import mebibytes
from lib.ledger import world
from lib.proof import line, milliseconds, schedule
from lib.story import check, check_equal

RETURN = {"reconnect_ms": [0, 300], "window": 4, "settle_ms": 20000}
WINDOW = 6.0  # seconds: the drain of 300 ms and the 5 s that a client may take to answer its Close


async def drained(how):
    """Two gateways; one after the other is drained under load and started again. The clients go to the other one."""
    drains, clients = how.scaled(100, 6), how.scaled(1000, 300)
    async with world(how) as here:
        await here.serve("a", 2)
        await here.serve("b")
        addresses = [(await here.gateway()).address, (await here.gateway()).address]
        talk = await here.load(addresses, clients=clients, rate=how.scaled(3000, 2000), **RETURN)
        await talk.opened()
        took = []
        for i in range(drains):
            gw = here.gateways[i % 2]
            await talk.progressed("it has clients", lambda now: now["open"] > clients * 0.9)
            begun = time.monotonic()
            gw.send_signal(signal.SIGTERM)
            check_equal("the exit status is 0", await gw.exit_status(WINDOW + 9), 0)
            took.append(time.monotonic() - begun)
            here.gateways[i % 2] = await here.gateway(bind=addresses[i % 2])
        done = await talk.finish()
        how.saw("drains", drains)
        how.saw("longest", f"{max(took):.2f} s")
        how.saw("closes", done["closed"])
        how.saw("back on the other p99", milliseconds(done["return_us"]["p99"]))
        how.wants("each drain ends within its window", max(took) <= WINDOW)
        how.wants("every client was told by a Close 1012", set(done["closed"]) == {"1012"})
        await here.audit()


async def killed(how):
    """SIGKILL for the gateway, which is started again at once; the clients come back with jitter."""
    kills, clients = how.scaled(50, 5), how.scaled(1000, 300)
    async with world(how) as here:
        await here.serve("a", 2)
        gw = await here.gateway()
        talk = await here.load(clients=clients, rate=how.scaled(3000, 2000), **RETURN)
        await talk.opened()
        starts = []
        for _ in range(kills):
            await talk.progressed("everybody is there", lambda now: now["open"] == clients)
            await schedule(how.chance.uniform(0.2, 0.8))
            gw.kill()
            await gw.exit_status()
            begun = time.monotonic()
            gw = await here.gateway(bind=gw.address)
            starts.append(time.monotonic() - begun)
        await talk.progressed("everybody is back", lambda now: now["open"] == clients)
        done = await talk.finish()
        how.saw("SIGKILLs", kills)
        how.saw("serving again within", f"{max(starts):.2f} s")
        how.wants("a restarted gateway serves within a second", max(starts) < 1)
        check_equal("every session that broke was seen to break", set(done["closed"]), {"1006"})
        check("the messages on their way are reported by the end of their session", done["closed"]["1006"] > 0)
        await here.audit()


async def herd(how):
    """The gateway is killed with everybody connected, and everybody comes back in the same instant."""
    clients = how.scaled(9000, 3000)
    async with world(how) as here:
        await here.serve("a", 2)
        gw = await here.gateway()
        talk = await here.load(clients=clients, rate=2000, window=1, reconnect_ms=[0, 0], dial_at_once=clients,
                               settle_ms=30000)
        await talk.opened()
        await talk.progressed("everybody is there", lambda now: now["open"] == clients and now["acked"] >= clients)
        before, overflows = gw.rss(), listen_overflows()
        gw.kill()
        await gw.exit_status()
        gw = await here.gateway(bind=gw.address)
        took = await talk.progressed("everybody is back", lambda now: now["open"] == clients, within=60)
        await talk.progressed("and talks", lambda now: now["unexplained"] < clients / 10)
        how.saw("all back in", f"{took:.1f} s")
        how.saw("RSS before/peak after", f"{mebibytes(before)}/{mebibytes(gw.peak_rss())}")
        how.saw("listen queue overflows", listen_overflows() - overflows)
        how.wants("all are back within 30 s", took <= 30)
        how.wants("RSS stays within 1.5 times", gw.peak_rss() <= 1.5 * before)
        how.wants("the accept queue never overflows", listen_overflows() == overflows)
        await talk.finish(90)
        await here.audit()


def listen_overflows():
    with open("/proc/net/netstat", encoding="ascii") as file:
        rows = [row.split() for row in file if row.startswith("TcpExt:")]
    return int(dict(zip(*rows))["ListenOverflows"])


LINES = [
    line("R3.drain", "SIGTERM drains of one of two gateways under load",
         "100 drains: nothing lost without a notice or the Close; each within its window", drained, "6 drains"),
    line("R3.kill", "SIGKILL of the gateway under load", "50 kills: serving again < 1 s; 0 acked lost", killed,
         "5 kills"),
    line("R3.herd", "9,000 clients return at once, without jitter",
         "all back <= 30 s, RSS <= 1.5x, accept queue never overflows", herd, "3,000 clients"),
]
