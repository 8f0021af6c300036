"""TLS on both sides of the gateway: other people's TLS as client and as service, certificates that change, a browser."""
import asyncio
import json
import os
import shutil
import ssl
import tempfile

import websockets

from lib.certificates import certificates, key_pin, serving, trusting
from lib.gateway import gateway, service
from lib.peers import ask, connect, echo, text, upstream
from lib.process import binary, process, run
from lib.story import check, check_equal, in_time, measured, scaled, tell, until

BROWSER = shutil.which("chromium") or shutil.which("chromium-headless-shell")
MIB = 1024 * 1024

# A browser of a test talks to nobody else: it looks up no name, and fetches nothing of its own accord.
ALONE = ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--no-proxy-server", "--no-first-run",
         "--no-default-browser-check", "--no-pings", "--disable-background-networking", "--disable-component-update",
         "--disable-default-apps", "--disable-domain-reliability", "--disable-extensions", "--disable-sync",
         "--metrics-recording-only"]

PAGE = """<!doctype html><title>echo</title><script>
  const socket = new WebSocket("wss://%s/ws");
  const report = (what) => fetch("/report", {method: "POST", body: what});
  socket.onopen = () => socket.send(JSON.stringify({method: "/api/v1/up/x", data: "from a browser"}));
  socket.onmessage = (message) => { report(message.data); socket.close(1000); };
  socket.onerror = () => report("error");
</script>"""


def tls_listener(own, client_ca=None):
    """The rest of a [[listener]] table."""
    lines = ["[listener.tls]", f'cert = "{own.cert}"', f'key = "{own.key}"']
    return "\n".join(lines + ([f'client_ca = "{client_ca.cert}"'] if client_ca else []))


def tls_service(name, address, ca, showing=None, **settings):
    lines = [service(name, address, **settings), f"[services.{name}.tls]", "enabled = true", f'ca = "{ca.cert}"']
    return "\n".join(lines + ([f'cert = "{showing.cert}"', f'key = "{showing.key}"'] if showing else []))


def connect_tls(gw, context, **options):
    return connect(gw, **{"url": f"wss://{gw.address}/ws", "ssl": context, **options})


async def refusal(attempt):
    """What a handshake fails with; None: it succeeds, up to the 101."""
    try:
        async with attempt:
            return None
    except websockets.InvalidStatusCode as refused:
        return refused.status_code
    except (OSError, EOFError, websockets.InvalidMessage, websockets.ConnectionClosed) as why:
        return type(why).__name__


async def shown_by(gw):
    """The certificate that a new client is shown."""
    return await asyncio.to_thread(ssl.get_server_certificate, tuple(gw.address.split(":")))


def content(file):
    with open(file, encoding="ascii") as opened:
        return opened.read().strip()


async def clients_by_tls():
    """Clients come by TLS, and only by TLS."""
    with certificates() as made:
        own = await made.make("gateway", "IP:127.0.0.1", "DNS:gateway.test")
        other = await made.make("other", "DNS:other.test")
        async with upstream(echo) as up, gateway(service("up", up.address), listener=tls_listener(own)) as gw:
            host, port = gw.address.split(":")
            by_name = {"url": "wss://gateway.test/ws", "host": host, "port": int(port)}
            async with connect_tls(gw, trusting(own), **by_name) as client:
                check_equal("a client by TLS is served", (await ask(client, text("up", 1)))["id"], 1)
                check_equal("its service is told https", up.connections[0].headers["X-Forwarded-Proto"], "https")
                check_equal("TLS 1.3 is spoken", client.transport.get_extra_info("ssl_object").version(), "TLSv1.3")
            old = trusting(own)
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            async with connect_tls(gw, old, origin=f"https://{gw.address}") as client:
                check_equal("so is one that knows TLS 1.2 only, from a page of the same host",
                            (await ask(client, text("up", 2)))["id"], 2)
            check_equal("a client that asks for another host than in its TLS handshake is answered with 421",
                        await refusal(connect_tls(gw, trusting(own), server_hostname="gateway.test")), 421)
            check_equal("a plain page of the same host is answered with 403",
                        await refusal(connect_tls(gw, trusting(own), origin=f"http://{gw.address}")), 403)
            check_equal("a client without TLS is answered with 400", await refusal(connect(gw)), 400)
            only_h2 = trusting(own)
            only_h2.set_alpn_protocols(["h2"])
            check_equal("one that speaks only h2 is refused by an alert", await refusal(connect_tls(gw, only_h2)),
                        "SSLError")
            check_equal("one that trusts it is not refused", await refusal(connect_tls(gw, trusting(own))), None)
            check_equal("one that trusts another goes away",
                        await refusal(connect_tls(gw, trusting(other))), "SSLCertVerificationError")
            url = f"wss://{gw.address}/ws"
            called = await run(binary(), "client", url, "--ca", own.cert, "--call", "up/x", '"hi"', "-1")
            check("wsgw client speaks TLS with --ca", called.status == 0 and '"hi"' in called.out, called)
            called = await run(binary(), "client", url, "--insecure", "--call", "up/x", '"hi"', "-1")
            check_equal("and with --insecure", called.status, 0)
            called = await run(binary(), "client", url, "--call", "up/x", '"hi"', "-1")
            check("without them it says why it does not",
                  called.status == 5 and "certificate verify failed: self-signed certificate" in called.err, called)
            await until("all is over", gw.is_empty)


