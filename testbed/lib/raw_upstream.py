"""A WebSocket server made of plain bytes: what it does to a connection is a script, a coroutine function."""
import asyncio
import base64
import contextlib
import hashlib
import re
import socket
import struct
import traceback

from lib.kernel import was_read
from lib.story import untrue
from lib.wire import CLOSE, PING, PONG, TEXT, code_of, frame, message_reader, read_frame

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


class upstream_connection:
    """One connection of the gateway."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.head = b""
        self.messages = []  # of which the script knows
        self.code = None    # of the gateway's Close
        self._messages = message_reader(reader, from_client=True)

    async def read_head(self):
        self.head = await self.reader.readuntil(b"\r\n\r\n")
        return self.head

    def good_accept(self):
        return accept_of(re.search(rb"(?i)\r\nsec-websocket-key: (\S+)\r\n", self.head).group(1))

    async def accept(self, *lines):
        """The handshake as it should be, with further header lines."""
        await self.read_head()
        self.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   b"Sec-WebSocket-Accept: " + self.good_accept() + b"\r\n" + b"".join(lines) + b"\r\n")

    def write(self, data):
        self.writer.write(data)

    async def send_bytes(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def was_read(self):
        """Until the gateway has read every byte that was sent."""
        await was_read(self.writer)

    def send_frame(self, payload=b"", opcode=TEXT, **options):
        self.write(frame(payload, opcode, **{"key": None, **options}))

    async def next(self):
        """(opcode, payload) of the next message or control frame of the gateway."""
        opcode, payload = await self._messages.next()
        if opcode == CLOSE:
            self.code = code_of(payload)
        elif opcode < CLOSE:
            self.messages.append(payload)
        return opcode, payload

    async def until_close(self):
        """Reads up to the gateway's Close, and returns its code; None where the connection ends without one."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while self.code is None:
                await self.next()
        return self.code

    async def until_end(self):
        """Reads up to the end of the connection, however it comes."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def reset(self):
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def echo(connection):
    """Every message comes back as it came, frame by frame; pings are answered."""
    await connection.accept()
    parts = []
    while True:
        opcode, fin, payload = await read_frame(connection.reader, from_client=True)
        if opcode == CLOSE:
            connection.code = code_of(payload)
            await connection.send_bytes(frame(payload, CLOSE, key=None))
            return
        if opcode == PING:
            connection.send_frame(payload, PONG)
            continue
        if opcode == PONG:
            continue
        parts.append(payload)
        await connection.send_bytes(frame(payload, opcode, fin=fin, key=None))
        if fin:
            connection.messages.append(b"".join(parts))
            parts.clear()


class raw_upstream:
    """An async context manager: a listening socket whose connections each run `script`. What a script finds untrue, or
    fails with, is kept in `faults`."""

    def __init__(self, script=echo):
        self.connections, self.faults = [], []
        self._script = script
        self._running = set()

    async def __aenter__(self):
        listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._server = await asyncio.start_server(self._take, sock=listening, limit=1024 * 1024)
        self.address = "{}:{}".format(*listening.getsockname())
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._server.wait_closed()

    async def all_left(self):
        """Until every script has come to its end."""
        while self._running:
            await asyncio.wait(self._running)

    async def _take(self, reader, writer):
        task = asyncio.current_task()
        self._running.add(task)
        connection = upstream_connection(reader, writer)
        self.connections.append(connection)
        try:
            await self._script(connection)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the gateway, or the end of the scenario, was faster than the script
        except untrue as why:
            self.faults.append(str(why))
        except Exception:  # a mistake of the script itself
            self.faults.append(traceback.format_exc())
        finally:
            self._running.discard(task)
            writer.close()
