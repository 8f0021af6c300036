"""RFC 6455 as seen from a client and from an upstream, in the order of the public suites, beside a neighbour who must
lose nothing."""
from attacks import conformance
from attacks.world import world
from lib.story import tell


async def as_a_server():
    """The gateway as a server: what clients send."""
    async with world(*conformance.TABLES) as w:
        await w.judge("server", conformance.server_rows(), conformance.NOT_BUILT)


async def as_a_client():
    """The gateway as a client: what upstreams send."""
    rows = conformance.client_rows()
    async with world(*conformance.TABLES, rows=rows) as w:
        await w.judge("client", rows, conformance.NOT_BUILT)


tell(as_a_server, as_a_client)
