"""The requests whose body is still arriving.

A graceful shutdown needs them: aiohttp drops what a closing connection still sends, so an upload in progress must be
left open until it is whole, and one that no longer progresses must be cut.
"""

import weakref
from collections.abc import Iterator

from aiohttp import web


class ArrivingBodies:
    """Requests noted when their handler began before their body had arrived; held weakly."""

    def __init__(self) -> None:
        # By identity: an aiohttp request compares by identity, but cannot be hashed.
        self._requests: weakref.WeakValueDictionary[int, web.BaseRequest] = weakref.WeakValueDictionary()

    def add(self, request: web.BaseRequest) -> None:
        """Note `request` until it is gone."""
        self._requests[id(request)] = request

    def __iter__(self) -> Iterator[web.BaseRequest]:
        """Iterate over those that still wait for a part of their body over an open connection."""
        return (
            request
            for request in list(self._requests.values())
            if not request.content.is_eof() and request.transport is not None and not request.transport.is_closing()
        )
