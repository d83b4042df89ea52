"""The worker process of `ponty run --reload`: it runs the program, and reports when it serves.

It sends one byte on its channel when it serves, together with its sockets if it has opened them itself, and one more
byte when it accepts no more connections. The channel is closed when the process ends.
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
        host: The address to listen on; None for that of the program.
        port: The port to listen on; None for that of the program.
        access_log: Whether each request is logged.
        channel: The file descriptor of the socket on which the worker reports that it serves.
        sockets: The file descriptors of the sockets to listen on; if there are none, the worker opens them.
    """

    program: str
    host: str | None = None
    port: int | None = None
    access_log: bool = True
    channel: int = -1
    sockets: tuple[int, ...] = ()


def work(task: Task) -> int:
    """Run a program until a signal; return the exit status."""
    from ponty.command.programs import (  # noqa: PLC0415 - an error of these imports is shown as a traceback
        ProgramError,
        execute,
        own_part,
    )
    from ponty.command.running import placed  # noqa: PLC0415
    from ponty.core import Serving  # noqa: PLC0415

    channel = socket.socket(fileno=task.channel)
    place = placed(host=task.host, port=task.port, access_log=task.access_log)

    def begun(sockets: Sequence[socket.socket]) -> None:
        numbers = [] if task.sockets else [each.fileno() for each in sockets]
        _tell(channel, numbers)
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
            # A stopping worker removes the path of a Unix socket that it has opened by path, and the next one needs it.
            where = msgspec.structs.replace(serving.place, path=None, socks=(_at(serving.place.path),))
            serving = msgspec.structs.replace(serving, place=where)
        return msgspec.structs.replace(serving, begun=begun, closed=lambda: _tell(channel, []))

    try:
        execute(task.program, intercept)
    except ProgramError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001 - whatever the program raises is shown
        traceback.print_exception(own_part(error))
        return 1
    return 0


def _tell(channel: socket.socket, numbers: Sequence[int]) -> None:
    rights = array.array("i", numbers)
    with contextlib.suppress(BrokenPipeError):  # the supervisor is gone
        channel.sendmsg([b"s"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if numbers else [])


def _print_addresses(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        address = each.getsockname()
        if isinstance(address, tuple):
            host, port = address[0], address[1]
            print(f"Serving on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
        else:
            print(f"Serving on http+unix://{address}", flush=True)


def _at(path: str | os.PathLike[str]) -> socket.socket:
    """Return a Unix socket at a path, after removing a socket that was left over there."""
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
