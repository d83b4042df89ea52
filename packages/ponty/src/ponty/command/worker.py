"""A process that `ponty run --reload` starts: it runs the program, and tells when it serves.

It says one byte when it serves, with the sockets that it has opened where it was given none, and one when it accepts
nothing more. The connection ends with it.
"""

import array
import contextlib
import os
import socket
import stat
import sys
import traceback
from collections.abc import Sequence

import msgspec


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """The task of a worker.

    Args:
        program: The program to run.
        host: Where to listen, in place of what the program says; None for that.
        port: The port, likewise.
        access_log: Whether a line is written for each request.
        told: The descriptor of the socket on which it tells that it serves.
        sockets: The descriptors of the sockets to listen on; it opens them itself where there are none.
    """

    program: str
    host: str | None = None
    port: int | None = None
    access_log: bool = True
    told: int = -1
    sockets: tuple[int, ...] = ()


def work(task: Task) -> int:
    """Run a program until a signal; return the exit status."""
    from ponty.command.programs import (  # noqa: PLC0415 - a traceback tells of all that goes wrong here
        ProgramError,
        execute,
        own_part,
    )
    from ponty.command.running import placed  # noqa: PLC0415
    from ponty.core import Serving  # noqa: PLC0415

    told = socket.socket(fileno=task.told)
    place = placed(host=task.host, port=task.port, access_log=task.access_log)

    def begun(sockets: Sequence[socket.socket]) -> None:
        numbers = [] if task.sockets else [each.fileno() for each in sockets]
        _tell(told, numbers)
        if not task.sockets:
            _print_addresses(sockets)
        for each in sockets:
            each.close()

    def intercept(asked: Serving) -> Serving:
        serving = place(asked)
        if task.sockets:
            inherited = tuple(socket.socket(fileno=number) for number in task.sockets)
            where = msgspec.structs.replace(serving.place, port=None, host=None, path=None, socks=inherited)
            serving = msgspec.structs.replace(serving, place=where)
        elif serving.place.path is not None:
            # A worker that stops removes the path of a socket that it has made itself.
            where = msgspec.structs.replace(serving.place, path=None, socks=(_at(serving.place.path),))
            serving = msgspec.structs.replace(serving, place=where)
        return msgspec.structs.replace(serving, begun=begun, closed=lambda: _tell(told, []))

    try:
        execute(task.program, intercept)
    except ProgramError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001 - it is shown, whatever a program raises
        traceback.print_exception(own_part(error))
        return 1
    return 0


def _tell(told: socket.socket, numbers: Sequence[int]) -> None:
    rights = array.array("i", numbers)
    with contextlib.suppress(BrokenPipeError):  # nobody wants to know any more
        told.sendmsg([b"s"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if numbers else [])


def _print_addresses(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        address = each.getsockname()
        if isinstance(address, tuple):
            host, port = address[0], address[1]
            print(f"Serving on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
        else:
            print(f"Serving on http+unix://{address}", flush=True)


def _at(path: str | os.PathLike[str]) -> socket.socket:
    """Return a Unix socket at a path, in place of one that is left over there."""
    text = os.fspath(path)
    try:
        if stat.S_ISSOCK(os.stat(text).st_mode):  # noqa: PTH116
            os.unlink(text)  # noqa: PTH108
    except FileNotFoundError:
        pass
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(text)
    return made


if __name__ == "__main__":
    sys.exit(work(msgspec.json.decode(sys.argv[1], type=Task)))
