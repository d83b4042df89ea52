"""Python programs as processes of their own that need not import aiohttp and Ponty first: `Popen`, `run` and `start`.

A server process imports these once, and forks for each program: see `server.py`. Programs in Python's development mode,
or with other warnings, have a server of their own that has been started so. What is forked is a process as any
other, with a directory, an environment, pipes and signals of its own, and it ends as Python does. Most of the time of a
test that starts a program is otherwise that of the same imports. So what is under test may not be an import itself:
what a program imports, or how soon it starts, takes `subprocess`.

A program that cannot be forked so is started as ever: with other options of Python's, in another environment for
Python, or where there is no Linux.
"""

import array
import asyncio
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

__all__ = ["Popen", "run", "start"]

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
    """A process that forks, started when it is first needed, with options of Python's."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._environment: dict[str, str] = {}

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, *self._options, str(SERVER), str(theirs.fileno())],
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


_servers: dict[tuple[str, ...], _Server] = {}


def _program(arguments: list[str]) -> tuple[tuple[str, ...], list[str]] | None:
    """Return the options of a command, and what Python would run: how it is named, what it is, and its arguments."""
    if sys.platform != "linux" or len(arguments) < 2 or arguments[0] != sys.executable:
        return None
    words, options = arguments[1:], list[str]()
    while len(words) > 2 and words[0] in {"-W", "-X"}:
        options += words[:2]
        words = words[2:]
    how, *rest = words
    if how in {"-c", "-m"} and rest:
        return (*options,), [how, *rest]
    return None if how.startswith("-") else ((*options,), ["file", how, *rest])


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
            forked = self._forked(*program, words, given)
        if not forked:
            super()._execute_child(*arguments)
            return
        self.pid, self._status = forked
        self._child_created = True
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*[given[pipe] for pipe in pipes])

    def _forked(
        self, options: tuple[str, ...], program: list[str], words: list[str], given: dict[str, Any]
    ) -> tuple[int, socket.socket] | None:
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
        server = _servers.setdefault(options, _Server(*options))
        return server.fork(request, [*descriptors, *passed])

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


class Program:
    """A program, for whom the event loop must not wait; what it has of `asyncio.subprocess.Process` is the same there.

    Its input is written at once.
    """

    def __init__(self, process: Popen) -> None:
        self._process = process
        self.pid = process.pid
        self.stdin = process.stdin
        self.stdout = asyncio.StreamReader()
        self.stderr = asyncio.StreamReader()
        self.send_signal = process.send_signal
        self.kill = process.kill

    async def _read(self) -> None:
        for reader, pipe in ((self.stdout, self._process.stdout), (self.stderr, self._process.stderr)):
            if pipe is None:
                reader.feed_eof()
            else:
                protocol = asyncio.StreamReaderProtocol(reader)
                await asyncio.get_running_loop().connect_read_pipe(lambda protocol=protocol: protocol, pipe)

    @property
    def returncode(self) -> int | None:
        return self._process.poll()

    async def wait(self) -> int:
        """Wait until it has ended; return its status."""
        status, loop = self._process._status, asyncio.get_running_loop()
        if status is None:
            return await asyncio.to_thread(self._process.wait)
        if self._process.returncode is None:
            ended = asyncio.Event()
            loop.add_reader(status, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(status)
        return self._process.wait()

    async def communicate(self) -> tuple[bytes, bytes]:
        """Wait until it has ended; return what is left of its output and its errors."""
        out, err = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return out, err


async def start(*command: str, **options: Any) -> Program:
    """Do what `asyncio.create_subprocess_exec` does."""
    program = Program(Popen(command, bufsize=0, **options))
    await program._read()
    return program


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
