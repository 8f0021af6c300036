"""An upstream process dies with messages on their way to it: the client is told once, and exactly what is known."""
import asyncio
import contextlib
import json
import signal
import sys
import time

from lib.gateway import gateway, mock_service, service
from lib.peers import ask, connect, echo, receive, text, upstream
from lib.process import event_of, peer, process
from lib.story import check, check_equal, measured, patience, tell, until

PAYLOAD = "x" * 16 * 1024


class ledger(process):
    """testbed/peers/ledger_service.py and what it took."""

    def __init__(self, name):
        super().__init__(sys.executable, "-B", peer("ledger_service.py"), name=name)
        self._ids, self._lines_read = [], 0

    async def ready(self):
        self.address = (await self.events(self.out, "listening"))[0]["address"]

    @property
    def ids(self):
        fresh = [event_of(line) for line in self.out[self._lines_read:]]
        self._lines_read += len(fresh)
        self._ids += [line["id"] for line in fresh if line["event"] == "took"]
        return self._ids


class talker:
    """A client that sends numbered messages until it is told to stop, and keeps what it hears."""

    def __init__(self, client, name):
        self.client, self.name = client, name
        self.sent = 0
        self.answers, self.notices = [], []
        self.times = []  # of the answers
        self.told_at = None

    async def send_until(self, stop, payload):
        while not stop.is_set():
            self.sent += 1
            await self.client.send(text(self.name, self.sent, payload))
            # sleep: no pause; it lets the listener have its turn
            await asyncio.sleep(0)

    async def listen(self):
        async for message in self.client:
            heard = json.loads(message)
            if "error" in heard:
                self.told_at = time.monotonic()
                self.notices.append(heard)
            else:
                self.times.append(time.monotonic())
                self.answers.append(heard["id"])


def accounts_add_up(heard, first, second):
    """Compares the notice with the ledgers of the instance that died and of the one that lives."""
    check_equal("the end of the channel is told exactly once", len(heard.notices), 1)
    frame = heard.notices[0]
    notice = frame["error"]
    measured("the notice", {k: notice[k] for k in ("closeCode", "epoch", "lastSeq", "forwarded", "received")})
    dead, living = first.ids, second.ids
    measured("messages sent / taken by the first / taken by the second", (heard.sent, len(dead), len(living)))
    check("it is CHANNEL_CLOSED, abnormal, of the service, with status 1, to be tried again",
          (notice["code"], notice["closeCode"], notice["service"], frame["status"], notice["sent"],
           notice["retryable"]) == ("CHANNEL_CLOSED", 1006, heard.name, 1, True, True), frame)
    check_equal("it was the first channel of this service", notice["epoch"], 1)
    check_equal("as only this service was spoken to, lastSeq is the number of messages forwarded",
                notice["lastSeq"], notice["forwarded"])
    check_equal("the dead instance took the first messages in order", dead, list(range(1, len(dead) + 1)))
    check("it took none behind lastSeq", len(dead) <= notice["lastSeq"], (len(dead), notice))
    check_equal("`received` is the number of its answers that reached the client", notice["received"],
                len([id for id in heard.answers if id <= notice["lastSeq"]]))
    check("the living instance took later messages only", living and living[0] > notice["lastSeq"], living[:3])
    check_equal("in order and without a gap to the end", living, list(range(living[0], heard.sent + 1)))
    measured("accepted, certainly not delivered", living[0] - 1 - notice["lastSeq"])
    check_equal("no message was delivered twice, none but those is missing", sorted(dead + living),
                dead + list(range(living[0], heard.sent + 1)))
    check_equal("the living instance's answers reached the client in order",
                [id for id in heard.answers if id >= living[0]], living)


