"""An echo service in a process of its own, to be stopped or killed. What it takes is a line on stdout first."""
import asyncio
import json
import os

import websockets


def tell(**line):
    os.write(1, (json.dumps(line) + "\n").encode())  # in one piece and at once: it survives the process


async def serve(socket):
    async for message in socket:
        tell(event="took", id=json.loads(message)["id"])
        await socket.send(message)


async def main():
    async with websockets.serve(serve, "127.0.0.1", 0, compression=None, max_size=None, ping_interval=None) as server:
        tell(event="listening", address="{}:{}".format(*server.sockets[0].getsockname()))
        await asyncio.Future()

asyncio.run(main())