async def services_by_tls():
    """Services are spoken to by TLS, and must be who they should be."""
    with certificates() as made:
        own = await made.make("service", "IP:127.0.0.1", "DNS:up.test")
        other = await made.make("other", "DNS:other.test")
        async with upstream(echo, ssl=serving(own)) as up:
            async with gateway(tls_service("up", up.address, own),
                               tls_service("named", up.address, own, host="up.test"),
                               tls_service("foreign", up.address, other),
                               tls_service("misnamed", up.address, own, host="other.test")) as gw:
                async with connect(gw) as client:
                    for name in ("up", "named"):
                        check_equal(f"the service {name} answers by TLS", (await ask(client, text(name, 1)))["id"], 1)
                    reasons = {"foreign": "certificate verify failed: self-signed certificate",
                               "misnamed": "certificate verify failed: hostname mismatch"}
                    for name, reason in reasons.items():
                        refused = await ask(client, text(name, 2))
                        check_equal(f"the service {name} gets nothing, and the client is told",
                                    (refused["error"]["code"], refused["message"]),
                                    ("CONNECT_FAILED", f"'{name}' failed the TLS handshake"))
                        await gw.lines(gw.err, lambda line: "dial_failed" in line and reason in line)
                        check(f"the log says {reason}", True)
                check_equal("no message got to them", [len(c.messages) for c in up.connections], [1, 1])


async def mutual_tls():
    """Both sides show certificates where they are demanded, and strangers are refused in the handshake."""
    with certificates() as made:
        own = await made.make("gateway", "IP:127.0.0.1")
        alice, stranger = await made.make("alice", "DNS:alice.test"), await made.make("stranger", "DNS:stranger.test")
        async with upstream(echo, ssl=serving(own, demanding=own)) as up:
            async with gateway(tls_service("up", up.address, own, showing=own),
                               tls_service("shy", up.address, own), listener=tls_listener(own, client_ca=alice)) as gw:
                async with connect_tls(gw, trusting(own, showing=alice)) as client:
                    check_equal("a client with a certificate of the CA is served",
                                (await ask(client, text("up", 1)))["id"], 1)
                    opened, = gw.access("session_open")
                    check_equal("and known by the name in it", opened["user"], "alice")
                    # asyncio refuses by hanging up behind the TLS 1.3 handshake, without an alert.
                    refused = (await ask(client, text("shy", 2)))["error"]["code"]
                    check("a service that demands a certificate refuses us without one",
                          refused in ("CONNECT_FAILED", "HANDSHAKE_REJECTED"), refused)
                check("a client with another's certificate is refused",
                      await refusal(connect_tls(gw, trusting(own, showing=stranger))) is not None)
                check("one without a certificate, too", await refusal(connect_tls(gw, trusting(own))) is not None)
                url = f"wss://{gw.address}/ws"
                called = await run(binary(), "client", url, "--ca", own.cert, "--call", "up/x", '"hi"', "-1")
                check("wsgw client says that one is asked for", called.status == 5 and "--cert and --key" in called.err,
                      called)
                check_equal("none of them had a session", len(gw.access("session_open")), 1)


