"""The command line: what each command prints, and the status it leaves with."""
import asyncio
import json
import os
import re
import tempfile
import xml.etree.ElementTree

from lib.certificates import certificates
from lib.gateway import gateway, mock_service, service
from lib.peers import connect, receive
from lib.process import binary, process, run
from lib.story import check, check_equal, measured, scaled, tell

CONFIGURATIONS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "corpus", "config")
ORDER = ["--service", "order=127.0.0.1:9001"]


async def wsgw(*words, **options):
    return await run(binary(), *words, **options)


async def selftest():
    """wsgw serve --demo --selftest talks to two services over one socket and says so."""
    done = await wsgw("serve", "--demo", "--selftest")
    check_equal("the exit status is 0", done.status, 0)
    sent = [json.loads(line[2:]) for line in done.out.splitlines() if line.startswith("> ")]
    heard = [json.loads(line[2:]) for line in done.out.splitlines() if line.startswith("< ")]
    check_equal("the transcript has three messages to each service", sorted(m["method"].split("/")[3] for m in sent),
                ["clock"] * 3 + ["echo"] * 3)
    answers = [m for m in heard if "n" in m and m.get("method")]
    check_equal("and an answer to each, from the service it names", sorted((a["service"], a["id"]) for a in answers),
                [(name, id) for name in ("clock", "echo") for id in (1, 2, 3)])
    check("with the instance that answered", all(a["instance"].startswith(a["service"] + "-") for a in answers))
    check("and the configuration that was used", "[services.echo]" in done.out)


VERDICTS = [
    ("a known service", '{"method":"/api/v1/order/create"}', "order"),
    ("a heartbeat", '{"method":"/api/v1/gateway/heartbeat"}', "gateway"),
    ("no JSON", "hello", "PARSE_ERROR"),
    ("no routing key", "{}", "NO_METHOD"),
    ("a routing key twice", '{"method":"/api/v1/order/x","method":"/api/v1/order/x"}', "BAD_METHOD"),
    ("an unknown service", '{"method":"/api/v1/chat/x"}', "NO_ROUTE"),
    ("another pattern", '{"method":"order"}', "NO_ROUTE"),
]


async def route_test():
    """wsgw route test gives the verdict of the gateway, offline."""
    for what, message, verdict in VERDICTS:
        done = await wsgw("route", "test", *ORDER, message)
        check(f"{what}: {verdict}", done.status == 0 and done.out.split()[0] == verdict, done)
    check_equal("a binary message: UNSUPPORTED_TYPE",
                (await wsgw("route", "test", *ORDER, "--binary", "x")).out.split()[0], "UNSUPPORTED_TYPE")
    routed = VERDICTS[0][1]
    done = await wsgw("route", "test", *ORDER, "-o", "json", routed)
    check_equal("as JSON, routed", json.loads(done.out),
                {"schema": "wsgw.route_test.v1", "seq": 1, "routed": True, "service": "order", "rule": "url_rule",
                 "candidates": ["127.0.0.1:9001"], "pick": "127.0.0.1:9001"})
    done = await wsgw("route", "test", *ORDER, "-o", "json", '{"method":"/api/v1/chat/x","id":3}')
    seen = json.loads(done.out)
    check("as JSON, refused, with the error frame", (seen["routed"], seen["code"], seen["frame"]["data"]) ==
          (False, "NO_ROUTE", {"id": 3}), seen)
    done = await wsgw("route", "test", *ORDER, "--expect", "order", routed)
    check_equal("--expect that holds: status 0", done.status, 0)
    done = await wsgw("route", "test", *ORDER, "--expect", "NO_ROUTE", routed)
    check("--expect that does not: status 4, and both are named",
          done.status == 4 and "expected NO_ROUTE, got order" in done.err, done)
    done = await wsgw("route", "test", *ORDER, "--expect", "NO_METHOD", stdin='{"data":1}\n')
    check_equal("the message may come from stdin", (done.status, done.out.split()[0]), (0, "NO_METHOD"))
    done = await wsgw("route", "test", *ORDER, "--explain", '{"method":"/api/v1/oder/x"}')
    check("--explain suggests what was meant", "did you mean 'order'" in done.out, done)
    done = await wsgw("route", "test", *ORDER, "--expect", "ordr", routed)
    check("--expect of something that does not exist: status 2, and a guess",
          done.status == 2 and "did you mean 'order'" in done.err, done)


