"""wsgw config: what a configuration says in effect, where two differ, the file to begin with, the schema for editors."""
import json
import os
import re
import tempfile
import tomllib

import jsonschema

from lib.process import binary, run
from lib.story import check, check_equal, measured, tell

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORPUS = os.path.join(ROOT, "testbed", "corpus", "config")
ORDER = '[services.order]\ninstances = ["127.0.0.1:9001"]\n'


async def wsgw(*words, cwd=None, variables=()):
    clean = [word for name in ("CONFIG", "LISTEN", "ADMIN", "LOG_LEVEL") for word in ("-u", f"WSGW_{name}")]
    return await run("env", *clean, *variables, binary(), *words, cwd=cwd)


class folder:
    """A context manager: files of these names and contents; its path."""

    def __init__(self, **files):
        self._files = files

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="wsgw-config-")
        for name, content in self._files.items():
            with open(os.path.join(self._folder.name, f"{name}.toml"), "w", encoding="utf-8") as file:
                file.write(content)
        return self._folder.name

    def __exit__(self, *_):
        self._folder.cleanup()


async def show():
    """wsgw config show tells every value and where it comes from."""
    with folder(a=f'[log]\nlevel = "info"\naccess = "${{file:/etc/hostname}}"\n{ORDER}') as at:
        words = ["config", "show", "a.toml", "--set", "channel.hold=0"]
        variables = ["WSGW_LISTEN=127.0.0.1:0"]
        done = await wsgw(*words, cwd=at, variables=variables)
        check_equal("status 0, and which file was read, on stderr", (done.status, done.err),
                    (0, "wsgw: configuration: a.toml\n"))

        def said(key):
            return re.search(rf"(?m)^{re.escape(key)} = (.*?) +# (.*)$", done.out).groups()

        check_equal("a line of a file", said("level"), ('"info"', "a.toml:2"))
        check_equal("a variable", said("bind"), ('"127.0.0.1:0"', "WSGW_LISTEN"))
        check_equal("a flag", said("hold"), ('"0"', "--set"))
        check_equal("a default", said("max_channels"), ("16", "default"))
        check_equal("a secret", said("access"), ('"***"', "a.toml:3"))
        with open(os.path.join(at, "again.toml"), "w", encoding="utf-8") as file:
            file.write(done.out.replace('"***"', '"stdout"'))
        again = await wsgw("config", "show", "again.toml", cwd=at)
        bare = re.compile(r" +# .*")
        check_equal("what it prints is a configuration that means the same", bare.sub("", again.out),
                    bare.sub("", done.out).replace('"***"', '"stdout"'))
        done = await wsgw(*words, "--changed", cwd=at, variables=variables)
        check_equal("--changed: only what is not the default", re.findall(r"(?m)^(\w+) =", done.out),
                    ["bind", "hold", "instances", "access"])
        done = await wsgw(*words, "--changed", "-o", "json", cwd=at, variables=variables)
        seen = json.loads(done.out)
        check_equal("as JSON: the schema and the files", (seen["schema"], seen["files"]),
                    ("wsgw.config_show.v1", ["a.toml"]))
        check_equal("keys, as --set takes them, with typed values", {v["key"]: v["value"] for v in seen["values"]},
                    {"listener.0.bind": "127.0.0.1:0", "channel.hold": "0", "log.access": "***",
                     "services.order.instances": ["127.0.0.1:9001"]})
        check_equal("and their origins", [v["origin"] for v in seen["values"]],
                    [{"kind": "variable", "name": "WSGW_LISTEN"}, {"kind": "flag", "name": "--set"},
                     {"kind": "file", "file": "a.toml", "line": 5}, {"kind": "file", "file": "a.toml", "line": 3}])
        done = await wsgw("config", "show", os.path.join(CORPUS, "six_mistakes.toml"))
        check("a configuration with mistakes: status 3, and they are told", done.status == 3 and done.out == "" and
              done.err.count(": error: ") >= 6, done)


async def diff():
    """wsgw config diff tells in what two configurations differ, however they are written."""
    with folder(a=ORDER + "[channel]\nhold = \"1KiB\"\n", same='services = { order = { instances = ["127.0.0.1:9001"] } }\n'
                'channel.hold = "1024B"\n', other=ORDER + '[services.chat]\ninstances = ["127.0.0.1:9101"]\n') as at:
        done = await wsgw("config", "diff", "a.toml", "same.toml", cwd=at)
        check_equal("the same in other words: status 0, and nothing", (done.status, done.out), (0, ""))
        done = await wsgw("config", "diff", "a.toml", "other.toml", cwd=at)
        check_equal("others: status 4, and each difference with both origins",
                    (done.status, [re.sub(r" +# ", " # ", line) for line in done.out.splitlines() if "channel" in line]),
                    (4, ['- channel.hold = "1KiB" # a.toml:4', '+ channel.hold = "64KiB" # default']))
        check("what only one of them has", '\n+ services.chat.instances = ["127.0.0.1:9101"]' in done.out, done)
        seen = json.loads((await wsgw("config", "diff", "a.toml", "other.toml", "-o", "json", cwd=at)).out)
        check_equal("as JSON", (seen["schema"], seen["same"], seen["differences"][0]["key"],
                                seen["differences"][0]["second"]["value"]),
                    ("wsgw.config_diff.v1", False, "channel.hold", "64KiB"))
        done = await wsgw("config", "diff", "a.toml", "none.toml", cwd=at)
        check("one that cannot be read: status 3", done.status == 3 and "none.toml" in done.err, done)


