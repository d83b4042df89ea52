"""Long work is done in slices, between which all other requests have their turn.

The work is a generator, which yields where it can be interrupted. Of all such work under way in an event loop, only one
slice is done in each turn of the loop, so that two large bodies delay others no longer than one. A body has several
slices before the next one has its turn: otherwise the first of many bodies would be finished no sooner than the last.

Work for a client that has left is ended.
"""

import asyncio
import time
import weakref
from collections.abc import Generator
from typing import TypeVar

from aiohttp import web

from ponty.request.large.sizes import SIZES

_T = TypeVar("_T")
Steps = Generator[None, None, _T]
"""Work that yields where it can be interrupted, and returns its result."""

_locks: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]" = weakref.WeakKeyDictionary()


async def in_turns(steps: Steps[_T], request: web.Request | None = None) -> _T:
    """Do work in slices.

    Args:
        steps: The work.
        request: The request for which it is done.

    Raises:
        ConnectionResetError: The client of the request has left.
    """
    loop = asyncio.get_running_loop()
    lock = _locks.get(loop)
    if lock is None:
        lock = _locks[loop] = asyncio.Lock()
    try:
        while True:
            async with lock:
                for _ in range(SIZES.slices):
                    if request is not None and has_left(request):
                        raise ConnectionResetError("the client has left")
                    try:
                        _do_slice(steps)
                    except StopIteration as stop:
                        return stop.value  # type: ignore[no-any-return]
                    finally:
                        await asyncio.sleep(0)
    finally:
        steps.close()


def _do_slice(steps: Steps[object]) -> None:
    """Work for one slice.

    Raises:
        StopIteration: The work is done.
    """
    end = time.perf_counter() + SIZES.seconds
    while True:
        next(steps)
        if time.perf_counter() >= end:
            return


def has_left(request: web.Request) -> bool:
    """Return whether the client of a request has left."""
    transport = request.transport
    return transport is None or transport.is_closing()