async def route_test_many():
    """wsgw route test judges many messages, and files of cases."""
    routed, refused = VERDICTS[0][1], VERDICTS[5][1]
    done = await wsgw("route", "test", *ORDER, routed, refused, "--expect", "order")
    check_equal("several messages: a line each", [line.split()[1] for line in done.out.splitlines()],
                ["order", "NO_ROUTE"])
    check("the sum, and what was not as expected, on stderr; status 4", done.status == 4 and
          "2 messages: order 1, NO_ROUTE 1" in done.err and "message 2: expected order, got NO_ROUTE" in done.err, done)
    lines = f"{routed}\n\n{refused}\r\n{routed}"
    done = await wsgw("route", "test", *ORDER, "-f", "-", "-o", "ndjson", stdin=lines)
    check_equal("-f - reads lines; those that are empty are none", [json.loads(line).get("service")
                                                                      for line in done.out.splitlines()],
                ["order", None, "order"])
    done = await wsgw("route", "test", *ORDER, "-f", "-", "-o", "json", stdin=lines)
    check_equal("-o json: one list", [one["seq"] for one in json.loads(done.out)], [1, 2, 3])
    done = await wsgw("route", "test", *ORDER, "-f", "-", "-q", stdin=lines)
    check_equal("-q: only the counts", done.out, "       2 order\n       1 NO_ROUTE\n")
    done = await wsgw("route", "test", *ORDER, "-f", "/nowhere/at/all")
    check("a file that cannot be read: status 1",
          done.status == 1 and "/nowhere/at/all: No such file" in done.err, done)
    with tempfile.TemporaryDirectory() as folder:
        cases, report = os.path.join(folder, "cases.toml"), os.path.join(folder, "report.xml")

        def write(text):
            with open(cases, "w", encoding="utf-8") as file:
                file.write(text)
        good = '[[case]]\nname = "orders"\nmessage = { method = "/api/v1/order/x" }\nexpect = "order"\n'
        write(good)
        done = await wsgw("route", "test", *ORDER, "-t", cases)
        check_equal("a file of cases: status 0", (done.status, done.out),
                    (0, f"ok      {cases}:1: orders\n1 case: 1 ok, 0 FAILED\n"))
        write(good + '[[case]]\nname = "<others>"\nmessage = "x"\nexpect = "order"\n')
        done = await wsgw("route", "test", *ORDER, "-t", cases, "--junit", report)
        check("a case that fails: status 4, and the byte", done.status == 4 and
              f"FAILED  {cases}:5: <others>" in done.out and "        |   x\n        |   ^\n" in done.out, done)
        suites = xml.etree.ElementTree.parse(report).getroot()
        check_equal("JUnit has the cases", [(case.get("name"), case.find("failure") is not None)
                                              for case in suites.iter("testcase")],
                    [("orders", False), ("<others>", True)])
        write(good.replace("expect", "expct"))
        done = await wsgw("route", "test", *ORDER, "-t", cases)
        check("a mistake in the file: status 3, with its place and a guess", done.status == 3 and
              f"{cases}:4:1: error: case.expct: unknown key; did you mean 'expect'?" in done.err, done)
        done = await wsgw("route", "test", *ORDER, "-t", cases, routed)
        check_equal("cases and messages at once: status 2", done.status, 2)


