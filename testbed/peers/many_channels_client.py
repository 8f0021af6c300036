"""A client in a process of its own, to be killed: talks to the services named behind the URL, then waits."""
import asyncio
import json
import sys

import websockets


async def main(url, *services):
    async with websockets.connect(url, compression=None) as client:
        for name in services:
            await client.send(json.dumps({"method": f"/api/v1/{name}/hello", "id": name}))
        answered = sorted([json.loads(await client.recv())["id"] for _ in services])
        print(json.dumps({"event": "answered", "services": answered}), flush=True)
        await asyncio.Future()

asyncio.run(main(*sys.argv[1:]))
