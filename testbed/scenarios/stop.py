"""The end of a gateway, and the beginnings that are refused."""
import asyncio
import json
import os
import re
import signal
import socket
import tempfile
import time

from lib.gateway import gateway, http_get, service
from lib.peers import ask, connect, echo, text, upstream
from lib.process import binary, run
from lib.raw_client import raw_client
from lib.story import SANITIZED, check, check_equal, in_time, measured, patience, tell, until
from lib.wire import CLOSE

CLIENTS = 20


async def terminated(workers=2):
    """SIGTERM while 20 clients are connected and one stands still in the middle of its handshake."""
    async with (upstream(echo) as up, gateway(service("s", up.address), workers=workers) as gw,
                raw_client(gw, handshake=False) as half):
        status, _ = await http_get(gw.admin, "/readyz")
        check_equal("/readyz says 200", status, 200)
        half.writer.write(half.request()[:40])
        clients = [await connect(gw) for _ in range(CLIENTS)]
        for id, client in enumerate(clients):
            await ask(client, text("s", id))
        gw.send_signal(signal.SIGTERM)
        started = time.monotonic()
        await in_time(asyncio.gather(*[client.wait_closed() for client in clients]), 6, "every client is closed")
        measured("from SIGTERM to the last Close", f"{(time.monotonic() - started) * 1000:.1f} ms")
        check_equal("every client gets 1012", {client.close_code for client in clients}, {1012})
        reasons = {client.close_reason for client in clients}
        check_equal("its reason says in which time to come back", reasons, {"drain;r=0-300"})
        status = await gw.exit_status(patience(6.0))
        measured("from SIGTERM to the exit", f"{(time.monotonic() - started) * 1000:.1f} ms")
        check_equal("the exit status is 0, half a handshake or not", status, 0)
        await until("every upstream connection has ended", lambda: all(c.code is not None for c in up.connections))
        check_equal("every upstream was closed with 1012", {c.code for c in up.connections}, {1012})
        check_equal("the log ends with `stopped`", json.loads(gw.err[-1])["event"], "stopped")


async def accepts(address):
    """Whether a TCP connection to this address is taken and kept."""
    host, port = address.rsplit(":", 1)
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def probes_while_stopping(workers=2):
    """A client that does not answer its Close keeps the gateway for a while; nobody new gets in meanwhile."""
    async with (upstream(echo) as up, gateway(service("s", up.address), workers=workers) as gw,
                raw_client(gw) as stubborn):
        await stubborn.send(text("s", 1))
        await stubborn.receive_frame()
        gw.send_signal(signal.SIGTERM)
        opcode, _, payload = await stubborn.receive_frame()
        check_equal("the client gets Close 1012", (opcode, payload[:2]), (CLOSE, (1012).to_bytes(2, "big")))

        started = time.monotonic()
        check("no client gets in", not await accepts(gw.address))
        check("probes are still answered", await accepts(gw.admin))
        status, reasons = await http_get(gw.admin, "/readyz")
        check_equal("/readyz says 503 and why", (status, json.loads(reasons)),
                    (503, {"ready": False, "reasons": ["draining"]}))
        check_equal("the exit status is 0", await gw.exit_status(patience(8.0)), 0)
        measured("how long the gateway waits for the answer to its Close", f"{time.monotonic() - started:.2f} s")


async def one_worker():
    """Both once more with one worker, which accepts for itself."""
    await terminated(workers=1)
    await probes_while_stopping(workers=1)


async def second_signal():
    """A second signal ends the gateway at once, whatever it waits for."""
    async with upstream(echo) as up, gateway(service("s", up.address)) as gw, raw_client(gw) as stubborn:
        gw.send_signal(signal.SIGINT)
        await stubborn.receive_frame()
        check("one signal waits for the client", gw.running)
        gw.send_signal(signal.SIGINT)
        started = time.monotonic()
        status = await gw.exit_status(patience(1.0))
        measured("from the second signal to the exit", f"{(time.monotonic() - started) * 1000:.1f} ms")
        check_equal("the exit status is 1", status, 1)
        check("the log says why", any('"stopped_at_once"' in line for line in gw.err), gw.err)


async def ready_delay():
    """With ready_delay the probes say 503 first, and clients still get in until it is over."""
    async with upstream(echo) as up, gateway(service("s", up.address), drain="0s", ready_delay="400ms") as gw:
        gw.send_signal(signal.SIGTERM)
        await until("/readyz says 503", lambda: any('"stopping"' in line for line in gw.err))
        status, _ = await http_get(gw.admin, "/readyz")
        check_equal("/readyz says 503", status, 503)
        late = await connect(gw)
        await ask(late, text("s", 1))
        await in_time(late.wait_closed(), 6, "the late client is closed")
        check_equal("with 1012", late.close_code, 1012)
        check_equal("the exit status is 0", await gw.exit_status(patience(6.0)), 0)