async def config_check():
    """wsgw config check tells every problem of a configuration, with its place."""
    def corpus(name):
        return os.path.join(CONFIGURATIONS, name)

    done = await wsgw("config", "check", corpus("minimal.toml"))
    check("a good file: status 0, and what it holds", done.status == 0 and
          re.fullmatch(re.escape(corpus("minimal.toml")) + r": ok \(\d+ services?, 0 rules\)\n", done.out), done)
    done = await wsgw("config", "check", corpus("six_mistakes.toml"), "-o", "json")
    seen = json.loads(done.out)
    check_equal("six mistakes: status 3, as JSON", (done.status, seen["schema"], seen["ok"], done.err),
                (3, "wsgw.config_check.v1", False, ""))
    check_equal("each with file, line and column",
                [(p["file"], p["line"], p["column"]) for p in seen["problems"]],
                [(corpus("six_mistakes.toml"), *place) for place in ((1, 11), (3, 8), (4, 1), (6, 15), (8, 14), (10, 12))])
    check("each with its key and a hint", all(p["key"] and re.search("must|write|did you mean", p["message"])
                                              for p in seen["problems"]), seen)
    done = await wsgw("serve", "--check", "-c", corpus("six_mistakes.toml"))
    check("serve --check finds the same, with source line and caret", done.status == 3 and done.out == "" and
          "six_mistakes.toml:3:8: error: listener.bind: " in done.err and '    3 | bind = "8080"\n' in done.err, done)
    with certificates() as made:
        own, other = await made.make("own", "DNS:own.test"), await made.make("other", "DNS:other.test")

        async def checked(cert, key):
            done = await wsgw("config", "check", corpus("full.toml"), "--set", f"listener.0.tls.cert={cert}",
                              "--set", f"listener.0.tls.key={key}", "-o", "json")
            return done.status, json.loads(done.out)

        check_equal("the file that has every key is good, where its certificate is", await checked(own.cert, own.key),
                    (0, {"schema": "wsgw.config_check.v1", "ok": True, "problems": []}))
        status, told = await checked(own.cert, other.key)
        check("a key that belongs to another certificate is a problem", status == 3 and
              other.key in told["problems"][0]["message"], told)


async def precedence():
    """A flag stands above the environment, that above the later file, and that above the earlier one."""
    with tempfile.TemporaryDirectory() as folder:
        def written(name, content):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
            return path

        async def level(*words, variables=()):
            """The place that a level which does not exist was taken from."""
            done = await run("env", "-u", "WSGW_CONFIG", *variables, binary(), "config", "check", *words, "-o", "json",
                             cwd=folder)
            return [p["file"] for p in json.loads(done.out)["problems"] if p["key"] == "log.level"]

        first = written("first.toml", '[log]\nlevel = "1"\n[services.order]\ninstances = ["127.0.0.1:9001"]\n')
        second = written("second.toml", '[log]\nlevel = "2"\n')
        usual = written("wsgw.toml", 'include = ["first.toml"]\n')
        variable, named = "WSGW_LOG_LEVEL=3", f"WSGW_CONFIG={first}:{second}"
        check_equal("one file", await level("-c", first), [first])
        check_equal("the later of two files", await level("-c", first, "-c", second), [second])
        check_equal("the environment above files", await level("-c", first, second, variables=[variable]),
                    ["WSGW_LOG_LEVEL"])
        check_equal("a flag above the environment", await level("-c", first, "--set", "log.level=4", variables=[variable]),
                    ["--set"])
        check_equal("$WSGW_CONFIG names files when -c does not", await level(variables=[named]), [second])
        check_equal("-c instead of $WSGW_CONFIG", await level("-c", first, variables=[named]), [first])
        check_equal(f"{os.path.basename(usual)} where nothing names a file", await level(), ["first.toml"])


