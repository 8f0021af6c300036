"""The attack tables: whatever a client or an upstream does, the outcome is the one that the contract names, and a
neighbour on the same thread loses nothing."""
from attacks import frames, handshake
from attacks.world import world
from lib.story import check, measured, tell

counts = {}


async def handshake_table():
    """A: handshakes and HTTP."""
    async with world(*handshake.TABLES, listener=handshake.LISTENER) as w:
        counts["A"] = await w.judge("A", handshake.ROWS, handshake.NOT_BUILT)


async def frame_table():
    """B: frames."""
    async with world() as w:
        counts["B"] = await w.judge("B", frames.ROWS, frames.NOT_BUILT)


tell(handshake_table, frame_table)
