"""A control group of version 1 for one process: a cap on its memory, or a share of a core."""
import contextlib
import os

from lib.proof import needs

ROOT = "/sys/fs/cgroup"


class cgroup:
    """A context manager. A command with `prefix` runs inside, and becomes the command."""

    def __init__(self, controller):
        self._path = f"{ROOT}/{controller}/wsgw-prove-{os.getpid()}"
        self.prefix = ("/bin/sh", "-c", f'echo $$ > {self._path}/cgroup.procs && exec "$@"', "sh")

    def __enter__(self):
        try:
            os.mkdir(self._path)
        except OSError as why:
            needs(False, f"a writable control group ({why.strerror})")
        return self

    def __exit__(self, *_):
        # A process that was just killed may still be leaving.
        with contextlib.suppress(OSError):
            os.rmdir(self._path)

    def set(self, name, value):
        with open(f"{self._path}/{name}", "w", encoding="ascii") as file:
            file.write(str(value))

    def get(self, name):
        with open(f"{self._path}/{name}", encoding="ascii") as file:
            return file.read()
