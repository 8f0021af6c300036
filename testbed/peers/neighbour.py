"""A well-behaved client in a process of its own: a message every 20 ms until stdin ends, then what became of them."""
import asyncio
import json
import sys
import time

import websockets

INTERVAL = 0.02  # seconds


async def main(url, service):
    late, told = [], []
    async with websockets.connect(url, compression=None, ping_interval=None, max_queue=None) as client:
        sent_at = {}

        async def listen():
            async for message in client:
                answer = json.loads(message)
                told.append(answer.get("id"))
                if answer.get("id") in sent_at:
                    late.append((time.monotonic() - sent_at[answer["id"]]) * 1000)

        listening = asyncio.ensure_future(listen())
        stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        count = 0
        while not stop.done():
            if listening.done():
                break  # the gateway closed the session: told below by what is missing
            sent_at[count] = time.monotonic()
            await client.send(json.dumps({"method": f"/api/v1/{service}/hello", "id": count}))
            count += 1
            if count == 1:
                print(json.dumps({"event": "talking"}), flush=True)
            await asyncio.wait([stop], timeout=INTERVAL)
        deadline = time.monotonic() + 5
        while len(told) < count and not listening.done() and time.monotonic() < deadline:
            await asyncio.wait([listening], timeout=INTERVAL)
        open_to_the_end = not listening.done()
    late.sort()
    print(json.dumps({"event": "neighbour", "sent": count, "in_order": told == list(range(count)), "answered": len(told),
                      "open": open_to_the_end, "p50_ms": round(late[len(late) // 2], 2),
                      "p99_ms": round(late[len(late) * 99 // 100], 2), "max_ms": round(late[-1], 2)}), flush=True)

asyncio.run(main(*sys.argv[1:]))
