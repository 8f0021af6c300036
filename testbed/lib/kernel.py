"""What the kernel says about the other end of a TCP connection over loopback, asked by sock_diag(7)."""
import asyncio
import collections
import socket
import struct

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLMSG_ERROR, NLM_F_REQUEST = 4, 20, 2, 1
GONE = (6, 7, 10)  # TIME_WAIT, CLOSE, and LISTEN, which is the answer where there is no connection
ANY = 0xFFFFFFFF

end_of_connection = collections.namedtuple("end_of_connection", "state unread inode")


def _other_end(writer):
    """None when it is gone."""
    ours, theirs = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
    places = struct.pack("!HH16s16s", theirs[1], ours[1], socket.inet_aton(theirs[0]), socket.inet_aton(ours[0]))
    request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, ANY) + places + struct.pack("=III", 0,
                                                                                                          ANY, ANY)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as asking:
        asking.send(struct.pack("=IHHII", 16 + len(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0) + request)
        answer = asking.recv(4096)
    _, kind = struct.unpack_from("=IH", answer)
    if kind == NLMSG_ERROR:
        return None
    _, unread, _, _, inode = struct.unpack_from("=IIIII", answer, 16 + 4 + 48)
    seen = end_of_connection(answer[17], unread, inode)
    return None if seen.state in GONE else seen


def other_end_is_held(writer):
    """Whether a process has the other end open."""
    seen = _other_end(writer)
    return seen is not None and seen.inode != 0


async def was_read(writer):
    """Until the other end has read every byte that was written, or is gone."""
    while True:
        seen = _other_end(writer)
        if seen is None or seen.unread == 0 and not writer.transport.get_write_buffer_size():
            return
        # sleep: the interval between two looks at the kernel, whose changes cannot be awaited
        await asyncio.sleep(0.0005)