async def spread():
    """A drain is spread over its time, and what clients say meanwhile still arrives."""
    async with upstream(echo) as up, gateway(service("s", up.address), drain="1500ms") as gw:
        clients = [await connect(gw) for _ in range(CLIENTS)]
        for id, client in enumerate(clients):
            await ask(client, text("s", id))
        gw.send_signal(signal.SIGTERM)
        started, closed = time.monotonic(), []

        async def closes(client):
            await client.wait_closed()
            closed.append(time.monotonic() - started)

        await in_time(asyncio.gather(*map(closes, clients)), 8, "every client is closed")
        measured("first and last Close after", f"{min(closed):.2f} s and {max(closed):.2f} s")
        check("the first half is not closed at once", sorted(closed)[CLIENTS // 2] > 0.4, closed)
        check_equal("the exit status is 0", await gw.exit_status(patience(6.0)), 0)


async def reopened():
    """SIGUSR1 reopens the access log, so that it can be rotated."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "access.log")
        lines = lambda name: open(name, encoding="utf-8").read().count("session_open") if os.path.exists(name) else 0
        async with upstream(echo) as up, gateway(service("s", up.address), f'[log]\naccess = "{path}"') as gw:
            first = await connect(gw)
            await until("the first session is in the file", lambda: lines(path) == 1)
            os.rename(path, path + ".1")
            gw.send_signal(signal.SIGUSR1)
            await until("there is a new file", lambda: os.path.exists(path))
            second = await connect(gw)
            await until("the second session is in the new file", lambda: lines(path) == 1)
            check_equal("and the old one kept what it had", lines(path + ".1"), 1)
            await first.close()
            await second.close()


async def crash():
    """A gateway that crashes says its version and where, and dies of the signal."""
    if SANITIZED:
        return  # a sanitizer has a report of its own
    async with upstream(echo) as up, gateway(service("s", up.address)) as gw:
        gw.send_signal(signal.SIGSEGV)
        check_equal("it dies of SIGSEGV", await gw.exit_status(patience(6.0)), -signal.SIGSEGV)
        report = "\n".join(gw.err)
        check("version, signal and thread are told",
              re.search(r"wsgw \S+ .*died of signal 11 \(SIGSEGV\)", report), report)
        check("and the call stack", "wsgw(+0x" in report, report)


async def access_log():
    """Every session leaves two lines in the access log."""
    async with upstream(echo) as up, gateway(service("a", up.address), service("b", up.address)) as gw:
        client = await connect(gw)
        messages = [text("a", 1), text("b", 2), text("a", 3), "not JSON"]
        answers = []
        for message in messages:
            await client.send(message)
            answers.append(await client.recv())
        await client.close(4000, "enough")
        async with raw_client(gw) as cut:
            cut.cut()
        await until("both sessions are in the access log", lambda: len(gw.access("session_close")) == 2)
        first, second = gw.access("session_close")
        opened = gw.access("session_open")
        check_equal("two lines for each of two sessions, by the same names", [line["conn"] for line in opened],
                    [first["conn"], second["conn"]])
        check_equal("nothing else is on stdout", len(gw.out), 4)
        check_equal("who, where and how it ended",
                    [first[key] for key in ("client", "by", "code", "reason")], ["127.0.0.1", "client", 4000, "enough"])
        check_equal("messages, refused ones among them, and how many went to and came from each service",
                    [first[key] for key in ("messages_in", "refused", "messages_up_down")], [4, 1, "a=2/2 b=1/1"])
        sent = sum(6 + len(message) for message in messages) + 6 + len("\x00\x00enough")
        received = sum(len(answer) + (2 if len(answer) < 126 else 4) for answer in answers)
        check_equal("the bytes that came in, headers and Close included", first["bytes_in"], sent)
        check("the bytes that went out, the Close perhaps included",
              received <= first["bytes_out"] <= received + 2 + len("\x00\x00enough"), (first["bytes_out"], received))
        check_equal("a client that was cut off: 1006, by the client", (second["by"], second["code"]), ("client", 1006))
        check("a duration in seconds", 0 < first["duration_s"] < 60, first)


async def bind_conflict():
    """An address that is taken is named, with what to do about it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "{}:{}".format(*taken.getsockname())
        for option, key in (("--listen", "[[listener]]"), ("--admin", "[admin]")):
            free = "--admin" if option == "--listen" else "--listen"
            done = await run(binary(), "serve", "--service", "s=127.0.0.1:9", option, address, free, "127.0.0.1:0")
            check_equal(f"a taken {option} address: exit status 5", done.status, 5)
            check("the message names the address, the flag and the key",
                  all(word in done.err for word in (address, option, key, "in use")), done)


async def bad_configuration():
    """Six mistakes in one file are six errors, each with its place; nothing starts."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "wsgw.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('workers = "x"\n[[listener]]\nbind = "8080"\nnmae = "a"\n[session]\nmax_message = 5\n'
                       '[services.order]\ninstances = ["h"]\n[channel]\non_close = "shout"\n')
        done = await run(binary(), "serve", "-c", path)
        places = re.findall(rf"(?m)^{re.escape(path)}:(\d+):(\d+): error: ", done.err)
        check_equal("six errors with file, line and column", places,
                    [("1", "11"), ("3", "8"), ("4", "1"), ("6", "15"), ("8", "14"), ("10", "12")])
        check("a misspelt key has a suggestion", "did you mean 'name'?" in done.err, done)
        check_equal("the exit status is 3", done.status, 3)
        check("and nothing listens", "listening" not in done.err)
        done = await run(binary(), "serve", "-c", os.path.join(folder, "missing.toml"))
        check("a missing file is named, with exit status 3", done.status == 3 and "missing.toml" in done.err, done)


async def bad_usage():
    """A misspelt option or command is met with a suggestion and exit status 2."""
    for words, meant in ((["serve", "--lsten", "x"], "--listen"), (["serv"], "serve"),
                         (["mock-service", "--instnces", "2"], "--instances")):
        done = await run(binary(), *words)
        check_equal(f"wsgw {' '.join(words)}: exit status 2", done.status, 2)
        check(f"and a question: did you mean '{meant}'?", f"did you mean '{meant}'?" in done.err, done)


tell(terminated, probes_while_stopping, one_worker, second_signal, ready_delay, spread, reopened, crash, access_log,
     bind_conflict, bad_configuration, bad_usage)
