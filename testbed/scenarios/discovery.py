"""Instances that come and go by what a source says: a folder of files, and a name server. What a source says wrong
hurts nobody."""
import json

from lib.discovery import instance_list, know, name_server, refreshed, source_table, tables, traffic
from lib.gateway import gateway, http_get, mock_service, service
from lib.peers import ask, connect, echo, text, upstream
from lib.process import binary, event_of, run
from lib.story import check, check_equal, patience, tell, until


def of_files(listed, **more):
    """The service `s`, and the source of its instances."""
    return f'[services.s]\ndiscovery = "files"\n{source_table("files", listed, **more)}'


async def asked_again(gw, result, before=None):
    """Waits until the source has been asked once more than `before`, or than now, with this result."""
    if before is None:
        before = await gw.metric("wsgw_discovery_refreshes_total", result=result)

    async def holds():
        return await gw.metric("wsgw_discovery_refreshes_total", result=result) > before
    await until(f"the source is asked again: {result}", holds, patience(15))


async def followed():
    """Instances that are listed get channels, those that are no longer listed get no new ones, and theirs stay."""
    with instance_list() as listed:
        async with upstream(echo) as first, upstream(echo) as second:
            await listed.put("s", first.address)
            async with gateway(of_files(listed)) as gw, traffic(gw, ["s"]) as clients:
                await know(gw, ["s"], 1)
                kept = await connect(gw)
                await ask(kept, text("s", 1))
                await listed.put("s", first.address, second.address)
                await know(gw, ["s"], 2)
                await until("the second instance gets channels", lambda: len(second.connections) > 3, patience(10))
                await listed.put("s", second.address)
                await know(gw, ["s"], 1)
                before = len(first.connections)
                await clients.goes_on("every question was answered, whoever was listed")
                check("the one that left gets next to no new channel", len(first.connections) <= before + 1,
                      (before, len(first.connections)))
                answer = await ask(kept, text("s", 2))
                check_equal("the channel that it had goes on", answer["id"], 2)
                await kept.close()


async def lies():
    """Garbage, half a file and an empty list change nothing for anybody; half of the list is believed when it stays."""
    with instance_list() as listed:
        async with upstream(echo) as a, upstream(echo) as b, upstream(echo) as c:
            everybody = [a.address, b.address, c.address]
            await listed.put("s", *everybody)
            async with gateway(of_files(listed)) as gw, traffic(gw, ["s"]) as clients:
                await know(gw, ["s"], 3)
                for content in ("\0\xff garbage", '{"services": {"s": ["127.0.0'):
                    failures = await gw.metric("wsgw_discovery_refreshes_total", result="failed")
                    listed.write(content)
                    await asked_again(gw, "failed", failures)
                await clients.goes_on("what is no list has no effect")
                check_equal("all are still known", await gw.metric("wsgw_service_instances", service="s"), 3)
                check_equal("it is told once", len([line for line in gw.err if '"discovery_failed"' in line]), 1)
                await listed.put("s", *everybody)
                await gw.events(gw.err, "discovery_recovered")
                await listed.put("s")
                await gw.events(gw.err, "discovery_not_believed")
                await clients.goes_on("an empty list is not believed while somebody answers")
                check_equal("all are still known", await gw.metric("wsgw_service_instances", service="s"), 3)
                await listed.put("s", *everybody)
                await asked_again(gw, "answered")
                await listed.put("s", a.address)
                await know(gw, ["s"], 1)
                await clients.goes_on("what is said three times is believed")


async def readiness():
    """A gateway that needs a source is not ready before its first answer."""
    with instance_list() as listed:
        async with upstream(echo) as up:
            listed.write("no list")
            async with gateway(of_files(listed, required=True)) as gw:
                status, said = await http_get(gw.admin, "/readyz")
                check_equal("/readyz says 503 and why", (status, json.loads(said)["reasons"]),
                            (503, ["no answer of discovery.files yet"]))
                await listed.put("s", up.address)
                await know(gw, ["s"], 1)
                status, _ = await http_get(gw.admin, "/readyz")
                check_equal("/readyz says 200 after it", status, 200)


