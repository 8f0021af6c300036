"""`wsgw client` by hand, at a real terminal, and by script."""
import contextlib
import json
import os
import re
import stat
import tempfile

from lib.certificates import certificates
from lib.gateway import gateway, mock_service, service
from lib.process import binary, process, run
from lib.screen import at_terminal
from lib.story import check, check_equal, tell

CTRL_A, CTRL_C, CTRL_D, CTRL_U, UP, TAB, ENTER = "\x01", "\x03", "\x04", "\x15", "\x1b[A", "\t", "\r"


@contextlib.asynccontextmanager
async def a_person(*options, name="echo", mock_options=(), columns=80):
    """A person at a client, a mock that can be told what to do, and the folder of what the client keeps."""
    with tempfile.TemporaryDirectory() as folder:
        async with mock_service(1, name, *mock_options, control=True) as mock:
            async with gateway(service(name, *mock.addresses(name))) as gw:
                person = at_terminal(binary(), "client", gw.url, *options, env={"XDG_STATE_HOME": folder},
                                     columns=columns)
                async with person:
                    await person.shows("a prompt", lambda lines: lines[-1] == ">")
                    yield person, mock, folder, gw


def last(text):
    return lambda lines: lines[-1] == text


def answered(n):
    return lambda lines: any(line.startswith(f'  "n": {n},') for line in lines) and lines[-1] == ">"


async def completion_and_calls():
    """Commands and services are completed; an answer is shown with time, size and service, its JSON indented."""
    async with a_person() as (person, _, _, _):
        person.type("/c" + TAB)
        lines = await person.shows("the commands that begin so", lambda lines: lines[-1] == "> /c" and len(lines) > 2)
        check_equal("Tab shows the commands that begin so", lines[-2].split(), ["/call", "/close"])
        person.type("a" + TAB)
        await person.shows("the command", last("> /call"))
        check("and completes the one that is left", True)
        person.type("echo/hi {\"x\": 1}" + ENTER)
        lines = await person.shows("the answer", answered(1))
        head = next(n for n, line in enumerate(lines) if line.startswith("< "))
        check("an answer has its time, its size and its service", re.fullmatch(r"< \d+\.\d{3} s  \d+ bytes  echo",
                                                                             lines[head]), lines[head])
        check_equal("and its JSON is indented", lines[head + 1:head + 4],
                    ["{", '  "service": "echo",', '  "instance": "echo-1",'])
        person.type("/call e" + TAB)
        await person.shows("the service that has answered", last("> /call echo/"))
        check("a service that has answered is completed", True)
        person.type("b 2" + ENTER)
        await person.shows("its answer", answered(2))
        person.type("/clal" + ENTER)
        await person.shows("a hint", lambda lines: "there is no command /clal; did you mean '/call'?" in lines)
        check("a mistyped command is told with the one that was meant", True)


async def incoming_while_typing():
    """What comes while a line is being typed stands above it, and the line is as it was."""
    async with a_person(columns=40) as (person, mock, _, _):
        person.type("/call echo/a 1" + ENTER)
        await person.shows("an answer", answered(1))
        for what, typed in (("a line", "half a mess"), ("a line that is longer than the terminal is wide", "x" * 60)):
            person.type(typed)
            wrapped = [("> " + typed)[at:at + 40] for at in range(0, len(typed) + 2, 40)]
            await person.shows("what is typed", lambda lines: lines[-len(wrapped):] == wrapped)
            await mock.control(f"echo send {{\"said\":\"{what}\"}}")
            shown = ["{", f'  "said": "{what}"', "}", *wrapped]
            # The screen wraps what is wider than it.
            await person.shows("the message above the line", lambda lines: "".join(lines).endswith("".join(shown)))
            check(f"{what}: the message stands above, the line is as it was", True)
            person.type(CTRL_U)
            await person.shows("an empty line", last(">"))
        person.type("ho" + CTRL_A + "/call ec")
        await person.shows("the edited line", last("> /call echo"))
        check("a line can be edited in its middle", True)


async def several_lines():
    """Pasted JSON over several lines is one message."""
    async with a_person() as (person, _, _, _):
        message = '{\n  "method": "/api/v1/echo/a",\n  "id": 7,\n  "data": ["}", {\n    "deep": true\n  }]\n}\n'
        person.type(message.replace("\n", ENTER))
        lines = await person.shows("one answer", answered(1))
        check_equal("seven lines are one message", len([line for line in lines if line.startswith("< ")]), 1)
        check("the lines behind the first have a prompt of their own", '.   "id": 7,' in lines, lines)
        check("and the answer has all of it", '      "deep": true' in lines and '  "id": 7' in lines, lines)