async def client_command():
    """wsgw client sends, shows and expects."""
    async with mock_service(1, "echo") as mocks, gateway(service("echo", *mocks.addresses("echo"))) as gw:
        done = await wsgw("client", gw.url, "--call", "echo/hello", '"hi"', "-1")
        check("--call … -1 prints the one answer", done.status == 0 and json.loads(done.out)["data"] == "hi", done)
        # Without a limit that would end it in time.
        done = await wsgw("client", gw.url, "--call", "echo/a", "1", "--call", "nobody/b", "2", "--call", "echo/c", "3",
                          "-w", "1h", "-q")
        check("calls end when each has its answer or its error frame; -q says nothing of them",
              (done.status, len(done.out.splitlines()), done.err) == (0, 3, ""), done)
        done = await wsgw("client", gw.url, "-x", "hello", "-w", "100ms")
        check("whoever set the limit of a wait is not told of it", done.status == 0 and "waiting" not in done.err, done)
        done = await wsgw("client", gw.url, "-x", "hello", "-w", "0")
        check("a wait of no time: status 2", done.status == 2 and "--wait: in no time nothing can come" in done.err, done)
        async with process(binary(), "client", gw.url, stdin=-1) as waiting:
            waiting.write("hello\n")
            await waiting.lines(waiting.err, lambda line: "waiting 10s for messages" in line)
            check("whoever did not is told at once, and how to leave earlier", True)
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as silent:
            port = silent.sockets[0].getsockname()[1]
            async with process(binary(), "client", f"wss://127.0.0.1:{port}/", "-x", "hello") as waiting:
                await waiting.lines(waiting.err, lambda line: "waiting 10s for a connection by TLS" in line)
                check("whoever waits for a port that does not speak TLS is told so while he waits", True)
        done = await wsgw("client", gw.url, "--call", "echo/hello", "7", "--expect", "/data=7", "--expect", "/n=1")
        check_equal("two expectations of one answer that hold: status 0", done.status, 0)
        done = await wsgw("client", gw.url, "--call", "echo/hello", "7", "--expect", "/data=8")
        check("one that does not: status 4, and both values are shown",
              done.status == 4 and all(re.search(rf"{word}\b", done.err) for word in ("/data", r"\b7", r"\b8")), done)
        done = await wsgw("client", gw.url, "--call", "nobody/x", "1", "-1")
        check("an error frame is explained in words", "NO_ROUTE" in done.out and done.err.strip(), done)
        done = await wsgw("client", gw.url, "--json", "-x", "hello", "-1")
        events = [json.loads(line) for line in done.out.splitlines()]
        check_equal("--json tells open, message and close", [e["event"] for e in events], ["open", "message", "close"])
        done = await wsgw("client", gw.url, "-n", "2",
                          stdin='{"method":"/api/v1/echo/a","id":1}\n{"method":"/api/v1/echo/a","id":2}\n')
        check("the lines of stdin are messages", done.status == 0 and
              [json.loads(line)["id"] for line in done.out.splitlines()] == [1, 2], done)
        done = await run("sh", "-c", f"'{binary()}' client {gw.url} -x hello -1 > /dev/full")
        check("a full disk behind stdout is told: status 1", done.status == 1 and "No space left" in done.err, done)
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "order.txt")
            with open(script, "w", encoding="utf-8") as file:
                file.write('# a conversation\ncall echo/a {"x":1}\nexpect /data/x=1\nand /service=echo\n'
                           'call nobody/a 1\nexpect /error/code=NO_ROUTE\nping\nclose 1000\nexpect-close 1000\n')
            done = await wsgw("client", gw.url, "--script", script)
            check_equal("a script that holds: status 0", done.status, 0)
            with open(script, "w", encoding="utf-8") as file:
                file.write("call echo/a 1\nexpekt /data=1\n")
            done = await wsgw("client", gw.url, "--script", script)
            check("a mistake in a script is told with its line: status 2",
                  done.status == 2 and script in done.err and "2" in done.err and "expect" in done.err, done)
        refused = gw.url
    async def answer_in_plain_text(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()
    async with await asyncio.start_server(answer_in_plain_text, "127.0.0.1") as plain:
        port = plain.sockets[0].getsockname()[1]
        done = await wsgw("client", f"wss://127.0.0.1:{port}/", "-k", "-x", "hello")
        check("wss:// where nobody speaks TLS: status 5, and what to write instead",
              done.status == 5 and "this port does not speak TLS: use ws://" in done.err, done)
    done = await wsgw("client", refused, "-x", "hello")
    check("nobody listens: status 5, with the address",
          done.status == 5 and refused.split("/")[2] in done.err and "refused" in done.err, done)


async def pushing_mock():
    """wsgw mock-service --push speaks without being asked."""
    async with mock_service(1, "clock", "--push", "50/s") as mocks:
        async with gateway(service("clock", *mocks.addresses("clock"))) as gw, connect(gw) as client:
            await client.send('{"method":"/api/v1/clock/now","id":1}')
            seen = [await receive(client) for _ in range(11)]
            check_equal("the answer comes between the pushes", len([m for m in seen if m.get("id") == 1]), 1)
            pushes = [m for m in seen if m.get("id") != 1]
            check_equal("the pushes are numbered without a gap", [m["push"] for m in pushes], list(range(1, 11)))
            check("and name their instance", all(m["instance"] == "clock-1" for m in pushes), pushes[0])


async def bench_command():
    """wsgw bench -n --check 1 counts to the last message."""
    count = scaled(10_000, 1_000)
    async with mock_service(2, "--service", "a=1", "--service", "b=1", "--reply", "raw") as mocks:
        async with gateway(*[service(name, *mocks.addresses(name)) for name in "ab"]) as gw:
            done = await wsgw("bench", gw.url, "-n", count, "--check", "1", "-o", "json", "-c", "10", "-p", "4", "--service",
                              "a", "--service", "b", "--cpu-of", gw.pid)
            check_equal("the exit status is 0", done.status, 0)
            seen = json.loads(done.out)
            check_equal("sent, answered, unanswered, mismatches and errors are exact",
                        [seen[k] for k in ("messages_sent", "messages_answered", "messages_unanswered", "mismatches",
                                           "errors")], [count, count, 0, 0, {}])
            check_equal("so say the gateway's metrics: up",
                        await gw.metric("wsgw_messages_total", direction="up"), count)
            check_equal("and down", await gw.metric("wsgw_messages_total", direction="down"), count)
            of_a = await gw.metric("wsgw_messages_total", direction="up", service="a")
            check("each connection takes the services in turn", abs(of_a - count // 2) <= 10, of_a)
            measured("messages a second, p99 in µs", (round(seen["messages_per_s"]), seen["latency_us"]["p99"]))
            address = gw.url
    done = await wsgw("bench", address, "-n", 1, "-c", 1)
    check_equal("nobody listens: status 5", done.status, 5)


async def bench_as_a_judge():
    """wsgw bench tells answers from errors, keeps a rate, and fails when it is asked to."""
    async with mock_service(1, "--service", "echo=1", "--reply", "raw") as mocks:
        async with gateway(service("echo", *mocks.addresses("echo"))) as gw:
            bench = ("bench", gw.url, "-q", "-c", "4", "-o", "json")
            done = await wsgw(*bench, "-n", 100, "--service", "nobody")
            seen = json.loads(done.out)
            check("nothing but error frames: status 1, and what they probably come from",
                  done.status == 1 and "nothing but errors came back" in done.err
                  and "the gateway has no service 'nobody'" in done.err, done)
            check_equal("they are failures, not answers, by their code",
                        [seen[k] for k in ("messages_sent", "messages_answered", "messages_failed", "errors")],
                        [100, 0, 100, {"NO_ROUTE": 100}])
            done = await wsgw(*bench, "-n", 100, "--fail-if", "p50>0us", "--fail-if", "errors>0")
            check("a figure that is too bad: status 4, and it is named",
                  done.status == 4 and "--fail-if p50>0us: p50 is " in done.err and "errors" not in done.err, done)
            done = await wsgw(*bench, "-n", 100, "--fail-if", "error_rate>0%", "--fail-if", "rate<0.001/s")
            check_equal("figures that are good: status 0", done.status, 0)
            done = await wsgw("bench", gw.url, "--fail-if", "p99>20")
            check("a limit without its unit: status 2, and how to write it",
                  done.status == 2 and "write '20ms'" in done.err, done)
            for words, told in ((("-r", "5000/x"), "--rate: '5000/x' is not a rate"),
                                (("-c", "1", "-c", "2"), "--connections may be given once only"),
                                (("--idle", "-n", "4"), "--messages excludes --idle"),
                                (("-d", "0"), "--duration: in no time nothing can be measured; write 10s"),
                                (("--service", ""), "--service '' names none"),
                                (("--match", "/id", "-m", "{}"), "--match /id: there is nothing in the message {}")):
                done = await wsgw(*bench, *words)
                check(f"bench {' '.join(words)}: status 2, and why", done.status == 2 and told in done.err, done)
            done = await wsgw(*bench, "-r", "1000/s", "-n", 100, "--match", "/id", "--check", "1", "-m",
                              '{"method":"/api/v1/{service}/x","id":{n},"of":{connection}}')
            seen = json.loads(done.out)
            check_equal("an open loop sends what is due, and finds each answer by its id",
                        [done.status] + [seen[k] for k in ("loop", "rate_planned_per_s", "messages_sent",
                                                           "messages_answered", "messages_skipped", "mismatches")],
                        [0, "open", 1000, 100, 100, 0, 0])
            with tempfile.TemporaryDirectory() as folder:
                page = os.path.join(folder, "report.html")
                done = await wsgw("bench", gw.url, "-q", "-n", 100, "-o", "hgrm", "--report", page)
                check("-o hgrm prints what HdrHistogram does", done.out.split()[:4] ==
                      ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"] and "#[Max " in done.out, done)
                with open(page, encoding="utf-8") as file:
                    check("--report writes a page", "<svg" in file.read())
                done = await wsgw("bench", gw.url, "-q", "-n", 1, "--report", page, "-m", "{nonsense}")
                check("a run that cannot begin leaves the page of the last one alone, and nothing beside it",
                      done.status == 2 and os.path.getsize(page) > 0 and os.listdir(folder) == ["report.html"], done)
                await page_behind_a_link(gw, folder)
                for nowhere, why in ((os.path.join(folder, "no", "page.html"), "No such file"), (folder, "Is a directory")):
                    done = await wsgw("bench", gw.url, "-q", "-n", 1, "--report", nowhere)
                    check("where no page can be written, no message is sent",
                          done.status == 1 and why in done.err and not done.out, done)
            done = await wsgw("bench", gw.url, "-q", "-n", 100, "-o", "csv")
            check_equal("-o csv: a row for the service and one for all", [line.split(",")[:3] for line in
                        done.out.splitlines()[1:]], [["echo", "100", "100"], ["total", "100", "100"]])


async def page_behind_a_link(gw, folder):
    """Where --report writes, what is there stays what it was."""
    page, link, bystander = (os.path.join(folder, name) for name in ("report.html", "latest.html", "report.html.new"))
    os.symlink("report.html", link)
    os.chmod(page, 0o640)
    with open(bystander, "w", encoding="utf-8") as file:
        file.write("somebody's")
    before = os.stat(page).st_ino
    done = await wsgw("bench", gw.url, "-q", "-n", 1, "--report", link)
    check("a link still leads to its page, which is a new one with the permissions of the old one",
          done.status == 0 and os.readlink(link) == "report.html" and os.stat(page).st_mode & 0o777 == 0o640
          and os.stat(page).st_ino != before, done)
    with open(bystander, encoding="utf-8") as file:
        check_equal("the files beside it are as they were", (file.read(), sorted(os.listdir(folder))),
                    ("somebody's", ["latest.html", "report.html", "report.html.new"]))
    os.remove(page)
    done = await wsgw("bench", gw.url, "-q", "-n", 1, "--report", link)
    mask = os.umask(0)
    os.umask(mask)
    check("a link that leads nowhere gets its page, as anybody's new file",
          done.status == 0 and os.path.islink(link) and os.stat(page).st_mode & 0o777 == 0o666 & ~mask, done)


async def streams_and_colour():
    """Data is on stdout, everything else on stderr, and colours only where they are wanted."""
    done = await wsgw("version")
    check("wsgw version names itself", done.status == 0 and done.out.startswith("wsgw "), done)
    check_equal("-V says the same", (await wsgw("-V")).out, done.out)
    plain = await wsgw("serve", "--nonsense")
    check("a complaint is on stderr, without colours in a pipe", plain.out == "" and "\x1b" not in plain.err, plain)
    for words in (("mock-service", "--instances", "0"), ("mock-service", "--seed", "x"), ("bench", "ws://a", "--size", "-1"),
                  ("bench", "ws://a", "--cpu-of", "me"), ("client", "ws://a", "-n", "0"), ("serve", "--workers", "1.5")):
        done = await wsgw(*words)
        check(f"{' '.join(words)}: status 2, and what a number may be", done.status == 2 and
              f"{words[-2].replace('-n', '--count')}: '{words[-1]}' is not a whole number, " in done.err, done)
    for words in (("mock-service", "-o", "xml"), ("mock-service", "--log", "xml"), ("route", "test", "-o", "xml")):
        done = await wsgw(*words)
        check(f"{' '.join(words)}: status 2, and what may be written", done.status == 2 and
              "unknown value 'xml'; write one of " in done.err, done)
    painted = await wsgw("--color", "always", "serve", "--nonsense")
    check("with --color always it has them", "\x1b[" in painted.err, painted)
    left = await run("bash", "-c", f"'{binary()}' config schema | true; exit ${{PIPESTATUS[0]}}")
    check_equal("a reader that leaves wanted no more: status 0, and no complaint", (left.status, left.err), (0, ""))


tell(selftest, route_test, route_test_many, config_check, precedence, client_command, pushing_mock, bench_command,
     bench_as_a_judge, streams_and_colour)
