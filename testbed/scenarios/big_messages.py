"""Messages of a mebibyte pass in both directions, piece by piece: the gateway never holds one."""
import hashlib
import json
import random

import websockets

from lib.gateway import gateway, mebibytes, service
from lib.peers import ask, connect, receive, text, upstream
from lib.story import SANITIZED, check, check_equal, in_time, measured, scaled, tell, until

MIB = 1024 * 1024
GROWTH = (64 if SANITIZED else 4) * MIB  # freed memory stays in a sanitizer's quarantine
LIMITS = '[session]\nmax_message = "2MiB"'


def big_text(id, seed):
    """A message of nearly 1 MiB whose bytes repeat nowhere."""
    head = text("big", id)[:-len("null}")] + '"'
    filling = random.Random(seed).randbytes((MIB - len(head) - 2) // 2).hex()
    return head + filling + '"}'


def digest(message):
    return hashlib.sha256(message.encode() if isinstance(message, str) else message).hexdigest()


async def upward():
    """A client sends 64 messages of 1 MiB through one channel to an upstream that hashes them."""
    count = scaled(64, 16)
    async with upstream(lambda _, message: digest(message)) as up, gateway(service("big", up.address), LIMITS) as gw:
        async with connect(gw) as client:
            await ask(client, text("big", 0))
            before = gw.rss()
            gw.forget_peak()
            messages = [big_text(id, id) for id in range(count)]
            for message in messages:
                await client.send(message)
            hashes = [await receive(client) for _ in messages]
            growth = gw.peak_rss() - before
            measured("each message, in bytes", len(messages[0]))
            measured("growth of the gateway's memory at its peak", mebibytes(growth))
            check_equal("the upstream's hashes are those of the messages, in order", hashes,
                        [digest(message) for message in messages])
            check("the gateway grew by less than 4 MiB", growth < GROWTH, growth)
            check_equal("over one connection", len(up.connections), 1)


async def downward():
    """The upstream sends 16 messages of 1 MiB to the client; small ones of another service pass between them."""
    answers = [random.Random(id).randbytes(MIB // 2).hex() for id in range(16)]

    async def pour(record):
        async for message in record.socket:
            for answer in answers if json.loads(message)["data"] else ["ready"]:
                await record.socket.send(answer)

    async with upstream(serve=pour) as big, upstream(lambda _, message: message) as small:
        async with gateway(service("big", big.address), service("small", small.address), LIMITS) as gw:
            async with connect(gw) as client:
                check_equal("the channel is open", await ask(client, text("big", 0)), "ready")
                before = gw.rss()
                gw.forget_peak()
                await client.send(text("big", 1, "pour"))
                for id in range(8):
                    await client.send(text("small", id))
                seen = [await receive(client) for _ in range(16 + 8)]
                growth = gw.peak_rss() - before
                measured("growth of the gateway's memory at its peak", mebibytes(growth))
                large = [m for m in seen if isinstance(m, str)]
                check("the 16 large messages are equal, byte for byte, in order", large == answers)
                check_equal("and the small ones between them undamaged, in order",
                            [m["id"] for m in seen if isinstance(m, dict)], list(range(8)))
                check("the gateway grew by less than 4 MiB", growth < GROWTH, growth)


async def over_the_limit():
    """A message over session.max_message ends the session with 1009; one of exactly the limit passes."""
    limit = 64 * 1024
    async with upstream(lambda _, message: digest(message)) as up:
        async with gateway(service("big", up.address), '[session]\nmax_message = "64KiB"') as gw:
            base = await gw.descriptors_at_rest()
            for what, fragments in (("in one frame", 1), ("in four fragments", 4)):
                async with connect(gw) as client:
                    head = text("big", 1)[:-len("null}")] + '"'
                    exact = head + "x" * (limit - len(head) - 2) + '"}'
                    check_equal(f"{limit} bytes pass {what}", await send_in(client, exact, fragments), digest(exact))
                    try:
                        await send_in(client, exact + " ", fragments)
                        seen = "an answer"
                    except websockets.ConnectionClosed as closed:
                        seen = closed.rcvd.code if closed.rcvd else "no Close"
                    check_equal(f"one byte more {what} is answered with 1009", seen, 1009)
            await gw.at_rest(base)
            check_equal("the access log says who ended it, and why",
                        [(line["by"], line["code"]) for line in gw.access("session_close")], [("gateway", 1009)] * 2)
            check("no upstream got the large message",
                  all(len(m) <= limit for c in up.connections for m in c.messages))


async def send_in(client, message, fragments):
    size = len(message) // fragments + 1
    await client.send([message[at:at + size] for at in range(0, len(message), size)] if fragments > 1 else message)
    return await in_time(client.recv(), 10, "the client gets an answer or a Close")


async def upstream_over_the_limit():
    """An upstream's message over channel.max_message ends the channel, not the session."""
    async def too_much(record):
        async for message in record.socket:
            await record.socket.send("x" * 200_000 if json.loads(message)["data"] else message)
    async with upstream(serve=too_much) as up:
        async with gateway(service("big", up.address), '[channel]\nmax_message = "128KiB"') as gw:
            async with connect(gw) as client:
                await ask(client, text("big", 1))
                told = await ask(client, text("big", 2, "too much"))
                check("the client is told UPSTREAM_TOO_BIG with close code 1009",
                      (told["error"]["code"], told["error"]["closeCode"]) == ("UPSTREAM_TOO_BIG", 1009), told)
                await until("the upstream has been closed", lambda: up.connections[0].code is not None)
                check_equal("the upstream saw 1009", up.connections[0].code, 1009)
                check_equal("the next message is answered", (await ask(client, text("big", 3)))["id"], 3)
                check_equal("on a new channel", len(up.connections), 2)


tell(upward, downward, over_the_limit, upstream_over_the_limit)
