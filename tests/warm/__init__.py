"""Python programs as processes of their own that need not import aiohttp and Ponty first: `Popen` and `run`.

A server process imports these once, and forks for each program: see `server.py`. What is forked is a process as any
other, with a directory, an environment, pipes and signals of its own, and it ends as Python does. Most of the time of a
test that starts a program is otherwise that of the same imports. So what is under test may not be an import itself:
what a program imports, or how soon it starts, takes `subprocess`.

A program that cannot be forked so is started as ever: with options of Python's, in another environment for Python, or
where there is no Linux.
"""

import array
import atexit
import inspect
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

__all__ = ["Popen", "run"]

SERVER = pathlib.Path(__file__).with_name("server.py")
FORKED = {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
"""The variables for Python that a process can heed that has been forked."""
AT_START = ("PYTHON", "LC_", "LANG", "TZ", "AIOHTTP_", "MULTIDICT_", "YARL_", "FROZENLIST_", "PROPCACHE_")
"""How variables begin that are read when a process or a module starts."""


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environment.items() if name.startswith(AT_START) and value and name not in FORKED
    }


class _Server:
    """The process that forks, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._environment: dict[str, str] = {}

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, str(SERVER), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._environment = _at_start(os.environ)

        def end() -> None:
            ours.close()
            process.wait()

        atexit.register(end)
        return ours

    def fork(self, request: dict[str, Any], descriptors: list[int]) -> tuple[int, socket.socket] | None:
        """Fork; return the process's id, and a socket that brings its status. None if its environment forbids it."""
        with self._lock:
            self._control = self._control or self._start()
        if _at_start(request["environment"]) != self._environment:
            return None
        status, theirs = socket.socketpair()
        # What is long goes by the socket of its own, after the descriptors.
        with theirs:
            rights = array.array("i", [theirs.fileno(), *descriptors])
            self._control.sendmsg([b"fork"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        status.sendall(json.dumps(request).encode() + b"\n")
        pid = status.recv(8)
        assert len(pid) == 8, "the server that forks has ended"
        return int.from_bytes(pid), status


_SERVER = _Server()


def _program(arguments: list[str]) -> list[str] | None:
    """Return what Python would run of a command: how it is named, what it is, and its arguments."""
    if sys.platform != "linux" or len(arguments) < 2 or arguments[0] != sys.executable:
        return None
    how, *rest = arguments[1:]
    if how in {"-c", "-m"} and rest:
        return [how, *rest]
    return None if how.startswith("-") else ["file", how, *rest]


class Popen(subprocess.Popen):
    """`subprocess.Popen`; a Python program is forked from a process that has imported the most of it already."""

    _status: socket.socket | None = None

    def _execute_child(self, *arguments: Any) -> None:
        given = inspect.signature(super()._execute_child).bind(*arguments).arguments
        words = given["args"]
        words = [words] if isinstance(words, (str, bytes, os.PathLike)) else [os.fsdecode(word) for word in words]
        program = _program(words)
        plain = not (given["shell"] or given["preexec_fn"] or given["executable"] not in {None, words[0]})
        forked = None
        if program and plain and given.get("uid") is given.get("gid") is given.get("gids") is None:
            forked = self._forked(program, words, given)
        if not forked:
            super()._execute_child(*arguments)
            return
        self.pid, self._status = forked
        self._child_created = True
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*[given[pipe] for pipe in pipes])

    def _forked(self, program: list[str], words: list[str], given: dict[str, Any]) -> tuple[int, socket.socket] | None:
        environment = os.environ if given["env"] is None else given["env"]
        passed = sorted(given["pass_fds"])
        request = {
            "program": program,
            "words": words,
            "directory": os.fspath(given["cwd"] or pathlib.Path.cwd()),
            "environment": {os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()},
            "passed": passed,
            "session": bool(given.get("start_new_session")),
        }
        standard = [given["p2cread"], given["c2pwrite"], given["errwrite"]]
        descriptors = [number if own == -1 else own for number, own in enumerate(standard)]
        return _SERVER.fork(request, [*descriptors, *passed])

    def _internal_poll(self, *arguments: Any, **named: Any) -> int | None:
        if self._status is None or self.returncode is not None:
            return super()._internal_poll(*arguments, **named)
        return self._heard(0)

    def _wait(self, timeout: float | None) -> int:
        if self._status is None or self.returncode is not None:
            return super()._wait(timeout)
        if self._heard(timeout) is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.returncode

    def _heard(self, timeout: float | None) -> int | None:
        """Wait for the status; the process's id is its own until it has been read here."""
        assert self._status is not None
        poll = select.poll()
        poll.register(self._status, select.POLLIN)
        if poll.poll(None if timeout is None else max(timeout, 0) * 1000):
            with self._status:
                status = self._status.recv(8)
            self.returncode = int.from_bytes(status, signed=True) if status else -signal.SIGKILL
        return self.returncode


def run(
    *arguments: Any,
    capture_output: bool = False,
    check: bool = False,
    timeout: float | None = None,
    input: str | bytes | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """Do what `subprocess.run` does."""
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if input is not None:
        options["stdin"] = subprocess.PIPE
    with Popen(*arguments, **options) as process:
        try:
            out, err = process.communicate(input, timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done
