"""Peers that do not read: whoever sends to them has to wait, nobody else does, and the gateway does not grow."""
import asyncio
import json
import os
import time

from lib.gateway import gateway, mebibytes, service
from lib.kernel import waited_for_core
from lib.peers import ask, connect, echo, text, upstream
from lib.raw_client import raw_client
from lib.story import SANITIZED, at_a_stand, check, check_equal, measured, patience, tell, until

MIB = 1024 * 1024
GROWTH = (64 if SANITIZED else 8) * MIB  # freed memory stays in a sanitizer's quarantine
PIECE = 32 * 1024
FLOOD = 64 * MIB  # more than the kernel's buffers on the way take


async def round_trips(gw, other, count=200):
    """A client of its own asks `other` again and again; its slowest answer in milliseconds. What this process and the
    gateway's wait for a core meanwhile is not counted."""
    slowest = 0.0
    async with connect(gw) as client:
        for id in range(count):
            started, waited = time.monotonic(), waited_for_core(gw.pid, os.getpid())
            await ask(client, text(other, id))
            took = time.monotonic() - started
            slowest = max(slowest, (took - (waited_for_core(gw.pid, os.getpid()) - waited)) * 1000)
    return slowest


class sluggish_upstream(upstream):
    """Accepts, answers the first message, and reads no more until it is told to."""

    def __init__(self):
        super().__init__(serve=self._wait_then_read, receive_buffer=64 * 1024, max_queue=1, read_limit=4096)
        self.may_read = asyncio.Event()

    async def __aexit__(self, *why):
        self.may_read.set()
        await super().__aexit__(*why)

    async def _wait_then_read(self, record):
        await record.socket.send(await record.socket.recv())
        await self.may_read.wait()
        async for message in record.socket:
            record.messages.append(message)


async def upstream_that_does_not_read():
    """A client sends 64 MiB to an upstream that does not read, until it does."""
    count = FLOOD // PIECE
    async with sluggish_upstream() as slow, upstream(echo) as quick:
        # One worker: the others' sessions live on the same thread as the one that has to wait.
        async with gateway(service("slow", slow.address), service("quick", quick.address), workers=1) as gw:
            async with connect(gw) as client:
                await ask(client, text("slow", "open"))
                before = gw.rss()
                gw.forget_peak()

                async def send_all():
                    for id in range(count):
                        await client.send(text("slow", id, "x" * PIECE))
                sending = asyncio.ensure_future(send_all())

                async def taken_so_far():
                    return await gw.metric("wsgw_messages_total", service="slow", direction="up")
                await until("the sender has to wait", lambda: at_a_stand(taken_so_far), 15)
                taken = await taken_so_far()
                measured("messages taken before the sender had to wait", f"{taken} of {count}")
                check("the sender has to wait", taken < count)
                slowest = await round_trips(gw, "quick")
                measured("slowest of 200 round trips of another client meanwhile", f"{slowest:.1f} ms")
                check("another client's round trips take less than 250 ms", slowest < patience(250), slowest)
                slow.may_read.set()
                await sending
                await until("everything has arrived", lambda: len(slow.connections[0].messages) == count, 15)
                growth = gw.peak_rss() - before
                measured("growth of the gateway's memory at its peak", mebibytes(growth))
                check_equal("all messages arrived, in order", slow.connections[0].ids(), list(range(count)))
                check_equal("on one channel", len(slow.connections), 1)
                check("the gateway grew by less than 8 MiB", growth < GROWTH, growth)
                check_equal("and the session goes on", (await ask(client, text("quick", "after")))["id"], "after")


async def client_that_does_not_read():
    """An upstream pushes 64 MiB to a client that does not read, until it does."""
    count = FLOOD // PIECE
    pushed = [0]

    async def pour(record):
        await record.socket.recv()
        for number in range(count):
            await record.socket.send(json.dumps({"n": number, "data": "y" * (PIECE - 40)}))
            pushed[0] += 1
        await record.socket.wait_closed()

    async with upstream(serve=pour, write_limit=PIECE) as flood, upstream(echo) as quick:
        async with gateway(service("flood", flood.address), service("quick", quick.address), workers=1) as gw:
            base = await gw.descriptors_at_rest()
            await round_trips(gw, "quick", 20)
            before = gw.rss()
            gw.forget_peak()
            async with raw_client(gw, receive_buffer=16 * 1024) as client:
                client.writer.transport.pause_reading()
                await client.send(text("flood", 1))

                async def pushed_so_far():
                    return pushed[0]
                await until("the upstream has begun", lambda: pushed[0] > 0)
                await until("the upstream has to wait", lambda: at_a_stand(pushed_so_far), 15)
                measured("pushed before the upstream had to wait", f"{pushed[0]} of {count} messages of 32 KiB")
                check("the upstream has to wait", pushed[0] < count)
                slowest = await round_trips(gw, "quick")
                measured("slowest of 200 round trips of another client meanwhile", f"{slowest:.1f} ms")
                check("another client's round trips take less than 250 ms", slowest < patience(250), slowest)
                growth = gw.peak_rss() - before
                measured("growth of the gateway's memory at its peak", mebibytes(growth))
                check("the gateway grew by less than 8 MiB", growth < GROWTH, growth)
                client.writer.transport.resume_reading()
                started = time.monotonic()
                seen = []
                others = asyncio.ensure_future(round_trips(gw, "quick", 50))
                while len(seen) < count:
                    _, _, payload = await client.receive_frame()
                    seen.append(json.loads(payload)["n"])
                seconds = time.monotonic() - started
                measured("the flood, once it is read", f"{FLOOD / MIB / seconds:.0f} MiB a second")
                check_equal("all of it arrives, in order", seen, list(range(count)))
                await others
            check("the gateway grew by less than 8 MiB through all of it", gw.peak_rss() - before < GROWTH,
                  gw.peak_rss() - before)
            await gw.at_rest(base)
            check("nothing is left of it", True)


async def client_dies_congested():
    """The client that does not read is cut off while the flood waits for it."""
    async def pour(record):
        await record.socket.recv()
        while True:
            await record.socket.send("z" * PIECE)

    async with upstream(serve=pour, write_limit=PIECE) as flood:
        async with gateway(service("flood", flood.address)) as gw:
            base = await gw.descriptors_at_rest()
            async with raw_client(gw, receive_buffer=16 * 1024) as client:
                client.writer.transport.pause_reading()
                await client.send(text("flood", 1))

                async def passed_on():
                    return await gw.metric("wsgw_message_bytes_total", service="flood", direction="down")
                await until("the gateway's queue is full", lambda: at_a_stand(passed_on), 15)
                client.cut()
                took = await gw.at_rest(base, within=patience(1.0))
                measured("from the cut to nothing left", f"{took * 1000:.1f} ms")
                check("nothing of it is left within a second", True)
            await until("the upstream's connection has ended", lambda: flood.connections[0].code is not None)
            check("the upstream saw the end", flood.connections[0].code in (1001, 1006), flood.connections[0].code)


tell(upstream_that_does_not_read, client_that_does_not_read, client_dies_congested)
