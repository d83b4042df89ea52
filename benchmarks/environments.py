"""A virtual environment for each peer, made once and kept under `benchmarks/.cache`."""

import hashlib
import os
import pathlib
import subprocess
import sys

from benchmarks.peers import Peer

CACHE = pathlib.Path(__file__).parent / ".cache"


class InstallError(Exception):
    """A peer could not be installed; the text says why."""


def python_of(peer: Peer) -> str:
    """Return the interpreter that runs `peer`; install what it needs where that was not done yet.

    Raises:
        InstallError: It could not be installed.
    """
    if peer.requires is None:
        return sys.executable
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256("\n".join([version, *peer.requires]).encode()).hexdigest()[:12]
    folder = CACHE / "environments" / f"{peer.file.removesuffix('_app.py')}-{key}"
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        _run("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        _run("pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *peer.requires)
        done.touch()
    return str(python)


def _run(*arguments: str) -> None:
    import uv  # noqa: PLC0415 - what runs in this environment needs none

    environment = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    ended = subprocess.run([uv.find_uv_bin(), *arguments], env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise InstallError(ended.stderr.strip() or f"uv {arguments[0]} failed")
