"""wsgw route test says of every message what wsgw serve does with it: service, instance and error frame."""
import asyncio
import collections
import contextlib
import json
import os
import random
import tempfile

from lib.gateway import gateway, service
from lib.process import binary, run
from lib.raw_client import raw_client
from lib.raw_upstream import raw_upstream
from lib.story import check, check_equal, in_time, measured, patience, scaled, tell, until, untrue
from lib.wire import BINARY, CLOSE, PING, PONG, TEXT, code_of, frame, message_reader, read_frame

SEED = int(os.environ.get("WSGW_SEED", "20261122"))
# name -> instances; where several could be dialled, a rule or the policy leaves no choice
SERVICES = {"order": 1, "a": 1, "a.b-c_d": 1, "chat": 1, "legacy": 1, "audio": 1, "exec": 3, "near": 3}
RULES = r"""
[url_rule]
validate = "VALIDATE"

[[rule]]
id = "topic"
when = { field = "/topic", regex = '^(?P<service>[a-z]+)\.(?P<rest>.*)' }
service = "{service}"

[[rule]]
id = "pin"
when = { text = '^pin (?P<at>\S+)' }
service = "exec"
instance = "{at}"

[[rule]]
id = "keyed"
when = { field = "/customer", regex = '^(?P<customer>.+)$' }
service = "exec"
key = "{customer}"

[[rule]]
id = "audio"
when = { binary = true, path = "/ws/audio" }
service = "audio"

[[rule]]
id = "tenant"
when = { header = { name = "X-Tenant", prefix = "a" }, query = { name = "v", equals = "2" } }
service = "legacy"

[[rule]]
id = "guest"
when = { cookie = { name = "guest", exists = true }, subprotocol = "chat.v2", client = "127.0.0.0/8" }
service = "chat"
"""
# What the tool is told of a session, and what the client really says.
SESSIONS = [
    {"path": "/ws"},
    {"path": "/ws/audio", "query": "v=2&x=%41", "headers": [("X-Tenant", "abc")]},
    {"path": "/ws/%61udio/..", "headers": [("Cookie", "a=1; guest=")], "subprotocol": "chat.v2"},
    {"path": "/ws", "subprotocol": "wsgw.v1"},
]
FAULTS_PER_SESSION = 20  # what is above that in one second is folded, whatever the configuration says


