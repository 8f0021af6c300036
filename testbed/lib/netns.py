"""A network namespace at the far end of a cable, for what loopback cannot do: lose packets, and lie dead."""
import os

from lib.process import run
from lib.proof import needs, needs_program

HERE, FAR = "10.213.77.1", "10.213.77.2"


class far_side:
    """An async context manager. A command with `prefix` runs at the far end, whose address is FAR; ours is HERE."""

    def __init__(self):
        self._name = f"wsgw-{os.getpid()}"
        self._cable = f"wsgw{os.getpid() % 100000}"
        self.prefix = ("ip", "netns", "exec", self._name)

    async def __aenter__(self):
        needs_program("ip")
        needs((await run("ip", "netns", "add", self._name)).status == 0, "the right to make a network namespace")
        try:
            await self._ip("link", "add", self._cable, "type", "veth", "peer", "name", "far", "netns", self._name)
            await self._ip("addr", "add", f"{HERE}/30", "dev", self._cable)
            await self._ip("link", "set", self._cable, "up")
            await self._ip("-n", self._name, "addr", "add", f"{FAR}/30", "dev", "far")
            await self._ip("-n", self._name, "link", "set", "lo", "up")
            await self.mend()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_):
        await run("ip", "netns", "del", self._name)
        await run("ip", "link", "del", self._cable)

    async def _ip(self, *words):
        done = await run("ip", *words)
        needs(done.status == 0, f"ip {' '.join(words)}: {done.err.strip()}")

    async def cut(self):
        """From now on every packet disappears, either way; nobody is told."""
        await self._ip("-n", self._name, "link", "set", "far", "down")

    async def mend(self):
        await self._ip("-n", self._name, "link", "set", "far", "up")

    async def lose(self, percent):
        """Drops so many packets of a hundred, at random, that arrive at the far end and that leave it."""
        needs_program("nft")
        rules = [("add", "table", "inet", "loss")]
        for hook in ("input", "output"):
            rules += [("add", "chain", "inet", "loss", hook, f"{{ type filter hook {hook} priority 0 ; }}"),
                      ("add", "rule", "inet", "loss", hook, "numgen", "random", "mod", "100", "<", str(percent), "drop")]
        for rule in rules:
            done = await run(*self.prefix, "nft", *rule)
            needs(done.status == 0, f"nft in a network namespace ({done.err.strip()})")

