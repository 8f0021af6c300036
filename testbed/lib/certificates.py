"""Certificates of a scenario, made by the openssl command: self-signed, so that each is its own CA."""
import base64
import hashlib
import os
import shutil
import ssl
import tempfile

from lib.process import run
from lib.story import untrue


class identity:
    """A certificate and its key, as files."""

    def __init__(self, folder, name):
        self.cert, self.key = (os.path.join(folder, f"{name}.{kind}") for kind in ("crt", "key"))

    def replace_by(self, other):
        """As an operator does it: the files of `other` take the place of these."""
        os.replace(other.cert, self.cert)
        os.replace(other.key, self.key)


class certificates:
    """A context manager: a folder of identities that goes away at its end."""

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix="wsgw-tls-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self._folder, ignore_errors=True)

    async def make(self, name, *names):
        """Valid for a day, for `names` in OpenSSL's notation: "DNS:gateway.test", "IP:127.0.0.1"."""
        made = identity(self._folder, name)
        await openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 1,
                      "-subj", f"/CN={name}", "-addext", f"subjectAltName={','.join(names)}",
                      "-keyout", made.key, "-out", made.cert)
        return made


async def openssl(*words):
    done = await run("openssl", *words)
    if done.status != 0:
        raise untrue(f"openssl {words[0]} succeeds: {done}")
    return done.out


async def key_pin(of):
    """What Chromium knows a certificate by: the base64 of the SHA-256 of its public key."""
    public = await openssl("x509", "-in", of.cert, "-noout", "-pubkey")
    der = base64.b64decode("".join(line for line in public.splitlines() if not line.startswith("-")))
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def trusting(*others, showing=None):
    """The TLS of a client."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    for other in others:
        context.load_verify_locations(other.cert)
    if showing:
        context.load_cert_chain(showing.cert, showing.key)
    return context


def serving(own, demanding=None):
    """The TLS of a server, which may demand a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.cert, own.key)
    if demanding:
        context.load_verify_locations(demanding.cert)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
