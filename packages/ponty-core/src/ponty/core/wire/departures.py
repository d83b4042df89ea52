"""Departures: code that answers a client is notified at once when the client leaves, before its next write.

aiohttp notifies the current request of the connection, by a method that is not public, and does not cancel the handler
(unless the server is told to). A middleware may have made a clone of the request, so the connection is asked for the
original one.
"""

from collections.abc import Callable

from aiohttp import web

CLIENT_LEFT = 499
"""The status in logs and metrics if the client did not wait for its answer; nginx uses the same."""


class CutOff(ConnectionResetError):
    """An answer ends early, but this is not an error: its connection is closed, and no error is logged."""


class ClientLeft(CutOff):
    """The client has left."""


def watch_departure(request: web.BaseRequest, left: Callable[[], None]) -> Callable[[], None]:
    """Call `left` when the client of `request` leaves, or is cut off.

    Args:
        request: A request whose handler is running.
        left: A function that is called in the event loop, without delay.

    Returns:
        A function that ends the watch.
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
    """Return the original of `request`, which may be a clone."""
    current = request.protocol._current_request  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return request if current is None else current


def has_left(request: web.BaseRequest) -> bool:
    """Return whether the client of `request` has closed its connection."""
    transport = request.transport
    return transport is None or transport.is_closing()