async def certificates_change():
    """Certificates are read again when their files change; what is open goes on."""
    with certificates() as made:
        own, first = await made.make("gateway", "IP:127.0.0.1"), await made.make("first", "IP:127.0.0.1")
        fresh = await made.make("fresh", "IP:127.0.0.1")
        old_trust, new_trust = trusting(own), trusting(fresh)
        new_text = content(fresh.cert)
        async with upstream(echo, ssl=serving(first)) as up:
            async with gateway(tls_service("up", up.address, first), listener=tls_listener(own)) as gw:
                async with connect_tls(gw, old_trust) as client:
                    check_equal("a client is served", (await ask(client, text("up", 1)))["id"], 1)
                    own.replace_by(fresh)
                    reread, = await gw.events(gw.err, "tls_reread", within=20)
                    check_equal("the log says whose certificate was read again", reread["for"], "listener 'public'")
                    check_equal("new clients are shown the new certificate", (await shown_by(gw)).strip(), new_text)
                    async with connect_tls(gw, new_trust) as second:
                        check_equal("and served", (await ask(second, text("up", 2)))["id"], 2)
                    check_equal("the first client is still served", (await ask(client, text("up", 3)))["id"], 3)
                    with open(own.cert, "w", encoding="ascii") as broken:
                        broken.write("not a certificate")
                    failed, = await gw.events(gw.err, "tls_not_reread", within=20)
                    check("a broken file is told, with its name", own.cert in failed["err"], failed)
                    check_equal("and the certificate from before stays", (await shown_by(gw)).strip(), new_text)


async def big_messages():
    """Messages of a megabyte through TLS on both sides leave no memory behind."""
    with certificates() as made:
        own = await made.make("gateway", "IP:127.0.0.1")
        async with upstream(echo, ssl=serving(own)) as up:
            async with gateway(tls_service("up", up.address, own), listener=tls_listener(own)) as gw:
                message = text("up", 1, "x" * (MIB - 100))
                async with connect_tls(gw, trusting(own)) as client:
                    async def rounds(count):
                        for _ in range(count):
                            await client.send(message)
                            if await in_time(client.recv(), 20, "a megabyte comes back") != message:
                                return False
                        return True
                    check("the first ten come back unchanged", await rounds(10))
                    before = gw.rss()
                    check("all others, too", await rounds(scaled(100, 20)))
                    measured("growth over them, KiB", (gw.rss() - before) // 1024)
                    check("meanwhile it did not grow by a message", gw.rss() - before < scaled(1, 64) * MIB)
                await until("all is over", gw.is_empty)


async def bad_start():
    """A certificate that cannot be used is an error at the start."""
    with certificates() as made, tempfile.TemporaryDirectory(prefix="wsgw-") as folder:
        own, other = await made.make("gateway", "IP:127.0.0.1"), await made.make("other", "IP:127.0.0.1")
        file = os.path.join(folder, "wsgw.toml")
        for key, why in ((other.key, "key values mismatch"), (own.key + ".absent", "No such file or directory")):
            with open(file, "w", encoding="utf-8") as config:
                config.write(f'[[listener]]\nbind = "127.0.0.1:0"\n[listener.tls]\ncert = "{own.cert}"\n'
                             f'key = "{key}"\n[admin]\nbind = "127.0.0.1:0"\n{service("up", "127.0.0.1:9")}\n')
            ended = await run(binary(), "serve", "-c", file)
            check(f"the program ends with status 3 and says: {why}",
                  ended.status == 3 and key in ended.err and why in ended.err, ended)


class page_server:
    """Serves one page by plain HTTP and hears what it reports."""

    def __init__(self, page):
        self._page = page.encode()
        self.reported = asyncio.get_running_loop().create_future()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = "http://127.0.0.1:{}".format(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = b""
        if head.startswith("POST /report "):
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            said = (await reader.readexactly(int(fields["content-length"]))).decode()
            if not self.reported.done():
                self.reported.set_result(said)
        else:
            body = self._page
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
                     b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()


async def browser():
    """A page in Chromium opens wss:// and gets its message back."""
    if not BROWSER:
        print("  --   not run: needs chromium", flush=True)
        return
    with certificates() as made, tempfile.TemporaryDirectory(prefix="wsgw-") as profile:
        own = await made.make("gateway", "IP:127.0.0.1")
        pin = await key_pin(own)
        async with upstream(echo) as up:
            async with gateway(service("up", up.address), listener=f'origins = ["*"]\n{tls_listener(own)}') as gw:
                async with page_server(PAGE % gw.address) as pages:
                    flags = [*ALONE, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                             f"--ignore-certificate-errors-spki-list={pin}", "--remote-debugging-port=0"]
                    async with process(BROWSER, *flags, pages.url, name="chromium"):
                        said = await in_time(pages.reported, 40, "the page reports what it heard")
                        check_equal("the page hears its own message", json.loads(said)["data"], "from a browser")
                        await until("its session is over", lambda: gw.access("session_close"), within=10)
                    check_equal("it closed with 1000", gw.access("session_close")[0]["code"], 1000)


tell(clients_by_tls, services_by_tls, mutual_tls, certificates_change, big_messages, bad_start, browser)
