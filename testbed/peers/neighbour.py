"""A well-behaved client in a process of its own: a message every 20 ms until stdin ends, then what became of them.

Beside it the same messages go to the service directly: how late their answers are is the machine's doing.
"""
import asyncio
import json
import sys
import time

import websockets

INTERVAL = 0.02  # seconds
PATIENCE = 5.0  # seconds, for the last answers


class conversation:
    """Numbered messages on one socket, and their answers."""

    def __init__(self, client):
        self._client = client
        self._sent_at, self._answers, self._late = [], [], []
        self._listening = asyncio.ensure_future(self._listen())

    async def _listen(self):
        async for message in self._client:
            id = json.loads(message).get("id")
            self._answers.append(id)
            if id in range(len(self._sent_at)):
                self._late.append(round((time.monotonic() - self._sent_at[id]) * 1000, 2))

    async def say(self, service):
        if not self._listening.done():
            self._sent_at.append(time.monotonic())
            await self._client.send(json.dumps({"method": f"/api/v1/{service}/hello", "id": len(self._sent_at) - 1}))

    async def outcome(self):
        deadline = time.monotonic() + PATIENCE
        while len(self._answers) < len(self._sent_at) and not self._listening.done() and time.monotonic() < deadline:
            await asyncio.wait([self._listening], timeout=INTERVAL)
        return {"sent": len(self._sent_at), "answered": len(self._answers), "open": not self._listening.done(),
                "in_order": self._answers == list(range(len(self._sent_at))), "late_ms": self._late}


async def main(gateway, direct, service):
    options = {"compression": None, "ping_interval": None, "max_queue": None}
    async with websockets.connect(gateway, **options) as client, websockets.connect(direct, **options) as other:
        conversations = [conversation(client), conversation(other)]
        print(json.dumps({"event": "talking"}), flush=True)
        stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        while not stop.done():
            for one in conversations:
                await one.say(service)
            await asyncio.wait([stop], timeout=INTERVAL)
        told, beside = [await one.outcome() for one in conversations]
    print(json.dumps({"event": "neighbour", **told, "direct_ms": beside["late_ms"]}), flush=True)

asyncio.run(main(*sys.argv[1:]))
