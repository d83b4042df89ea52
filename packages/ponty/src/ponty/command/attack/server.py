"""The process that serves the program under attack: at a free port of 127.0.0.1, with its own limits.

It sends its port and its OpenAPI document as a line of JSON. Then it answers each byte that it receives with the work
that it has done so far. It ends when the connection to the attacker is closed.
"""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

import msgspec

from ponty.command.describing import document_of
from ponty.command.programs import ProgramError, error_line, execute
from ponty.core import Serving


def work(program: str, channel: socket.socket, *, counts: bool) -> int:
    """Serve a program until the channel is closed; return the exit status.

    Args:
        program: The program.
        channel: The connection to the attacker.
        counts: Whether work is measured in calls of Python functions instead of CPU time.
    """
    spent = _calls() if counts else time.process_time

    def intercept(asked: Serving) -> Serving:
        def begun(sockets: Sequence[socket.socket]) -> None:
            document = document_of(asked.app)
            _say(channel, {"port": sockets[0].getsockname()[1], "document": document})
            threading.Thread(target=_meter, args=(channel, spent), daemon=True).start()

        place = msgspec.structs.replace(
            asked.place, host="127.0.0.1", port=0, path=None, socks=(), ssl_context=None, reuse_port=None
        )
        return msgspec.structs.replace(asked, place=place, access_log=None, begun=begun, shutdown_timeout=1)

    try:
        execute(program, intercept)
    except ProgramError as error:
        _say(channel, {"error": str(error)})
        return 1
    except Exception as error:  # noqa: BLE001 - whatever the program raises is reported
        _say(channel, {"error": error_line(error)})
        return 1
    return 0


def _say(channel: socket.socket, what: object) -> None:
    channel.sendall(json.dumps(what).encode() + b"\n")


def _meter(channel: socket.socket, spent: Callable[[], float]) -> None:
    """Answer each byte with the work that was done so far."""
    while channel.recv(1):
        _say(channel, spent())
    os._exit(0)  # the attacker is gone


def _calls() -> Callable[[], float]:
    """Count the calls of functions in this thread from now on; return a function that returns their number."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        del frame, argument
        if event in {"call", "c_call"}:
            count += 1

    sys.setprofile(note)
    return lambda: count


if __name__ == "__main__":
    sys.exit(work(sys.argv[3], socket.socket(fileno=int(sys.argv[1])), counts=sys.argv[2] == "calls"))