class generator:
    """Messages of all kinds; the same seed makes the same messages. No line feed stands in any: they are lines."""

    def __init__(self, seed, pins):
        self.dice, self.pins = random.Random(seed), pins
        self.count = 0

    def word(self, letters="abcdefghijklmnopqrstuvwxyz", most=8):
        return "".join(self.dice.choice(letters) for _ in range(self.dice.randint(1, most)))

    def method(self):
        dice = self.dice
        name = dice.choice(["order", "a", "a.b-c_d", "chat", "legacy", "near"] * 3 +
                           ["ordr", "A", "nobody", "gateway", "a..b"])
        path = dice.choice(["create", "x/y/z", "", "..", "%2e%2e/x", "é漢", "a\\b", "heartbeat", self.word()])
        version = dice.choice(["1", "1", "2", "1.0", "", "x"])
        others = [f"/api/v1/{name}", name, "", "$gw/ping", "$gw/nope", "/" + "x" * 1100]
        return dice.choice([f"/api/v{version}/{name}/{path}"] * 8 + others)

    def value(self, depth=0):
        dice = self.dice
        kinds = ["number", "text", "text", "literal", "escape"] + (["list", "object"] if depth < 4 else [])
        kind = dice.choice(kinds)
        if kind == "number":
            return dice.choice(["0", "-1", "1e400", "12.50", "123456789012345678901"])
        if kind == "text":
            return json.dumps(self.word("abc \"\\é漢😀/", 20), ensure_ascii=dice.random() < 0.5)
        if kind == "literal":
            return dice.choice(["true", "false", "null"])
        if kind == "escape":
            return dice.choice(['"\\u0041"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\/"', '"\\q"', '"method"',
                                '"a\\u006dethod"'])
        if kind == "list":
            return "[" + ",".join(self.value(depth + 1) for _ in range(dice.randint(0, 3))) + "]"
        return "{" + ",".join(f'"{self.word()}":{self.value(depth + 1)}' for _ in range(dice.randint(0, 3))) + "}"

    def key(self):
        others = ['"m\\u0065thod"', '"\\u006Dethod"', '"Method"', "'method'", "method"]
        return self.dice.choice(['"method"'] * 12 + others)

    def members(self):
        dice = self.dice
        made = [f'"id":{self.count}', f'"data":{self.value()}']
        if dice.random() < 0.75:
            text = json.dumps(self.method(), ensure_ascii=dice.random() < 0.5)
            if dice.random() < 0.1:
                text = text.replace("/", "\\/" if dice.random() < 0.5 else "\\u002f")
            made.append(f"{self.key()}:{text if dice.random() < 0.96 else self.value()}")
        topic = dice.choice(["legacy", "chat", "nobody", "L"])
        extras = [(0.04, '"method":"/api/v1/order/again"'), (0.12, f'"topic":"{topic}.{self.word()}"'),
                  (0.08, f'"customer":"{self.word()}"'), (0.05, f'"requestId":{self.value()}'),
                  (0.05, '"websocketTag":"t"'), (0.02, f'"deep":{"[" * 70}{"]" * 70}'),
                  (0.02, f'"long":"{"x" * 3000}"')]
        made += [text for likely, text in extras if dice.random() < likely]
        dice.shuffle(made)
        return made

    def broken(self, text):
        """One small thing is wrong, or not."""
        dice = self.dice
        at = dice.randrange(len(text) + 1)
        more = dice.choice('{}[]",:\\\x01\x7f\t é')
        return dice.choice([text[:at], text[:at] + more + text[at:], text[:at] + text[at + 1:],
                            text + dice.choice([" ", "}", "x", "\x00"]), " " + text, "[" + text + "]"])

    def text(self):
        self.count += 1
        dice = self.dice
        what = dice.random()
        if what < 0.03:
            return dice.choice(["hello", "x" + self.word(), "null", "7", '"text"', "[]", "{}", " ", "'",
                                "{'method': '/api/v1/order/x'}"])
        if what < 0.08:
            return "pin " + dice.choice(self.pins + ["10.0.0.1:1", "nonsense"]) + f" {self.count}"
        made = "{" + dice.choice([",", ", ", " , "]).join(self.members()) + "}"
        return self.broken(made) if dice.random() < 0.15 else made

    def message(self):
        """(opcode, bytes)"""
        if self.dice.random() < 0.05:
            return BINARY, bytes(self.dice.choice(b"\x00\xff{}\"method:/api") for _ in range(self.dice.randint(1, 40)))
        while True:
            text = self.text().encode("utf-8", "replace").rstrip(b"\r")
            if text and b"\n" not in text:
                return TEXT, text


def context_flags(session):
    flags = ["--path", session["path"]]
    for name in ("query", "subprotocol"):
        flags += [f"--{name}", session[name]] if name in session else []
    for name, value in session.get("headers", []):
        flags += ["-H", f"{name}: {value}"]
    return flags


async def verdicts_of(gw, session, messages, folder):
    """What the tool says of them, in their order. Of the messages that are equal, equal things."""
    found = {}
    for opcode in (TEXT, BINARY):
        lines = [payload for own, payload in messages if own == opcode]
        path = os.path.join(folder, "messages.ndjson")
        with open(path, "wb") as file:
            file.write(b"".join(line + b"\n" for line in lines))
        kind = ["--binary"] if opcode == BINARY else []
        done = await run(binary(), "route", "test", "-c", gw.config, *context_flags(session), *kind, "-f", path,
                         "-o", "ndjson")
        if done.status != 0:
            raise untrue(f"wsgw route test judges {len(lines)} messages; {done}")
        told = [json.loads(line) for line in done.out.splitlines()]
        if len(told) != len(lines):
            raise untrue(f"it says one thing of each message; {len(told)} things of {len(lines)}")
        found |= {(opcode, line): verdict for line, verdict in zip(lines, told)}
    return [found[message] for message in messages]