async def kept_history():
    """What was typed can be called back, in the next run too; nobody else can read it."""
    async with a_person() as (person, _, folder, gw):
        person.type('/call echo/first "äöü €"' + ENTER)
        await person.shows("an answer", answered(1))
        person.type("/stats" + ENTER)
        await person.shows("figures", lambda lines: any(line.startswith("sent 1 messages") for line in lines))
        person.type(UP + UP)
        await person.shows("the line before", last('> /call echo/first "äöü €"'))
        check("Up shows the lines before", True)
        person.type(CTRL_U + CTRL_D)
        check_equal("Ctrl-D on an empty line ends with status 0", await person.exit_status(), 0)
        path = os.path.join(folder, "wsgw", "history")
        check_equal("the history is a file that its owner alone can read", stat.S_IMODE(os.stat(path).st_mode), 0o600)
        async with at_terminal(binary(), "client", gw.url, env={"XDG_STATE_HOME": folder}) as later:
            await later.shows("a prompt", last(">"))
            later.type(UP + UP)
            await later.shows("the line of the run before", last('> /call echo/first "äöü €"'))
            check("the next run knows them", True)
            later.type(ENTER)
            await later.shows("its answer", answered(1))
            check("and can send them again", True)


async def commands():
    """Pings, files, figures and help."""
    async with a_person() as (person, mock, folder, _):
        person.type("/help" + ENTER)
        await person.shows("help", lambda lines: any(line.startswith("  /binary FILE") for line in lines))
        person.type("/ping" + ENTER)
        await person.shows("a pong", lambda lines: any(re.fullmatch(r"\* \S+ s  pong after \S+ ms", line)
                                                       for line in lines))
        check("/ping tells how long the pong took", True)
        person.type("/call echo/a [1,2]" + ENTER)
        await person.shows("an answer", answered(1))
        path = os.path.join(folder, "answer.json")
        person.type(f"/save {path}" + ENTER)
        await person.shows("what was saved", lambda lines: any(f"bytes are in {path}" in "".join(lines)
                                                               for line in lines))
        with open(path, encoding="utf-8") as file:
            check_equal("/save keeps the message as it came", json.load(file)["data"], [1, 2])
        person.type(f"/binary {path}" + ENTER)
        await person.shows("a refusal", lambda lines: any("UNSUPPORTED_TYPE" in line for line in lines))
        check("/binary sends a binary message, which this gateway refuses", True)
        person.type("/close 3001" + ENTER)
        check_equal("/close ends with status 0", await person.exit_status(), 0)


async def harmless():
    """Error frames and Closes are put into words, and nothing that a peer says moves the cursor."""
    evil = "\x1b[2J\x1b]0;title\x07\x9b31m"
    async with mock_service(1, "evil", "--text", evil, control=True) as mock:
        url = f"ws://{mock.addresses('evil')[0]}/"
        with tempfile.TemporaryDirectory() as folder:
            async with at_terminal(binary(), "client", url, env={"XDG_STATE_HOME": folder}) as person:
                await person.shows("a prompt", last(">"))
                person.type("x" + ENTER)
                await person.shows("the text", lambda lines: r"\x1b[2J\x1b]0;title\x07\x9b31m" in lines)
                check("control characters are shown, not obeyed", evil.encode()[:4] not in person.raw)
                await mock.control("evil close 1012")
                status = await person.exit_status()
                lines = person.screen.lines()
                check("a Close is put into words", any("closed by the server: 1012 (the server restarts" in line
                                                       for line in lines), lines)
                check_equal("and the status is 1", status, 1)
            async with at_terminal(binary(), "client", url, "--json", "-x", "x", "-1") as person:
                check_equal("--json at a terminal: status 0", await person.exit_status(), 0)
                await person.shows("the message", lambda _: rb"\u009b31m" in person.raw)
                check("and no control character either",
                      not any(control in person.raw for control in (b"\x1b", b"\xc2\x9b")), person.raw)
    async with a_person() as (person, _, _, _):
        person.type("/call nobody/a 1" + ENTER)
        await person.shows("words", lambda lines: any(line.startswith("  NO_ROUTE: ") for line in lines))
        check("an error frame is put into words", True)


async def interrupted():
    """Ctrl-C ends with status 130, and the terminal is what it was."""
    async with a_person() as (person, _, _, _):
        check("while it runs the terminal is in its hands", person.settings() != person.before)
        person.type("half a li")
        await person.shows("what is typed", last("> half a li"))
        person.type(CTRL_C)
        check_equal("Ctrl-C: status 130", await person.exit_status(), 130)
        check_equal("the terminal has its settings again", person.settings(), person.before)


