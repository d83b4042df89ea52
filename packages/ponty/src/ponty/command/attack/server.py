"""The process that serves the program under attack: at a free port of 127.0.0.1, with its own limits.

It says where it serves as a line of JSON, and then, for each line that it is sent, how much work it has done. It ends
with what it is told by.
"""

import json
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from types import FrameType

import msgspec

from ponty.command.describing import document_of
from ponty.command.programs import ProgramError, execute
from ponty.core import Serving


def work(program: str, told: socket.socket, *, counts: bool) -> int:
    """Serve a program until nobody asks any more; return the exit status.

    Args:
        program: The program.
        told: The connection to who attacks it.
        counts: Whether work is counted in calls of Python functions, and not in CPU time.
    """
    spent = _calls() if counts else time.process_time

    def intercept(asked: Serving) -> Serving:
        def begun(sockets: Sequence[socket.socket]) -> None:
            document = document_of(asked.app)
            _say(told, {"port": sockets[0].getsockname()[1], "document": document})
            threading.Thread(target=_meter, args=(told, spent), daemon=True).start()

        place = msgspec.structs.replace(
            asked.place, host="127.0.0.1", port=0, path=None, socks=(), ssl_context=None, reuse_port=None
        )
        return msgspec.structs.replace(asked, place=place, access_log=None, begun=begun, shutdown_timeout=1)

    try:
        execute(program, intercept)
    except ProgramError as error:
        _say(told, {"error": str(error)})
        return 1
    except Exception as error:  # noqa: BLE001 - it is told, whatever a program raises
        _say(told, {"error": "".join(traceback.format_exception(error))})
        return 1
    return 0


def _say(told: socket.socket, what: object) -> None:
    told.sendall(json.dumps(what).encode() + b"\n")


def _meter(told: socket.socket, spent: Callable[[], float]) -> None:
    """Answer each byte with the work that was done up to then."""
    while told.recv(1):
        _say(told, spent())
    os._exit(0)  # who attacks it is gone


def _calls() -> Callable[[], float]:
    """Count the calls of Python functions in this thread from here on; return a function that returns how many."""
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
