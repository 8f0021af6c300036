"""How often each contender calls the kernel for an echoed message, as strace(1) counts; and whether wsgw calls it for
anything but one recv and one send for each batch that it relays."""
import shutil

from compare_lib import report
from compare_lib.contenders import FLOOR, OURS
from compare_lib.runs import Cell, bench, check, lineup, say
from compare_lib.world import LOAD_CORE, Failure

# By cell the messages to be counted: each call takes ten times as long while somebody looks on.
CELLS = {Cell.parse("256:100:1"): 10_000, Cell.parse("256:100:32"): 160_000}
GROUPS = {"recv": ("recvfrom", "recvmsg", "read", "readv"), "send": ("sendto", "sendmsg", "write", "writev", "sendfile"),
          "epoll_wait": ("epoll_wait", "epoll_pwait", "epoll_pwait2")}
# So many others for a batch there may be, of timers above all, which go by the time and not by messages. A recv that finds
# nothing or an epoll_ctl with each read would be from a half to one.
OTHERWISE = 0.2


def groups_of(counts):
    """{group: calls}; what is in none is in "else"."""
    known = {call: group for group, calls in GROUPS.items() for call in calls}
    found = dict.fromkeys((*GROUPS, "else"), 0)
    for call, times in counts.items():
        found[known.get(call, "else")] += times
    return found


def parse(summary):
    """{call: how often} of what `strace -c -U calls,name` writes."""
    lines = [line.split() for line in summary.splitlines()]
    return {words[1]: int(words[0]) for words in lines if len(words) == 2 and words[0].isdigit() and words[1] != "total"}


def count_while(world, running, cell, messages):
    """The calls of the process while so many messages are echoed, and what opening and closing the clients costs."""
    log, descriptors = world.file("strace", ""), running.process.descriptors()
    strace = world.start(LOAD_CORE, "strace", "strace", "-f", "-c", "-U", "calls,name", "-o", log, "-p",
                         str(running.process.pid))
    strace.wait_for(lambda line: "attached" in line)
    bench(world, running.url, *cell.load(), "-n", str(messages), within=180)
    running.process.wait_until(lambda: running.process.descriptors() <= descriptors, "still holds connections")
    strace.end()
    with open(log, encoding="ascii") as file:
        return parse(file.read())


def per_message(world, running, cell, messages):
    """{group: calls for a message}: what more messages of the same clients add."""
    few = cell.clients * cell.in_flight
    less = count_while(world, running, cell, few)
    more = count_while(world, running, cell, few + messages)
    added = {call: times - less.get(call, 0) for call, times in more.items()}
    return {group: max(times, 0) / messages for group, times in groups_of(added).items()}


def judge(calls):
    """Of wsgw: a recv for each send, and next to nothing else. epoll_wait is of a turn, which may hold many batches."""
    batches = calls["send"]
    excess = calls["recv"] - batches + calls["else"]
    return "ok" if batches > 0 and excess <= OTHERWISE * batches and calls["epoll_wait"] <= batches else "short"


def count(effort):
    """{"schema", "rows": [{"what", "who", "calls", "verdict"}]}"""
    if not shutil.which("strace"):
        raise Failure("--syscalls needs strace; to have it: apt-get install strace")
    rows = []
    with lineup(effort.of(FLOOR, "nginx", "haproxy", "caddy", OURS), ["echo"]) as (world, running):
        for cell, messages in CELLS.items():
            for name, one in running.items():
                say(f"{cell.what}: {name}")
                check(world, one.url, name, cell)
                calls = per_message(world, one, cell, messages)
                rows.append({"what": cell.what, "who": name, "calls": calls,
                             "verdict": judge(calls) if name == OURS else ""})
    return {"schema": "wsgw.compare_syscalls.v1", "rows": rows}


def table(found):
    columns = (*GROUPS, "else")
    lines = [f"Calls per echoed message, which is relayed twice; `{OURS}` is to make one recv and one send for each batch.\n",
             f"| what | who | {' | '.join(columns)} | verdict |", f"|{'---|' * (len(columns) + 3)}"]
    for row in found["rows"]:
        calls = " | ".join(f"{row['calls'][column]:.3f}" for column in columns)
        lines.append(f"| {row['what']} | {row['who']} | {calls} | {row['verdict'] or report.NONE} |")
    return "\n".join(lines)
