"""What the kernel says about the other end of a TCP connection over loopback."""
import asyncio


def _line(writer):
    """The line of /proc/net/tcp for the other end; None when it is gone."""
    ours = writer.get_extra_info("sockname")[1]
    theirs = writer.get_extra_info("peername")[1]
    with open("/proc/net/tcp", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[1].endswith(f":{theirs:04X}") and words[2].endswith(f":{ours:04X}"):
                return words
    return None


def other_end_is_held(writer):
    """Whether a process has the other end open."""
    line = _line(writer)
    return line is not None and line[9] != "0"


async def was_read(writer):
    """Until the other end has read every byte that was written, or is gone."""
    while True:
        line = _line(writer)
        if line is None or line[4].endswith(":00000000") and not writer.transport.get_write_buffer_size():
            return
        # sleep: the interval between two looks at the kernel, whose changes cannot be awaited
        await asyncio.sleep(0.0005)
