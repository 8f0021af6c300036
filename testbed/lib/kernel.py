"""What the kernel says: of a process, by procfs; of the other end of a connection over loopback, by sock_diag(7)."""
import asyncio
import collections
import contextlib
import os
import re
import socket
import struct

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLMSG_ERROR, NLM_F_REQUEST = 4, 20, 2, 1
GONE = (6, 7, 10)  # TIME_WAIT, CLOSE, and LISTEN, which is the answer where there is no connection
ANY = 0xFFFFFFFF

ESTABLISHED, CLOSE_WAIT, LISTENING = "01", "08", "0A"  # as /proc/net/tcp has them

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


class seen_by_kernel:
    """What the kernel says of the process `pid`, a member of whoever inherits this. Sizes in bytes."""

    def cpu_seconds(self):
        """User and system time of all its threads."""
        return _scheduled(self.pid, 0)

    def descriptors(self):
        """How many it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def rss(self):
        return self._status("VmRSS")

    def forget_peak(self):
        """From now on peak_rss() is the highest RSS since this call."""
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def peak_rss(self):
        return self._status("VmHWM")

    def _status(self, key):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"(?m)^{key}:\s+(\d+) kB", file.read()).group(1)) * 1024


def waited_for_core(*pids):
    """Seconds that all threads of these processes together were ready to run, and did not: the machine's doing."""
    return sum(_scheduled(pid, 1) for pid in pids)


def _scheduled(pid, column):
    """The seconds in a column of schedstat, of all threads: 0 they ran, 1 they waited."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        # The thread may have ended, or the kernel may not count.
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[column])
    return total / 1e9


def _sockets(pid):
    """The inodes of the sockets that a process has open."""
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{name}")):
                found.add(match.group(1))
    return found


def _tcp_rows(pid):
    """(local port, state, inode) of every TCP socket of the process's network namespace."""
    for family in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/net/{family}", encoding="ascii") as file:
            for row in file.readlines()[1:]:
                fields = row.split()
                yield fields[1].rsplit(":", 1)[1], fields[3], fields[9]


def listens(pid):
    """Whether a process listens on some TCP port."""
    own = _sockets(pid)
    return any(state == LISTENING and inode in own for _, state, inode in _tcp_rows(pid))


def holds_connections(pid):
    """Whether a process holds a TCP connection, or has one still to accept."""
    # In this order: what is accepted in between was in the queue of a listening socket before.
    rows, own = list(_tcp_rows(pid)), _sockets(pid)
    listens_on = {port for port, state, inode in rows if state == LISTENING and inode in own}
    return any(state != LISTENING if inode in own else
               inode == "0" and port in listens_on and state in (ESTABLISHED, CLOSE_WAIT)
               for port, state, inode in rows)
