"""One client, many services: every message finds its own, and what cannot be routed is answered."""
import asyncio
import collections
import json
import random

from lib.gateway import gateway, mock_service, service
from lib.peers import ask, connect, receive, text
from lib.story import check, check_equal, measured, scaled, tell

SERVICES = ["a", "b", "c"]


def two_of_each():
    return mock_service(6, *[word for name in SERVICES for word in ("--service", f"{name}=2")])


def gateway_to(mocks, *tables, **options):
    return gateway(*[service(name, *mocks.addresses(name)) for name in SERVICES], *tables, **options)


async def interleaved():
    """A client sends 1,000 messages to three services in no order over one socket."""
    count = scaled(1000, 300)
    dice = random.Random(7)
    order = [dice.choice(SERVICES) for _ in range(count)]
    async with two_of_each() as mocks, gateway_to(mocks) as gw, connect(gw) as client:
        for id, name in enumerate(order):
            await client.send(text(name, id))
        answers = [await receive(client) for _ in order]
        check("every message is answered once", sorted(a["id"] for a in answers) == list(range(count)))
        check("every answer comes from the service that the message named",
              all(a["service"] == order[a["id"]] for a in answers))
        instances = collections.defaultdict(set)
        for name in SERVICES:
            mine = [a for a in answers if a["service"] == name]
            check(f"service {name} answers in the order of the messages", mine == sorted(mine, key=lambda a: a["id"]))
            check_equal(f"service {name} counts its messages without a gap on one channel", [a["n"] for a in mine],
                        list(range(1, len(mine) + 1)))
            instances[name] = {a["instance"] for a in mine}
        check("the instance of a channel never changes", all(len(names) == 1 for names in instances.values()),
              instances)
        check_equal("there are three channels", await gw.metric("wsgw_channels"), 3)
        check_equal("three connections were opened", await gw.metric("wsgw_channel_connects_total", result="ok"), 3)
        check_equal("the metrics count every message up", await gw.metric("wsgw_messages_total", direction="up"), count)


async def there_and_back():
    """A, then B, then A again, each after the answer to the one before."""
    async with two_of_each() as mocks, gateway_to(mocks) as gw, connect(gw) as client:
        seen = [await ask(client, text(name, id)) for id, name in enumerate("abaabcba")]
        check_equal("every service is met again", [a["service"] for a in seen], list("abaabcba"))
        check_equal("on the channel that it had", [a["n"] for a in seen], [1, 1, 2, 3, 2, 1, 3, 4])


def error_frame(code, http, status, message, *, method=None, data=None, stage="route", service=None, seq):
    """The frame of PRODUCT.md section 6 without `conn` and `trace`."""
    error = {"gw": 1, "code": code, "http": http, "stage": stage}
    if service:
        error["service"] = service
    error |= {"retryable": False, "sent": False, "seq": seq}
    return {"method": method, "status": status, "message": message, "data": data or {}, "error": error}


BAD = [
    ("text that is not JSON", "hello", "PARSE_ERROR", 400, 2, {"stage": "parse"}),
    ("an array", '["/api/v1/a/x"]', "PARSE_ERROR", 400, 2, {"stage": "parse"}),
    ("a message without a routing key", '{"id":7,"data":1}', "NO_METHOD", 400, 2, {"data": {"id": 7}}),
    ("a routing key that stands twice", '{"method":"/api/v1/a/x","id":"q","method":"/api/v1/b/x"}', "BAD_METHOD", 400,
     2, {"data": {"id": "q"}}),
    ("a routing key that is a number", '{"method":5}', "BAD_METHOD", 400, 2, {}),
    ("a path that climbs", '{"method":"/api/v1/a/../b"}', "BAD_METHOD", 400, 2, {"method": "/api/v1/a/../b"}),
    ("a path that climbs in disguise", '{"method":"/api/v1/a/%2e%2e/b"}', "BAD_METHOD", 400, 2,
     {"method": "/api/v1/a/%2e%2e/b"}),
    ("a control message without wsgw.v1", '{"method":"$gw/ping"}', "BAD_METHOD", 400, 2, {"method": "$gw/ping"}),
    ("a method of another shape", '{"method":"chat"}', "NO_ROUTE", 404, 1, {"method": "chat"}),
    ("an unknown service", '{"method":"/api/v1/nobody/x","id":42,"websocketTag":"a17","requestId":"r"}', "NO_ROUTE",
     404, 1, {"method": "/api/v1/nobody/x", "service": "nobody",
              "data": {"id": 42, "requestId": "r", "websocketTag": "a17"}}),
    ("a name that a service's contains", '{"method":"/api/v1/aa/x"}', "NO_ROUTE", 404, 1,
     {"method": "/api/v1/aa/x", "service": "aa"}),
    ("a service in the wrong case", '{"method":"/api/v1/A/x"}', "NO_ROUTE", 404, 1,
     {"method": "/api/v1/A/x", "service": "A"}),
    ("a binary message", b"\x00\x01", "UNSUPPORTED_TYPE", 415, 2, {}),
]


