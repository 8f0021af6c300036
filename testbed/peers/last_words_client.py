"""A client in a process of its own: sends 200 messages, the first of which is answered, and ends without a Close."""
import asyncio
import json
import os
import sys

import websockets


async def main(url, service):
    client = await websockets.connect(url, compression=None)
    for id in range(200):
        await client.send(json.dumps({"method": f"/api/v1/{service}/say", "id": id}))
        if id == 0:
            await client.recv()
    # The pong tells that the gateway has read all that was sent before the ping.
    await (await client.ping())
    os._exit(1)

asyncio.run(main(*sys.argv[1:]))
