"""Instances are examined: one that hangs gets no new channels until it answers again; a service that fails as a whole
is left alone."""
import contextlib
import signal

from lib.gateway import gateway, mock_service, service
from lib.peers import ask, connect, text
from lib.story import check, check_equal, patience, tell, until

CHECKED = {"health.ws": "/ws", "health.interval": "200ms", "health.timeout": "1s", "health.fall": 2}
FRAGILE = {"circuit.failure_rate": "50%", "circuit.min_dials": 2, "circuit.open_for": "2s", "connect_retries": 0}


async def counted(gw, state, wanted):
    async def holds():
        return await gw.metric("wsgw_service_instances", service="m", state=state) == wanted
    await until(f"{wanted} instances are {state}", holds, patience(15))


async def one_hangs():
    """The kernel still accepts connections for a process that is stopped, and nobody answers them."""
    async with contextlib.AsyncExitStack() as stack:
        mocks = [await stack.enter_async_context(mock_service(1, "m", "--text", name)) for name in ("one", "other")]
        addresses = [mock.addresses("m")[0] for mock in mocks]
        gw = await stack.enter_async_context(gateway(service("m", *addresses, **CHECKED)))
        await counted(gw, "healthy", 2)
        mocks[0].send_signal(signal.SIGSTOP)
        await counted(gw, "unhealthy", 1)
        names = set()
        for id in range(1, 9):
            async with connect(gw) as client:
                names.add(await ask(client, text("m", id)))
        check_equal("all new channels go to the other one", names, {"other"})
        check_equal("and no dial has failed", await gw.metric("wsgw_channel_connects_total", result="failed"), 0)
        mocks[0].send_signal(signal.SIGCONT)
        await counted(gw, "healthy", 2)
        async with contextlib.AsyncExitStack() as clients:
            for id in range(11, 19):
                client = await clients.enter_async_context(connect(gw))
                names.add(await ask(client, text("m", id)))
        check_equal("when it answers again it gets channels too", names, {"one", "other"})


async def all_fail():
    """Nobody listens where the service should be."""
    async with mock_service(1, "m") as mock:
        address = mock.addresses("m")[0]
    async with gateway(service("m", address, **FRAGILE), workers=1) as gw, connect(gw) as client:
        # The second dial is a probe: the instance is held back for a second behind the first.
        async def is_open():
            await ask(client, text("m", 1))
            return await gw.metric("wsgw_circuit_state", service="m") == 2
        await until("the circuit opens", is_open, patience(10))
        told = (await ask(client, text("m", 2)))["error"]
        check("messages are refused at once, with the time to wait",
              (told["code"], told["http"], told["retryable"], told["sent"]) == ("CIRCUIT_OPEN", 503, True, False)
              and 0 < told["retryAfterMs"] <= 2000, told)


tell(one_hangs, all_fail)