async def bad_between_good():
    """Whatever cannot be routed gets its error frame, the socket stays open and the next message is routed."""
    async with two_of_each() as mocks, gateway_to(mocks) as gw, connect(gw) as client:
        connections = set()
        for index, (what, message, code, http, status, more) in enumerate(BAD):
            seen = await ask(client, message)
            connections.add((seen["error"].pop("conn", ""), seen["error"].pop("trace", "")))
            expected = error_frame(code, http, status, seen["message"], seq=2 * index + 1, **more)
            check(f"{what} is answered with {code}, to the letter",
                  json.dumps(seen) == json.dumps(expected) and seen["message"],
                  f"{json.dumps(seen)} instead of {json.dumps(expected)}")
            good = await ask(client, text("a", index))
            if (good.get("service"), good.get("n")) != ("a", index + 1):
                check(f"the message behind {what} is routed", False, good)
        check(f"the message behind each of the {len(BAD)} is routed, on one channel", True)
        check("all frames name the same connection and trace", len(connections) == 1 and all(*connections), connections)
        heartbeat = await ask(client, '{"method":"/api/v1/gateway/heartbeat","id":9}')
        check_equal("a heartbeat is answered by the gateway", heartbeat,
                    {"method": "/api/v1/gateway/heartbeat", "status": 0, "message": "OK", "data": {"id": 9}})
        check_equal("the metrics count what was refused", await gw.metric("wsgw_messages_rejected_total"), len(BAD))


async def bytes_untouched():
    """What an upstream gets is byte for byte what the client sent."""
    odd = ['{ "data" : {"method":"/api/v1/b/x"} , "m\\u0065thod" : "\\/api\\/v1\\/a\\/x" }',
           '{"method":"/api/v1/a/x","data":"\\ud83d\\ude00 é 漢字","n":1e400,"big":123456789012345678901234567890}',
           "{'method': '/api/v1/a/x', 'data': ''}"]
    async with mock_service(1, "a", "--reply", "raw") as mocks, gateway(service("a", *mocks.addresses("a"))) as gw:
        async with connect(gw) as client:
            for message in odd:
                await client.send(message)
                check_equal(f"{message[:40]} … comes back unchanged", await client.recv(), message)


async def least_loaded():
    """40 clients talk to three services of two instances each."""
    async with two_of_each() as mocks, gateway_to(mocks) as gw:
        async def one_client(number):
            client = await connect(gw)
            return client, [await ask(client, text(name, number)) for name in SERVICES]

        told = await asyncio.gather(*[one_client(number) for number in range(40)])
        spread = collections.Counter(answer["instance"] for _, answers in told for answer in answers)
        measured("channels per instance", dict(sorted(spread.items())))
        check_equal("every client has a channel to every service", await gw.metric("wsgw_channels"), 120)
        for name in SERVICES:
            counts = [spread[f"{name}-{i}"] for i in (1, 2)]
            check(f"the instances of {name} differ by at most one channel", max(counts) - min(counts) <= 1, counts)
        await asyncio.gather(*[client.close() for client, _ in told])


tell(interleaved, there_and_back, bad_between_good, bytes_untouched, least_loaded)
