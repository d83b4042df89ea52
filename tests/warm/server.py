"""Imports what programs under test import, and forks one for each request: `server.py DESCRIPTOR OF A SOCKET`.

A request brings a socket of its own, and the descriptors that the process shall have. Two processes are forked: the
program, and its parent, which tells by the socket what its id is and how it has ended. Only when the socket is closed
at the other end is the program's id free for another process.

Nothing here runs in a thread, opens an event loop, or sets up a log: a fork begins as an interpreter does after its
imports.
"""

import array
import contextlib
import gc
import importlib
import io
import json
import os
import runpy
import signal
import socket
import sys
import types
from importlib.machinery import SourceFileLoader
from typing import Any

STANDARD = 3
"""How many descriptors a process has: input, output and errors."""


def imports() -> None:
    """Import what most programs import. What reads its environment when it is imported stays out."""
    for name in ("ponty.command.cli", "ponty.core", "ponty.request", "ponty.memo", "ponty"):
        with contextlib.suppress(ImportError):  # a layer is tested alone, too
            module = importlib.import_module(name)
            for public in getattr(module, "__all__", ()):
                getattr(module, public)


def received(control: socket.socket) -> list[int]:
    """Return the descriptors of the next request, none at the end."""
    rights = array.array("i")
    _, ancillary, _, _ = control.recvmsg(64, socket.CMSG_SPACE(64 * rights.itemsize))
    for _, _, data in ancillary:
        rights.frombytes(data[: len(data) - len(data) % rights.itemsize])
    return [*rights]


def stand_by(status: socket.socket, pid: int) -> None:
    """Say what the id of the program is and how it ends; leave it a zombie until the other end has heard."""
    status.sendall(pid.to_bytes(8))
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    number = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
    try:
        status.sendall(number.to_bytes(8, signed=True))
        status.recv(1)
    except OSError:
        pass  # nobody asks
    os.waitpid(pid, 0)


def settle(request: dict[str, Any], descriptors: list[int]) -> None:
    """Take the descriptors, the environment and the directory of the program."""
    # Far away from where they shall be, and then there.
    away = [os.dup2(descriptor, 500 + number) for number, descriptor in enumerate(descriptors)]
    os.closerange(3, 500)
    for descriptor, number in zip(away, [0, 1, 2, *request["passed"]], strict=True):
        os.dup2(descriptor, number)
    os.closerange(500, 500 + len(away))
    if request["session"]:
        os.setsid()
    environment = request["environment"]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(request["directory"])
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    buffering = 0 if environment.get("PYTHONUNBUFFERED") else -1
    for name, number, mode, errors in (
        ("stdin", 0, "rb", None),
        ("stdout", 1, "wb", None),
        ("stderr", 2, "wb", "backslashreplace"),
    ):
        before = getattr(sys, f"__{name}__")
        stream = io.TextIOWrapper(
            open(number, mode, -1 if mode == "rb" else buffering, closefd=False),  # noqa: SIM115 - for good
            encoding=before.encoding,
            errors=errors or before.errors,
            line_buffering=name == "stderr" or os.isatty(number),
            write_through=mode == "wb" and not buffering,
        )
        stream.mode = mode[0]  # type: ignore[misc] - as the interpreter sets it
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def execute(request: dict[str, Any], paths: list[str]) -> None:
    """Run the program as the interpreter would."""
    how, what, *arguments = request["program"]
    sys.orig_argv = request["words"]
    first = {"-c": "", "-m": os.getcwd()}.get(how) if how != "file" else os.path.dirname(os.path.realpath(what))  # noqa: PTH109, PTH120
    further = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [first or "", *map(os.path.abspath, further), *paths]
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    sys.excepthook = shown
    if how == "-m":
        sys.argv = ["-m", *arguments]
        runpy._run_module_as_main(what)
        return
    sys.argv = [what if how == "file" else "-c", *arguments]
    if how == "-c":
        code = compile(what, "<string>", "exec", dont_inherit=True)
    else:
        path = os.path.abspath(what)  # noqa: PTH100 - links stay
        main.__file__ = path
        main.__loader__ = loader = SourceFileLoader("__main__", path)
        code = compile(loader.get_data(path), path, "exec", dont_inherit=True)
    exec(code, main.__dict__)


def shown(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
    """Show what the program has raised, without how it came to run."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


def forked(descriptors: list[int]) -> tuple[dict[str, Any], list[int]] | None:
    """Fork for a request; return it, and its descriptors, in the process that is its program."""
    if os.fork():
        return None
    own, *rest = descriptors
    status = socket.socket(fileno=own)
    data = b""
    while not data.endswith(b"\n"):
        if not (more := status.recv(2**16)):
            os._exit(0)
        data += more
    request = json.loads(data)
    if pid := os.fork():
        keep = status.fileno()
        os.closerange(3, keep)
        os.closerange(keep + 1, 1000)
        for number in range(STANDARD):
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
        stand_by(status, pid)
        os._exit(0)
    status.detach()
    return request, rest


def reap() -> None:
    """Let go of the parents that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    """Fork for each request, until the socket is closed."""
    imports()
    own = {os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path}  # noqa: PTH100
    paths = [path for path in sys.path[1:] if path not in own]
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    gc.collect()
    gc.freeze()
    while descriptors := received(control):
        program = forked(descriptors)
        if program is not None:
            control.detach()
            signal.signal(signal.SIGINT, interrupted)
            settle(*program)
            execute(program[0], paths)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        reap()
    reap()


if __name__ == "__main__":
    main()
