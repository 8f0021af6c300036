"""Instances that come and go by what a registry says: Eureka, Consul, Kubernetes and etcd at the same time. What a
registry says wrong, or that it is gone, has no effect on anybody."""
import contextlib

from lib.discovery import know, refreshed, tables, traffic
from lib.gateway import gateway, mock_service
from lib.peers import ask, connect, echo, text, upstream
from lib.process import binary, run
from lib.registries import consul, etcd, eureka, eureka_jar, kubernetes, spring_eureka
from lib.story import check, check_equal, patience, tell, until

QUICK = {"read_timeout": "2s", "refresh": "1s"}


@contextlib.asynccontextmanager
async def all_registries(with_etcd=True):
    async with contextlib.AsyncExitStack() as stack:
        found = {"eureka": eureka(), "consul": consul(), "kubernetes": kubernetes()}
        if with_etcd and etcd.installed():
            found["etcd"] = etcd()
        elif with_etcd:
            print("  --   etcd is not run: needs etcd-server; see testbed/install-deps --tests", flush=True)
        for one in found.values():
            await stack.enter_async_context(one)
        yield found


async def put(registries, *addresses):
    for name, one in registries.items():
        await one.put(name, *addresses)


async def followed():
    """Instances that are added, removed or unwell are followed, while clients are answered without a gap."""
    async with all_registries() as known, upstream(echo) as first, upstream(echo) as second:
        await put(known, first.address)
        async with gateway(tables(known, **QUICK)) as gw:
            await know(gw, known, 1)
            async with traffic(gw, known) as clients:
                await put(known, first.address, second.address)
                await know(gw, known, 2)
                check("an instance that is added is known", True)
                await until("it gets channels", lambda: len(second.connections) > 3, patience(10))
                await put(known, second.address)
                await know(gw, known, 1)
                check("one that is removed is known no longer", True)
                await put(known, first.address, second.address)
                await know(gw, known, 2)
                for name, one in known.items():
                    await one.sick(name, first.address)
                await know(gw, known, 1)
                check("nor is one that is unwell", True)
                await clients.goes_on("every question was answered")


async def lies():
    """Errors, garbage, halves of answers, silence and empty lists change nothing, and neither does an outage."""
    async with all_registries(with_etcd=False) as known, upstream(echo) as first, upstream(echo) as second:
        await put(known, first.address, second.address)
        async with gateway(tables(known, **QUICK)) as gw:
            await know(gw, known, 2)
            async with traffic(gw, known) as clients:
                for lie in ("status 500", "garbage", "truncated", "silence"):
                    for one in known.values():
                        one.lies(lie)
                    # Who waits for news may wait on, by right: the answer that is cut off, or does not come, is not due.
                    asked = known if lie in ("status 500", "garbage") else ["eureka"]
                    await refreshed(gw, asked, "failed")
                    for one in known.values():
                        one.lies(None)
                    await refreshed(gw, asked, "answered")
                    await clients.goes_on(f"{lie}: every question was answered")
                    await know(gw, known, 2)
                for one in known.values():
                    one.lies("empty")
                await gw.events(gw.err, "discovery_not_believed", len(known))
                await clients.goes_on("empty: every question was answered")
                await know(gw, known, 2)
                for one in known.values():
                    one.lies(None)
                for one in known.values():
                    await one.down()
                await refreshed(gw, known, "failed")
                await clients.goes_on("no registry is there: every question was answered")
                for one in known.values():
                    await one.up()
                await put(known, second.address)
                await know(gw, known, 1)
                check("what happened meanwhile is known afterwards", True)


async def registered():
    """`wsgw mock-service --register` is found by who asks the registry, until it ends."""
    async with all_registries() as known:
        known = {name: one for name, one in known.items() if name in ("eureka", "etcd")}
        async with gateway(tables(known, **QUICK)) as gw:
            for name, one in known.items():
                url = f"{name}+{one.url}{'/eureka' if name == 'eureka' else '/services'}"
                async with mock_service(2, name, "--instances", "2", "--register", url):
                    await know(gw, [name], 2)
                    async with connect(gw) as client:
                        answer = await ask(client, text(name, 1))
                        check(f"{name}: mock services that register are reached", "error" not in answer, answer)
                    told = await run(binary(), "services", "--source", f"{name}={one.settings['urls'][0]}",
                                     *(["--key", "prefix=/services"] if name == "etcd" else []))
                    check(f"{name}: and a registry can be asked without a gateway", told.status == 0, told)
                left = one.registered if name == "eureka" else await one.keys(name)
                check_equal(f"{name}: none is left behind", len(left), 0)


async def spring():
    """The Eureka server of Spring Cloud is followed like ours."""
    jar = eureka_jar()
    if jar is None:
        print("  --   not run: needs testbed/eureka, once", flush=True)
        return
    async with spring_eureka(jar) as real, gateway(tables({"eureka": real}, **QUICK)) as gw:
        url = f"eureka+{real.url}/eureka"
        async with mock_service(1, "eureka", "--register", url):
            await know(gw, ["eureka"], 1)
            async with mock_service(1, "eureka", "--register", url), traffic(gw, ["eureka"]) as clients:
                await know(gw, ["eureka"], 2)
                await clients.goes_on("both instances are known, and every question was answered")
            await know(gw, ["eureka"], 1)
            check("one that took itself out is known no longer", True)
            async with connect(gw) as client:
                answer = await ask(client, text("eureka", 1))
                check("the other one answers", "error" not in answer, answer)


tell(followed, lies, registered, spring)
