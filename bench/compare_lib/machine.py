"""Where and by what figures were made."""
import os
import platform
import re
import subprocess

from compare_lib.contenders import ALL, OURS


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"(?m)^model name\s*:\s*(.*)$", file.read())
    return found.group(1) if found else platform.machine()


def describe(wsgw, names):
    """This machine, and the versions of `names`, to which the program `wsgw` belongs."""
    commands = {c.name: c.version for c in ALL if c.name in names and c.version} | {OURS: (wsgw, "--version")}
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "kernel": platform.release(), "load_before": os.getloadavg()[0],
            "versions": {name: version(*command) for name, command in commands.items()}}


def version(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=10, check=False)
    found = re.search(r"v?\d+\.\d+[^\s,]*", done.stdout)
    return found.group(0) if found else "unknown"


def line(machine):
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; {versions}; "
            f"load {machine['load_before']:.2f} before")
