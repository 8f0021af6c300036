"""A network namespace at the far end of a cable, for what loopback cannot do: lose packets, and lie dead."""
import ipaddress
import os
import re

from lib.process import run
from lib.proof import needs, needs_program
from lib.story import untrue

PLACES = ipaddress.ip_network("198.18.0.0/15")  # for tests between networks (RFC 2544): nobody's own


class far_side:
    """An async context manager. A command with `prefix` runs at the far end, whose address is `far`; ours is `near`.
    Of a hundred packets `losing` disappear, at random, of those that arrive at the far end and of those that leave it.
    `buffers`: the most bytes that the kernel keeps there for either direction of a TCP connection."""

    def __init__(self, losing=0, buffers=0):
        self._losing, self._buffers = losing, buffers
        self._name = f"wsgw-{os.getpid()}"
        self._cable = f"wsgw{os.getpid()}"
        # Not `ip netns exec`, which also hides the control groups.
        self.prefix = ("nsenter", f"--net=/run/netns/{self._name}")

    async def __aenter__(self):
        needs_program("ip")
        needs_program("nsenter")
        if self._losing:
            needs_program("nft")
        self.near, self.far = await free_pair()
        made = await run("ip", "netns", "add", self._name)
        needs(made.status == 0, f"the right to make a network namespace ({made.err.strip()})")
        try:
            await self._lay_cable()
        except BaseException:
            await run("ip", "netns", "del", self._name)  # and with it the cable
            raise
        return self

    async def __aexit__(self, *_):
        try:
            await told("ip", "link", "del", self._cable)
        finally:
            await told("ip", "netns", "del", self._name)

    async def _lay_cable(self):
        there = ("ip", "-n", self._name)
        for command in (("ip", "link", "add", self._cable, "type", "veth", "peer", "name", "far", "netns", self._name),
                        ("ip", "addr", "add", f"{self.near}/30", "dev", self._cable),
                        ("ip", "link", "set", self._cable, "up"),
                        (*there, "addr", "add", f"{self.far}/30", "dev", "far"),
                        (*there, "link", "set", "lo", "up"),
                        (*there, "link", "set", "far", "up"), *self._caps(), *self._rules()):
            done = await run(*command)
            needs(done.status == 0, f"`{' '.join(command)}` ({done.err.strip()})")

    def _caps(self):
        for name in ("tcp_wmem", "tcp_rmem") if self._buffers else ():
            yield (*self.prefix, "/bin/sh", "-c",
                   f"echo 4096 {min(16384, self._buffers)} {self._buffers} > /proc/sys/net/ipv4/{name}")

    def _rules(self):
        nft = (*self.prefix, "nft", "add")
        if self._losing:
            yield (*nft, "table", "inet", "loss")
        for hook in ("input", "output") if self._losing else ():
            yield (*nft, "chain", "inet", "loss", hook, f"{{ type filter hook {hook} priority 0 ; }}")
            yield (*nft, "rule", "inet", "loss", hook, "numgen", "random", "mod", "100", "<", str(self._losing),
                   "counter", "drop")

    async def lost(self):
        """How many packets have disappeared so far."""
        rules = await told(*self.prefix, "nft", "list", "table", "inet", "loss")
        return sum(int(count) for count in re.findall(r"counter packets (\d+)", rules))

    async def cut(self):
        """From now on every packet disappears, either way; nobody is told."""
        await told("ip", "-n", self._name, "link", "set", "far", "down")

    async def mend(self):
        await told("ip", "-n", self._name, "link", "set", "far", "up")


async def free_pair():
    """Two neighbouring addresses that no route of this machine but the default one leads to."""
    used = [ipaddress.ip_network(place, strict=False)
            for place in re.findall(r"(?m)^(?:\w+ )?(\d+\.\d+\.\d+\.\d+(?:/\d+)?) ",
                                    await told("ip", "-4", "route", "show", "table", "all"))]
    cables = list(PLACES.subnets(new_prefix=30))
    first = os.getpid() % len(cables)
    free = next((cable for cable in cables[first:] + cables[:first]
                 if not any(cable.overlaps(other) for other in used)), None)
    needs(free, f"two addresses of {PLACES} that no route leads to")
    return [str(address) for address in free.hosts()]


async def told(*command):
    """What a command says that must succeed."""
    done = await run(*command)
    if done.status != 0:
        raise untrue(f"`{' '.join(command)}` succeeds; {done.err.strip()}")
    return done.out
