"""The attack tables: whatever a client or an upstream does, the outcome is the one that the contract names, and a
neighbour on the same thread loses nothing."""
from attacks import frames, handshake, injection, routing, tunnels, upstreams
from attacks.world import p99, percentiles, world
from lib.story import check, measured, patience, tell

counts = {}


async def handshake_table():
    """A: handshakes and HTTP."""
    async with world(*handshake.TABLES, listener=handshake.LISTENER) as w:
        counts["A"] = await w.judge("A", handshake.ROWS, handshake.NOT_BUILT)
    for key, rows in handshake.CAPACITY_ROWS.items():
        async with world(listener=f"{key} = {handshake.CAPACITY}") as w:
            counts[key] = await w.judge(f"A, {key}", rows)


async def frame_table():
    """B: frames."""
    async with world() as w:
        counts["B"] = await w.judge("B", frames.ROWS, frames.NOT_BUILT)
    async with world(listener=frames.DEFLATE_LISTENER, headers=frames.DEFLATE_HEADERS) as w:
        counts["B deflate"] = await w.judge("B, compressed", frames.DEFLATE_ROWS)
    async with world(*frames.LIFE_TABLES) as w:
        counts["B life"] = await w.judge("B, with quick pings", frames.LIFE_ROWS)
    async with world(*frames.STALL_TABLES) as w:
        counts["B stall"] = await w.judge("B, with a short stall", frames.STALL_ROWS)


async def routing_table():
    """C: messages and their routing, at every level of validation."""
    async with world() as w:
        counts["C"] = await w.judge("C", routing.ROWS)
    async with world(*routing.STRUCTURE_TABLES) as w:
        counts["C structure"] = await w.judge("C, validate = structure", routing.STRUCTURE_ROWS)
    async with world(*routing.GRAMMAR_TABLES) as w:
        counts["C grammar"] = await w.judge("C, validate = grammar", routing.GRAMMAR_ROWS)


async def injection_table():
    """D: routing and injection."""
    async with world(*injection.TABLES) as w:
        counts["D"] = await w.judge("D", injection.ROWS, injection.NOT_BUILT)


async def upstream_table():
    """E: upstreams that misbehave."""
    async with world(rows=upstreams.ROWS) as w:
        counts["E"] = await w.judge("E", upstreams.ROWS, upstreams.NOT_BUILT)


async def tunnel_table():
    """E10: pass-through."""
    async with world(rows=tunnels.ROWS) as w:
        counts["E10"] = await w.judge("E10, pass-through", tunnels.ROWS)


async def all_together():
    """All tables together."""
    inputs = sum(count["inputs"] for count in counts.values())
    measured("inputs judged", f"{inputs}, {handshake.SMUGGLING_INPUTS} of them raw requests that smuggle")
    check("at least 300 inputs were judged, 60 of them raw requests that smuggle",
          inputs >= 300 and handshake.SMUGGLING_INPUTS >= 60)
    late = [one for count in counts.values() for one in count["late_ms"]]
    direct = [one for count in counts.values() for one in count["direct_ms"]]
    measured("the neighbours' round trips beside all tables", percentiles(late))
    measured("the same messages without the gateway", percentiles(direct))
    check("the gateway's part of the p99 is below 50 ms", p99(late) - p99(direct) < patience(50))


tell(handshake_table, frame_table, routing_table, injection_table, upstream_table, tunnel_table,
     all_together)
