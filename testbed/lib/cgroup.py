"""A control group of version 1 for one process: a cap on its memory, or a share of a core."""
import errno
import os

from lib.proof import needs
from lib.story import until

ROOT = "/sys/fs/cgroup"


class cgroup:
    """An async context manager. A command with `prefix` runs inside, and becomes the command."""

    def __init__(self, controller):
        self._path = f"{ROOT}/{controller}/wsgw-prove-{os.getpid()}"
        self.prefix = ("/bin/sh", "-c", f'echo $$ > {self._path}/cgroup.procs && exec "$@"', "sh")

    async def __aenter__(self):
        try:
            os.mkdir(self._path)
        except OSError as why:
            needs(False, f"a writable control group of version 1 ({self._path}: {why.strerror})")
        return self

    async def __aexit__(self, *_):
        await until(f"nobody is left in {self._path}", self._removed)

    def _removed(self):
        try:
            os.rmdir(self._path)
        except OSError as why:
            if why.errno != errno.EBUSY:  # a process that has just ended may still be leaving
                raise
            return False
        return True

    def set(self, name, value):
        with open(f"{self._path}/{name}", "w", encoding="ascii") as file:
            file.write(str(value))

    def get(self, name):
        with open(f"{self._path}/{name}", encoding="ascii") as file:
            return file.read()
