"""What is true of a whole server while it serves: its name, whether it is stopping, and what it has refused."""

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
    """

    def __init__(self, name: str | None = SERVER_NAME) -> None:
        self.name: str | None = name
        self.is_stopping: bool = False
        """Whether the server has begun to stop: answers say that their connection closes."""
        self.refusals: Refusals = Refusals()
        """How often something was over each limit, by the name of the limit in `Limits`."""


SERVER_STATE = web.AppKey("SERVER_STATE", ServerState)
"""Where an application finds the state of the server that serves it by `serve` or `startmeup`, or an `app_runner`."""
