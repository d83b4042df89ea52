"""What is true of a whole server while it serves: its name, whether it is stopping, and what clients take up of it."""

import collections
from collections.abc import Callable

from aiohttp import web

SERVER_NAME = "Ponty"
"""What the `Server` header says unless a program says otherwise. A version would help attackers only."""


class Refusals(collections.Counter[str]):
    """Counts, and calls whoever wants to know at once."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners: list[Callable[[str, int], object]] = []
        """Called with what was counted, and by how much."""

    def __setitem__(self, limit: str, count: int) -> None:
        more = count - self[limit]
        super().__setitem__(limit, count)
        for listener in self.listeners:
            listener(limit, more)


class ServerState:
    """The state that all connections of a server share.

    Args:
        name: The value of the `Server` header; None for no such header.
        most_per_client: How many places one client may have at once; None for no limit.
    """

    def __init__(self, name: str | None = SERVER_NAME, *, most_per_client: int | None = None) -> None:
        self.name: str | None = name
        self.is_stopping: bool = False
        """Whether the server has begun to stop: answers say that their connection closes."""
        self.refusals: Refusals = Refusals()
        """How often something was over each limit, by the name of the limit in `Limits`."""
        self.most_per_client: int | None = most_per_client
        self._per_client: collections.Counter[object] = collections.Counter()

    def has_room(self, client: object) -> bool:
        """Return whether `client` may have one more place: a connection or, behind a proxy, a request."""
        return self.most_per_client is None or self._per_client[client] < self.most_per_client

    def enter(self, client: object) -> None:
        """Count a place of `client`."""
        if self.most_per_client is not None:
            self._per_client[client] += 1

    def leave(self, client: object) -> None:
        """Count it no more."""
        if self.most_per_client is not None:
            self._per_client[client] -= 1
            if self._per_client[client] <= 0:
                del self._per_client[client]


TRUSTS_ATTRIBUTE = "__ponty_trusts__"
"""The attribute of a middleware that says of a transport whether a trusted proxy is at its other end.

Such a connection is nobody's own, so what clients take up is counted by that middleware, request by request.
"""

SERVER_STATE = web.AppKey("SERVER_STATE", ServerState)
"""Where an application finds the state of the server that serves it by `serve` or `startmeup`, or an `app_runner`."""
