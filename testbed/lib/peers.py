"""python3-websockets on both sides of the gateway: clients, and upstreams that keep a ledger of what they saw."""
import json
import socket

import websockets

from lib.story import in_time


def text(service, id, data=None, path="say"):
    """A message as a client would write it."""
    return json.dumps({"method": f"/api/v1/{service}/{path}", "id": id, "data": data})


def connect(gateway, **options):
    """A client. It offers no compression and sends no pings of its own unless told otherwise."""
    options = {"compression": None, "max_size": None, "ping_interval": None, "close_timeout": 5, "max_queue": None,
               **options}
    return websockets.connect(options.pop("url", gateway.url), **options)


async def receive(client, within=10.0):
    """The next message; JSON is decoded."""
    message = await in_time(client.recv(), within, "the client receives a message")
    return json.loads(message) if isinstance(message, str) and message.startswith("{") else message


async def ask(client, message, within=10.0):
    await client.send(message)
    return await receive(client, within)


class connection_record:
    """One channel as its upstream saw it."""

    def __init__(self, socket):
        self.socket = socket
        self.path, self.headers = socket.path, socket.request_headers
        self.messages = []
        self.code = self.reason = None  # of the end

    def ids(self):
        return [json.loads(message)["id"] for message in self.messages]


class upstream:
    """A WebSocket server in this process. `answer(record, message)` may return what to send back; None keeps silent."""

    def __init__(self, answer=None, *, serve=None, receive_buffer=None, **options):
        self.connections = []
        self._receive_buffer = receive_buffer
        self._answer = answer or (lambda record, message: None)
        self._serve = serve or self._converse
        self._options = {"compression": None, "max_size": None, "ping_interval": None, "close_timeout": 2, **options}

    async def __aenter__(self):
        listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        if self._receive_buffer:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        self._server = await websockets.serve(self._take, sock=listening, **self._options)
        self.address = "{}:{}".format(*listening.getsockname())
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _take(self, socket):
        record = connection_record(socket)
        self.connections.append(record)
        try:
            await self._serve(record)
        except websockets.ConnectionClosed:
            pass
        await socket.wait_closed()
        record.code, record.reason = socket.close_code, socket.close_reason

    async def _converse(self, record):
        async for message in record.socket:
            record.messages.append(message)
            answer = self._answer(record, message)
            if answer is not None:
                await record.socket.send(answer)


def echo(_, message):
    return message
