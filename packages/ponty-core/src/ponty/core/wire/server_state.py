"""The state of a server while it serves: its name, whether it is stopping, and its counts for clients and limits."""

import collections
from collections.abc import Callable

from aiohttp import web

SERVER_NAME = "Ponty"
"""The default of the `Server` header. A version would only help attackers."""


class Refusals(collections.Counter[str]):
    """A counter that calls its listeners at each change."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners: list[Callable[[str, int], object]] = []
        """Functions that are called with the name of the limit, and the increase of its count."""

    def __setitem__(self, limit: str, count: int) -> None:
        more = count - self[limit]
        super().__setitem__(limit, count)
        for listener in self.listeners:
            listener(limit, more)


class ServerState:
    """The state that all connections of a server share.

    Args:
        name: The value of the `Server` header; None to send none.
        most_per_client: The most places that one client may have at once; None for no limit.
    """

    def __init__(self, name: str | None = SERVER_NAME, *, most_per_client: int | None = None) -> None:
        self.name: str | None = name
        self.is_stopping: bool = False
        """Whether the server has begun to stop, so that answers say that their connection closes."""
        self.refusals: Refusals = Refusals()
        """How often each limit was exceeded, by the name of the limit in `Limits`."""
        self.most_per_client: int | None = most_per_client
        self._per_client: collections.Counter[object] = collections.Counter()

    def has_room(self, client: object) -> bool:
        """Return whether `client` may have another place: a connection or, behind a proxy, a request."""
        return self.most_per_client is None or self._per_client[client] < self.most_per_client

    def enter(self, client: object) -> None:
        """Count a place of `client`."""
        if self.most_per_client is not None:
            self._per_client[client] += 1

    def leave(self, client: object) -> None:
        """Stop counting a place of `client`."""
        if self.most_per_client is not None:
            self._per_client[client] -= 1
            if self._per_client[client] <= 0:
                del self._per_client[client]


TRUSTS_ATTRIBUTE = "__ponty_trusts__"
"""The attribute of a middleware with a function that returns whether a transport leads to a trusted proxy.

Many clients share such a connection, so this middleware counts the requests of each client instead of connections.
"""

SERVER_STATE = web.AppKey("SERVER_STATE", ServerState)
"""The key of an application for the state of its server, if `serve`, `startmeup` or an `app_runner` serves it."""