async def listen(connection):
    """An upstream that notes whatever it gets."""
    await connection.accept()
    while True:
        opcode, fin, payload = await read_frame(connection.reader, from_client=True)
        if opcode == CLOSE:
            connection.send_frame(payload, CLOSE)
            return
        if opcode == PING:
            connection.send_frame(payload, PONG)
        elif opcode in (TEXT, BINARY) and fin:
            connection.messages.append((opcode, payload))
        else:
            raise untrue(f"a whole message arrives whole; seen: opcode {opcode}, fin {fin}")


def without_connection(frame_text):
    """A frame as it would be written without what only a connection knows."""
    seen = json.loads(frame_text)
    for name in ("conn", "trace"):
        seen.get("error", {}).pop(name, None)
    return json.dumps(seen)


def expected_frame(verdict, number):
    seen = json.loads(json.dumps(verdict["frame"]))
    if "seq" in seen.get("error", {}):
        seen["error"]["seq"] = number
    return json.dumps(seen)


def is_fault(verdict):
    return 400 <= verdict.get("frame", {}).get("error", {}).get("http", 0) < 500


def sessions_of(messages, verdicts):
    """Cut so that no session has more faults than are answered one by one."""
    part, faults = [], 0
    for message, verdict in zip(messages, verdicts):
        if faults == FAULTS_PER_SESSION:
            yield part
            part, faults = [], 0
        part.append((message, verdict))
        faults += is_fault(verdict)
    yield part


async def frames_of(client):
    """All that the gateway says up to the answer to the last heartbeat."""
    reader, heard = message_reader(client.reader), []
    while True:
        opcode, payload = await reader.next()
        if opcode == CLOSE:
            raise untrue(f"the session goes on; it was closed with {code_of(payload)}")
        text = payload.decode()
        if '"websocketTag":"the last"' in text:
            return heard
        if not text.startswith(('{"method":"$gw/hello"', '{"method":"$gw/channel"')):
            heard.append(without_connection(text))


LAST = b'{"method":"/api/v1/gateway/heartbeat","websocketTag":"the last"}'


def headers_of(session):
    chosen = [("Sec-WebSocket-Protocol", session["subprotocol"])] if "subprotocol" in session else []
    return session.get("headers", []) + chosen


def path_of(session):
    return session["path"] + ("?" + session["query"] if "query" in session else "")


async def live(gw, session, part, upstreams):
    """Sends the messages and returns what is different from the verdicts."""
    before = {address: len(u.connections) for address, u in upstreams.items()}

    def got():
        return [(address, message) for address, u in upstreams.items() for connection in u.connections[before[address]:]
                for message in connection.messages]

    async with raw_client(gw, path=path_of(session), headers=headers_of(session)) as client:
        client.writer.write(b"".join(frame(payload, opcode) for (opcode, payload), _ in part) + frame(LAST))
        await client.writer.drain()
        heard = await in_time(frames_of(client), patience(10), "the gateway answers the last heartbeat")
        routed = sum(verdict["routed"] for _, verdict in part)
        with contextlib.suppress(untrue):  # what is missing is told below
            await until("every message has arrived", lambda: len(got()) >= routed, patience(3))
    return differences(part, heard, got(), {address: u.service for address, u in upstreams.items()})