async def init():
    """wsgw config init writes a configuration that is good as it is."""
    with folder() as at:
        done = await wsgw("config", "init", "wsgw.toml", cwd=at)
        check_equal("status 0, nothing on stdout", (done.status, done.out, done.err), (0, "", "wsgw: wrote wsgw.toml\n"))
        done = await wsgw("config", "check", cwd=at)
        check("config check likes it", done.status == 0, done)
        with open(os.path.join(at, "wsgw.toml"), encoding="utf-8") as file:
            check_equal("without a file the same goes to stdout", (await wsgw("config", "init")).out, file.read())
        done = await wsgw("config", "init", "wsgw.toml", cwd=at)
        check("it overwrites nothing: status 1, and how to make it", done.status == 1 and "--force" in done.err, done)
        done = await wsgw("config", "init", "wsgw.toml", "--force", cwd=at)
        check_equal("unless it is told to", done.status, 0)


def validity(schema):
    """A function: what the schema says of a TOML text; an empty string if it accepts."""
    judge = jsonschema.Draft202012Validator(schema)

    def judged(text):
        return "; ".join(f"{error.json_path}: {error.message}" for error in judge.iter_errors(tomllib.loads(text)))
    return judged


def readable(text):
    """Whether it is TOML, whatever it says, and not a flag's text of the fuzzers' corpus."""
    try:
        return bool(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return False


SHAPES = [
    ("an unknown key", "[channel]\nhodl = 1\n"),
    ("an unknown section", "[chanel]\nhold = \"0\"\n"),
    ("a number without its unit", "[channel]\nhold = 64\n"),
    ("a unit that is none", "[session]\nping_interval = \"10sec\"\n"),
    ("a word that is none", "[channel]\non_close = \"shout\"\n"),
    ("a policy that is none", "[balancer]\npolicy = \"fastest\"\n"),
    ("a table where a list is due", "[listener]\nbind = \"[::]:1\"\n"),
    ("a number out of bounds", "workers = 100000\n"),
    ("an instance without an address", "[services.a]\ninstances = [{ weight = 2 }]\n"),
    ("a test of nothing", "[[rule]]\nservice = \"a\"\nwhen = { header = { equals = \"x\" } }\n"),
    ("a rule's condition that is none", "[[rule]]\nservice = \"a\"\nwhen = { feild = \"/x\" }\n"),
]


async def schema():
    """The schema accepts what the gateway accepts, and refuses what has a wrong shape."""
    done = await wsgw("config", "schema")
    document = json.loads(done.out)
    jsonschema.Draft202012Validator.check_schema(document)
    check("it is a JSON Schema of draft 2020-12", document["$schema"].endswith("draft/2020-12/schema"))
    judged = validity(document)
    good = bad = 0
    for name in sorted(os.listdir(CORPUS)):
        with open(os.path.join(CORPUS, name), "rb") as file:
            text = file.read().decode(errors="replace").removeprefix("\ufeff")
        if not readable(text):
            continue
        complaint = judged(text)
        checked = await wsgw("config", "check", os.path.join(CORPUS, name), "-o", "json")
        accepted = checked.status == 0
        if accepted and complaint:
            check(f"{name} is accepted by both", False, complaint)
        if complaint and not accepted:
            bad += 1
        good += accepted
    measured("files of the corpus that both accept, that both refuse", (good, bad))
    check("nothing that the gateway accepts is refused, and much that it refuses", good >= 5 and bad >= 5)
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        # The files of other commands begin with their name.
        examples = re.findall(r"(?s)```toml\n(?!# \w+\.toml\n)(.*?)```", file.read())
    check(f"the README's {len(examples)} examples are accepted", examples and not any(map(judged, examples)),
          [judged(text) for text in examples])
    begun = (await wsgw("config", "init")).out
    check_equal("so is the file of config init", judged(begun), "")
    # A key after the comment mark, not a sentence: that begins with a space.
    check_equal("and with every comment removed", judged(re.sub(r"(?m)^#(?! )", "", begun)
                                                         .replace("\ninstance = \"\"", "")), "")
    for what, text in SHAPES:
        check(f"{what} is refused", judged(text))
    variables = '[channel]\nhold = "${HOLD}"\non_close = "${ON:-tell}"\n[balancer]\npolicy = "${P}"\n'
    check_equal("a variable may stand for any string", judged(variables), "")


async def one_address_twice():
    """What is given twice is told with the place of the first."""
    with folder(a=f'[[listener]]\nname = "a"\n[[listener]]\nname = "b"\n{ORDER}') as at:
        done = await wsgw("config", "check", "a.toml", cwd=at)
        check("two listeners on one address name each other", done.status == 3 and
              "a.toml:3:1: error: listener.bind: '0.0.0.0:8080' is taken by listener 'a' (a.toml:1)" in done.err, done)
        done = await wsgw("serve", "--check", "--service", "a=h:1", "--service", "a=h:2", cwd=at)
        check("a service that two flags define is refused", done.status == 3 and "services.a: is given twice" in done.err,
              done)
        done = await wsgw("serve", "-c", "a.toml", "--workers", "-1", cwd=at)
        check("a number of workers that is none: status 2, and which are", done.status == 2 and
              "--workers: '-1' is not a whole number, 0 to 1024" in done.err, done)
        done = await wsgw("serve", "--service", "a=h:1", "--listen", "127.0.0.1:0", "--set", "log.access=none/x", cwd=at)
        check("an access log that cannot be opened ends serve at its start: status 5", done.status == 5 and
              "log.access: cannot open none/x: No such file or directory" in done.err, done)


tell(show, diff, init, schema, one_address_twice)