async def reconnecting():
    """--reconnect comes back after a Close and after refusals; what was typed meanwhile is sent then."""
    async with mock_service(1, "echo", control=True) as mock:
        url = f"ws://{mock.addresses('echo')[0]}/"
        async with process(binary(), "client", url, "--reconnect", "--json", stdin=-1) as client:
            await client.events(client.out, "open")
            client.write("first\n")
            await client.events(client.out, "message")
            await mock.control("echo refuse on")
            await mock.control("echo close 1012")
            retries = await client.events(client.out, "retry", 3)
            check("it tries again, with longer and longer pauses", "1012" in retries[0]["why"] and
                  [r["in_ms"] for r in retries] == [100, 200, 400] and "refused" in retries[2]["why"], retries)
            client.write("second\n")
            await mock.control("echo refuse off")
            messages = await client.events(client.out, "message", 2)
            check_equal("and sends what was written meanwhile, over a new connection",
                        [(m["n"], m["data"]) for m in [json.loads(m["text"]) for m in messages]],
                        [(1, "first"), (1, "second")])
            client.send_signal(2)
            check_equal("SIGINT: status 130", await client.exit_status(), 130)


SCRIPTS = [
    ("a capture is sent again", 'call echo/a {"key":"k-17","list":[1]}\nexpect /n=1\ncapture key = /data/key\n'
     'capture list = /data/list\nsend {"method":"/api/v1/echo/b","data":{"again":"${key}","list":${list}}}\nexpect\n'
     "and /data/again=${key}\nand /data/list=[1]\nand /method=~^/api/v./echo/b$\n", 0, []),
    ("a regular expression that does not match", "call echo/a 5\nexpect /data=~^[a-z]+$\n", 4,
     ["line 2: expect /data=~^[a-z]+$", "expected: what matches '^[a-z]+$'", "got:      5"]),
    ("objects that differ", 'call echo/a {"a":1,"b":{"c":2}}\nexpect /data={"a":1,"b":{"c":3},"d":4}\n', 4,
     ["differs:  /data/b/c: 2 instead of 3", "differs:  /data/d: nothing instead of 4"]),
    ("nothing to capture", "call echo/a 5\nexpect\ncapture x = /nothing\n", 4, ["got:      nothing at /nothing"]),
    ("a blank that nothing fills", "send ${x}\n", 2, ["line 1: nothing was captured as 'x'"]),
]


async def scripts():
    """Captures, regular expressions, and what is said of expectations that are not met."""
    async with mock_service(1, "echo") as mock, gateway(service("echo", *mock.addresses("echo"))) as gw:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "script.txt")
            for what, script, status, words in SCRIPTS:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(script)
                done = await run(binary(), "client", gw.url, "--script", path)
                check(f"{what}: status {status}", done.status == status and all(w in done.err for w in words), done)


async def compressing():
    """--compress speaks permessage-deflate with a gateway that compresses, and says so where one does not."""
    text = '{"method":"/api/v1/echo/a","data":"%s"}' % ("x" * 5000)
    async with mock_service(1, "echo", "--reply", "raw") as mock:
        up = service("echo", *mock.addresses("echo"))
        async with gateway(up, listener='compression = "on"') as gw, gateway(up) as plain:
            done = await run(binary(), "client", gw.url, "--compress", "--json", "-x", text, "-1")
            opened, answer, *_ = map(json.loads, done.out.splitlines())
            check("both agree on it", done.status == 0 and opened.get("compressed") is True, done)
            check_equal("and the message comes back", answer["text"], text)
            for direction in ("up", "down"):
                sent = await gw.metric("wsgw_deflate_bytes_total", direction=direction, form="compressed")
                check(f"some bytes went {direction} for many", 0 < sent < 500, sent)
            done = await run(binary(), "client", plain.url, "--compress", "-x", text, "-1")
            check("else it goes on without, and says so",
                  done.status == 0 and done.out == text + "\n" and "does not compress" in done.err, done)


async def by_tls():
    """wss: whom the client trusts, and the certificate that it shows."""
    with certificates() as made:
        own, alice = await made.make("own", "IP:127.0.0.1"), await made.make("alice", "DNS:alice.test")
        listener = (f'[listener.tls]\ncert = "{own.cert}"\nkey = "{own.key}"\nclient_ca = "{alice.cert}"')
        async with mock_service(1, "echo") as mock:
            async with gateway(service("echo", *mock.addresses("echo")), listener=listener) as gw:
                url = f"wss://{gw.address}/ws"
                showing = ("--cert", alice.cert, "--key", alice.key)
                for what, options, status in (("trusted, and known", ("--ca", own.cert, *showing), 0),
                                              ("anybody is trusted", ("-k", *showing), 0),
                                              ("not trusted", ("--ca", alice.cert, *showing), 5),
                                              ("not known", ("--ca", own.cert), None)):
                    done = await run(binary(), "client", url, *options, "--call", "echo/a", "1", "--expect", "/n=1")
                    # Without a certificate TLS 1.3 lets the client believe for a moment that all is well.
                    check(f"{what}: {'no conversation' if status is None else f'status {status}'}",
                          done.status == status if status is not None else done.status != 0, done)


tell(completion_and_calls, incoming_while_typing, several_lines, kept_history, commands, harmless, interrupted,
     reconnecting, scripts, compressing, by_tls)
