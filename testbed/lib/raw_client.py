"""A WebSocket client made of plain bytes, for what no library does: not reading, half a handshake, a cut connection."""
import asyncio
import base64
import os
import socket
import struct

from lib.story import untrue

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def masked_frame(payload, opcode=TEXT, fin=True):
    """A frame from a client. Its mask is zero, which is legal, and cheap for Python."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65536:
        length = struct.pack("!BH", 0x80 | 126, size)
    else:
        length = struct.pack("!BQ", 0x80 | 127, size)
    return bytes([(0x80 if fin else 0) | opcode]) + length + bytes(4) + payload


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
            await self.shake_hands()
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
        self.writer.write(masked_frame(text.encode() if isinstance(text, str) else text, **options))
        await self.writer.drain()

    async def receive_frame(self):
        """(opcode, fin, payload) of the next frame."""
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            size, = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 0x0F, bool(first & 0x80), await self.reader.readexactly(size)

    def cut(self):
        """Ends the connection with a TCP reset instead of a Close."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
