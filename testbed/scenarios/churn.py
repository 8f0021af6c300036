"""Thousands of short sessions, half of them cut off: they leave neither sockets nor memory behind."""
import asyncio
import time

from lib.gateway import gateway, mebibytes, mock_service, service
from lib.peers import text
from lib.raw_client import raw_client
from lib.story import SANITIZED, check, check_equal, measured, scaled, tell
from lib.wire import CLOSE

CYCLES = scaled(10_000, 1_000)
AT_A_TIME = 16
ROOM = (256 if SANITIZED else 2) * 1024 * 1024  # freed memory stays in a sanitizer's quarantine, which finds leaks itself


async def one_cycle(gw, number):
    """Connects, has one message answered through a channel, and leaves: with a Close, odd ones with a reset."""
    async with raw_client(gw) as client:
        await client.send(text("echo", number))
        _, _, answer = await client.receive_frame()
        if f'"id":{number}'.encode() not in answer.replace(b" ", b""):
            return False
        if number % 2:
            client.cut()
            return True
        await client.send(b"\x03\xe8", opcode=CLOSE)
        opcode, _, _ = await client.receive_frame()
        return opcode == CLOSE


async def cycles(gw, count):
    """`count` cycles, some at a time; how many went as they should."""
    numbers = iter(range(count))

    async def several():
        return sum([await one_cycle(gw, number) for number in numbers])
    return sum(await asyncio.gather(*[several() for _ in range(AT_A_TIME)]))


async def come_and_go():
    """10,000 clients come, have one message answered, and go."""
    async with mock_service(2, "echo", "--instances", "2") as mocks:
        async with gateway(service("echo", *mocks.addresses("echo")), '[log]\naccess = "off"') as gw:
            descriptors = await gw.descriptors_at_rest()
            await cycles(gw, CYCLES // 10)
            await gw.at_rest(descriptors)
            memory = gw.rss()
            measured("after the warm-up", f"{descriptors} descriptors, {mebibytes(memory)}")
            started = time.monotonic()
            good = await cycles(gw, CYCLES)
            seconds = time.monotonic() - started
            measured("cycles", f"{CYCLES} in {seconds:.1f} s, {CYCLES / seconds:.0f} a second")
            check_equal("every message was answered and every Close returned", good, CYCLES)
            await gw.at_rest(descriptors)
            check("no session, no channel and no descriptor is left", True)
            measured("memory afterwards", mebibytes(gw.rss()))
            check(f"the memory is back where it was, within {mebibytes(ROOM)}", gw.rss() <= memory + ROOM,
                  mebibytes(gw.rss() - memory))
            every = CYCLES + CYCLES // 10
            check_equal("the metrics saw every session", await gw.metric("wsgw_sessions_opened_total"), every)
            check_equal("and the end of every one", await gw.metric("wsgw_sessions_closed_total", initiator="client"),
                        every)
            check("half of them with a Close",
                  await gw.metric("wsgw_sessions_closed_total", initiator="client", code="1000") == every // 2)
            check("it took at most 60 seconds", seconds <= 60, seconds)


tell(come_and_go)