async def burst_and_kill(payload, kill, *tables):
    async with ledger("first") as one, ledger("second") as two:
        async with gateway(service("s", one.address, two.address), *tables) as gw, connect(gw, max_queue=32) as client:
            heard = talker(client, "s")
            listening = asyncio.ensure_future(heard.listen())
            stop = asyncio.Event()
            sending = asyncio.ensure_future(heard.send_until(stop, payload))
            await until("the first messages are taken", lambda: len(one.ids) + len(two.ids) >= 50, 15)
            first, second = (one, two) if one.ids else (two, one)
            killed_at = await kill(gw, first)
            await until("the other instance serves", lambda: len(second.ids) >= 50, 15)
            stop.set()
            await sending
            await until("everything to the living instance is answered",
                        lambda: second.ids and second.ids[-1] == heard.sent and heard.answers[-1] == heard.sent, 15)
            served = next(at for at, id in zip(heard.times, heard.answers) if id == second.ids[0])
            measured("from SIGKILL to the notice", f"{(heard.told_at - killed_at) * 1000:.1f} ms")
            measured("from SIGKILL to the first answer of the other instance", f"{(served - killed_at) * 1000:.1f} ms")
            check("the other instance answers within a second", served - killed_at < patience(1.0), served - killed_at)
            accounts_add_up(heard, first, second)
            check_equal("the session lives on with one channel", await gw.metric("wsgw_channels"), 1)
            await client.close()
            await listening


async def mid_burst():
    """SIGKILL in the middle of small messages and their answers."""
    async def kill(gw, first):
        first.kill()
        return time.monotonic()
    await burst_and_kill("x" * 100, kill)


async def mid_congestion():
    """The upstream first stops reading, so that messages wait in the gateway, and is killed then."""
    async def stop_then_kill(gw, first):
        first.send_signal(signal.SIGSTOP)

        async def is_stuck():
            before = await gw.metric("wsgw_messages_total", service="s", direction="up")
            for _ in range(20):
                if await gw.metric("wsgw_messages_total", service="s", direction="up") != before:
                    return False
            return True
        await until("the gateway's queue for it is full", is_stuck, 15)
        first.kill()
        return time.monotonic()
    await burst_and_kill(PAYLOAD, stop_then_kill)


def is_connected(address):
    """Whether anybody has a TCP connection to this address."""
    port, established = int(address.rsplit(":", 1)[1]), "01"
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return any(int(row[2].split(":")[1], 16) == port and row[3] == established for row in rows)


def facts(notice):
    return [notice["error"].get(key) for key in ("code", "epoch", "lastSeq", "forwarded", "received")]


async def mocks_killed():
    """Two mock-service processes, an instance each, are killed one after the other between two messages."""
    async with contextlib.AsyncExitStack() as stack:
        mocks = [await stack.enter_async_context(mock_service(1, "m")) for _ in range(2)]
        other = await stack.enter_async_context(upstream(echo))
        gw = await stack.enter_async_context(
            gateway(service("m", *[mock.addresses("m")[0] for mock in mocks]), service("other", other.address)))
        client = await stack.enter_async_context(connect(gw))
        for id, name in enumerate(["m", "other", "m", "other"], 1):
            await ask(client, text(name, id))
        first, second = sorted(mocks, key=lambda mock: not is_connected(mock.addresses("m")[0]))
        first.kill()
        started = time.monotonic()
        notice = await receive(client)
        check_equal("the notice: epoch 1, seq 3 was the last of two messages, both answered", facts(notice),
                    ["CHANNEL_CLOSED", 1, 3, 2, 2])
        answer = await ask(client, text("m", 5))
        took = time.monotonic() - started
        measured("from SIGKILL to the answer of the other instance", f"{took * 1000:.1f} ms")
        check("the next message is answered by the other instance within a second",
              took < patience(1.0) and (answer["id"], answer["n"]) == (5, 1), answer)
        second.kill()
        check_equal("its death is told as epoch 2, behind seq 5", facts(await receive(client)),
                    ["CHANNEL_CLOSED", 2, 5, 1, 1])
        refused = await ask(client, text("m", 6))
        check("without any instance the next message is refused as not sent",
              refused["error"]["sent"] is False and refused["error"]["http"] in (502, 503), refused)
        check_equal("the other service never noticed", (await ask(client, text("other", 7)))["id"], 7)
        check_equal("and keeps its channel", len(other.connections), 1)


tell(mid_burst, mid_congestion, mocks_killed)