def probe_address(gw):
    """Of [health]; that of [admin] is the first."""
    return [line["address"] for line in map(event_of, gw.err) if line.get("for") == "probes"][1]


async def operators():
    """`wsgw services` shows what a gateway knows, and what a source lists and would be refused."""
    with instance_list() as listed:
        async with upstream(echo) as up:
            await listed.put("s", up.address, "169.254.169.254:80")
            async with gateway(of_files(listed), service("fixed", up.address), '[health]\nbind = "127.0.0.1:0"') as gw:
                await know(gw, ["s"], 1)
                told = await run(binary(), "services", "--admin", gw.admin, "-o", "json")
                check_equal("it is asked with success", told.status, 0)
                said = json.loads(told.out)
                known = {s["name"]: [i["address"] for i in s["instances"]] for s in said["services"]}
                check_equal("it shows the instances of all services", known, {"fixed": [up.address], "s": [up.address]})
                source = said["sources"][0]
                check_equal("and how the source stands", (source["name"], source["state"], source["refused"]),
                            ("files", "current", {"address": 1}))
                status, _ = await http_get(probe_address(gw), "/services")
                check_equal("the listener for probes does not", status, 404)
                told = await run(binary(), "services", "--admin", gw.admin)
                check("for people too", f"s (from files)\n  {up.address}" in told.out, told)
            told = await run(binary(), "services", "--source", f"file={listed.folder}")
            check("a source can be asked without a gateway",
                  told.status == 0 and "169.254.169.254:80 (address)" in told.out, told)
            check("where no networks are named, loopback is refused too",
                  f"refused: s {up.address} (address)" in told.out, told)
            listed.write(json.dumps({"services": {"order.v2": ["10.0.0.5:9001"]}}))
            told = await run(binary(), "services", "--source", f"file={listed.folder}", "--name", "order.v2")
            check_equal("a service is asked for by its whole name", told.out.split()[:2], ["order.v2", "10.0.0.5:9001"])
            told = await run(binary(), "services", "--source", "file=/nowhere/at/all.json")
            check_equal("a source that does not answer is told", told.status, 5)
            told = await run(binary(), "services", "--source", "pigeon=loft")
            check("a type that is none is told", told.status == 3 and "unknown value 'pigeon'" in told.err, told)


async def any_service():
    """A source may open services that the configuration does not name, as far as patterns let it."""
    with instance_list() as listed:
        async with upstream(echo) as up:
            listed.write("{}")
            found = source_table("files", listed, any_service=True, deny=["secret*"])
            async with gateway(found) as gw, connect(gw) as client:
                refused = await ask(client, text("found", 1))
                check_equal("nobody knows the service yet", refused["error"]["code"], "NO_ROUTE")
                listed.write(json.dumps({"services": {name: [up.address] for name in ("found", "secret-one")}}))
                await know(gw, ["found"], 1)
                answer = await ask(client, text("found", 2))
                check_equal("then the same session reaches it", answer["id"], 2)
                refused = await ask(client, text("secret-one", 3))
                check_equal("one that is denied stays unknown", refused["error"]["code"], "NO_ROUTE")


async def names():
    """A name server's addresses are followed as long as they live; a name that is gone says nothing."""
    if not name_server.installed():
        print("  --   not run: needs dnsmasq; see testbed/install-deps --tests", flush=True)
        return
    async with mock_service(1, "s", "--listen", "127.0.0.2:0") as one:
        port = int(one.addresses("s")[0].rsplit(":", 1)[1])
        async with name_server(port) as server, mock_service(1, "s", "--listen", f"127.0.0.3:{port}"):
            await server.put("s", "127.0.0.2")
            async with gateway(tables({"s": server})) as gw:
                await know(gw, ["s"], 1)
                async with connect(gw) as client:
                    await ask(client, text("s", 1))
                await server.put("s", "127.0.0.2", "127.0.0.3")
                await know(gw, ["s"], 2)
                check("an address that is added is followed", True)
                server.forget()
                await refreshed(gw, ["s"], "answered")
                await refreshed(gw, ["s"], "answered")
                check_equal("a name that is gone takes nobody away",
                            await gw.metric("wsgw_service_instances", service="s"), 2)


tell(followed, lies, readiness, operators, any_service, names)
