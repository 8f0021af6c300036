"""Where and by what figures were made."""
import os
import platform
import re
import subprocess

from compare_lib.contenders import ALL, OURS


def cpu_model():
    """Its name, and by numbers what that may keep to itself: a virtual machine's is often just "AMD EPYC"."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        told = dict(re.findall(r"(?m)^([\w ]+?)\s*: (.*)$", file.read()))
    name = told.get("model name", platform.machine())
    numbers = [f"{key.split()[-1]} {told[key]}" for key in ("cpu family", "model", "stepping") if key in told]
    return f"{name} ({', '.join(numbers)})" if numbers else name


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