def differences(part, heard, got, service_of):
    found = []
    wanted = collections.Counter(expected_frame(v, n) for n, (_, v) in enumerate(part, 1) if "frame" in v)
    seen = collections.Counter(heard)
    found += [f"the tool alone has the frame {text}" for text in wanted - seen]
    found += [f"the gateway alone has the frame {text}" for text in seen - wanted]
    verdict_of = dict(part)
    arrived = collections.Counter(message for _, message in got)
    to_arrive = collections.Counter(message for message, verdict in part if verdict["routed"])
    found += [f"never arrived: {message}: {verdict_of[message]}" for message in to_arrive - arrived]
    found += [f"arrived: {message}: {verdict_of.get(message)}" for message in arrived - to_arrive]
    for address, message in got:
        verdict = verdict_of.get(message, {})
        if (verdict.get("service"), verdict.get("pick")) != (service_of[address], address):
            found.append(f"{message} came to {service_of[address]} at {address}: {verdict}")
    return found


@contextlib.asynccontextmanager
async def world(validate):
    """Every instance of every service, and the gateway before them."""
    async with contextlib.AsyncExitStack() as stack:
        upstreams, tables = {}, []
        for name, count in SERVICES.items():
            mine = [await stack.enter_async_context(raw_upstream(listen)) for _ in range(count)]
            for upstream in mine:
                upstream.service = name
                upstreams[upstream.address] = upstream
            more = {"balancer": "consistent_hash"} if name == "near" else {}
            tables.append(service(json.dumps(name), *[u.address for u in mine], **more))
        gw = await stack.enter_async_context(gateway(
            *tables, RULES.replace("VALIDATE", validate), '[session]\nbad_messages = "1000000/1s"', workers=1,
            listener='subprotocols = ["chat.v2"]'))
        yield gw, upstreams


async def agreement(validate, count, seed):
    async with world(validate) as (gw, upstreams):
        pins = [address for address, u in upstreams.items() if u.service == "exec"]
        made = generator(seed, pins)
        words, found, sessions = collections.Counter(), [], 0
        with tempfile.TemporaryDirectory() as folder:
            for index, session in enumerate(SESSIONS):
                share = count // len(SESSIONS)
                messages = [made.message() for _ in range(share)]
                verdicts = await verdicts_of(gw, session, messages, folder)
                words.update(v.get("code") or v["service"] for v in verdicts)
                for part in sessions_of(messages, verdicts):
                    sessions += 1
                    found += await live(gw, session, part, upstreams)
        measured("messages, sessions, seed", f"{count}, {sessions}, {seed}")
        measured("verdicts", dict(words.most_common()))
        check_equal("the gateway and the tool differ over no message", found[:3], [])
        check("all services and the codes of routing were among the verdicts",
              set(SERVICES) | {"gateway", "PARSE_ERROR", "NO_METHOD", "BAD_METHOD", "NO_ROUTE", "NO_INSTANCE",
                               "UNSUPPORTED_TYPE"} <= set(words), words)
        check_equal("no upstream saw anything illegal", [str(f) for u in upstreams.values() for f in u.faults], [])


async def routing():
    """Thousands of messages, good and odd and broken, by the default depth of judgement."""
    await agreement("routing", scaled(8000, 1000), SEED)


async def grammar():
    """Some more where the whole message must be JSON."""
    await agreement("grammar", scaled(2000, 400), SEED + 1)


async def closing():
    """What ends a session at the gateway, the tool says so."""
    async with world("routing") as (gw, _):
        with tempfile.TemporaryDirectory() as folder:
            too_long = b"x" * (1024 * 1024 + 1)
            messages = [(TEXT, text) for text in (b'{"method":"/api/v1/order/\xff"}', b"\xc0\xaf", too_long)]
            for message, verdict in zip(messages, await verdicts_of(gw, {"path": "/ws"}, messages, folder)):
                async with raw_client(gw) as client:
                    client.writer.write(frame(message[1]))
                    reader = message_reader(client.reader)
                    opcode, payload = await in_time(reader.next(), patience(5), "the gateway closes the session")
                    check_equal(f"{message[1][:30]!r}: close code {verdict.get('close_code')}",
                                (opcode, code_of(payload)), (CLOSE, verdict.get("close_code")))


tell(routing, grammar, closing)
