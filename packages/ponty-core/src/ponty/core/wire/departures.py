"""A client that leaves: who answers it is told at once, and need not find out by writing.

aiohttp tells the request that its connection is at, by a method that is not public, and cancels nobody (unless its
server is asked to). A middleware may have made a clone of that request, so it is asked of the connection.
"""

from collections.abc import Callable

from aiohttp import web


class CutOff(ConnectionResetError):
    """An answer ends in the midst, by nobody's fault: its connection is closed, and nothing is logged as an error."""


class ClientLeft(CutOff):
    """Nobody is there to be answered."""


def watch_departure(request: web.BaseRequest, left: Callable[[], None]) -> Callable[[], None]:
    """Have `left` called when the client of `request` leaves, or is cut off.

    Args:
        request: One whose handler runs.
        left: Called in the event loop, without delay.

    Returns:
        What ends the watch.
    """
    original = _at_work(request)
    cancel = original._cancel  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def tell(error: BaseException) -> None:
        cancel(error)
        left()

    vars(original)["_cancel"] = tell

    def unwatch() -> None:
        vars(original).pop("_cancel", None)

    return unwatch


def _at_work(request: web.BaseRequest) -> web.BaseRequest:
    """Return the request that `request` is, or is a clone of."""
    current = request.protocol._current_request  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return request if current is None else current


def has_left(request: web.BaseRequest) -> bool:
    """Return whether the client of `request` has closed its connection."""
    transport = request.transport
    return transport is None or transport.is_closing()
