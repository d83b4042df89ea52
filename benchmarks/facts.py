"""Where, and with what, it is measured."""

import hashlib
import importlib.metadata
import os
import pathlib
import platform

PACKAGES = pathlib.Path(__file__).parent.parent / "packages"
DISTRIBUTIONS = ("ponty", "aiohttp", "msgspec", "jsonschema-rs", "uvloop", "multidict", "yarl")


def facts(generator: str, seconds: float) -> dict[str, object]:
    """Name the machine, the versions, and how load is made."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "versions": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in DISTRIBUTIONS),
        "load": f"{generator}, {seconds} s at a time",
        "sources": _digest(),
    }


def _processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def _digest() -> str:
    """Tell one state of the sources from another."""
    found = hashlib.sha256()
    for path in sorted(PACKAGES.glob("*/src/**/*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
