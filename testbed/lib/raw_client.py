"""A WebSocket client made of plain bytes, for what no library does: not reading, half a handshake, a cut connection."""
import asyncio
import base64
import os
import socket
import struct

from lib.story import untrue
from lib.wire import frame, read_frame

NO_MASK = bytes(4)  # a key that is legal


class raw_client:
    """An async context manager over one TCP connection; leaving it cuts the connection."""

    def __init__(self, gateway, *, address=None, path="/ws", headers=(), receive_buffer=None,
                 handshake=True):
        self._address, self._path = address or gateway.address, path
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self._receive_buffer, self._handshake = receive_buffer, handshake

    async def __aenter__(self):
        host, port = self._address.rsplit(":", 1)
        plain = socket.socket()
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        await asyncio.get_running_loop().sock_connect(plain, (host, int(port)))
        # The stream reads ahead by this much on its own.
        self.reader, self.writer = await asyncio.open_connection(sock=plain, limit=16 * 1024)
        if self._handshake:
            try:
                await self.shake_hands()
            except BaseException:
                self.writer.transport.abort()
                raise
        return self

    async def __aexit__(self, *_):
        self.writer.transport.abort()

    def request(self):
        key = base64.b64encode(os.urandom(16)).decode()
        return (f"GET {self._path} HTTP/1.1\r\nHost: {self._address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{self._headers}\r\n").encode()

    async def shake_hands(self):
        self.writer.write(self.request())
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise untrue(f"the gateway upgrades; it answered {head!r}")

    async def send(self, text, **options):
        self.writer.write(frame(text.encode() if isinstance(text, str) else text, key=NO_MASK, **options))
        await self.writer.drain()

    async def receive_frame(self):
        """(opcode, fin, payload) of the next frame."""
        return await read_frame(self.reader)

    def cut(self):
        """Ends the connection with a TCP reset instead of a Close."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
