"""`Limits`: how much time and room a client may take up before the server takes it back."""

import dataclasses

from ponty.core.connections.open_files import open_files_allowed

_MOST_CONNECTIONS = 10_000


def _connections() -> int:
    """Leave a quarter of the files that the process may open to all else that it does."""
    allowed = open_files_allowed()
    return _MOST_CONNECTIONS if allowed is None else max(1, min(_MOST_CONNECTIONS, allowed * 3 // 4))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What one client may take up of a server. None is no limit; times are in seconds.

    ::

        limits = Limits(handler_seconds=10, connections_per_client=100)  # startmeup(port=8080, limits=limits)

    Args:
        head_seconds: How long the head of a request may take to arrive, from its first byte; and how long a new
            connection may take to begin. Over it: 408, or closed where nothing has come.
        body_seconds: In each stretch of so many seconds in which the server waits for more of a body, ...
        body_rate: ... so many bytes a second must arrive at least. Below it: 408.
        answer_seconds: How long a client may take none of the answer that waits for it. Over it: the connection is cut.
        handler_seconds: How long a handler may take from the end of the request to the beginning of its answer. Over
            it, the handler is cancelled: 503, which goes through the middlewares like any other answer.
        idle_seconds: How long a connection may wait for its next request. Over it: closed.
        connections: How many connections may be open at once. With that many, those that wait for a request make room,
            the longest first; where none does, a new one is answered 503. By default three quarters of the files that
            the process may open, and 10,000 at most.
        connections_per_client: How many of them may come from one address. More are answered 503. Those of a proxy that
            the application's `trusted_proxies` names are not counted. What is counted there is how many requests are
            handled at once for one client of the proxy; more are answered 503, too. None by default, since behind a
            proxy that is not named all have one address.
        path_bytes: How long the path of a request may be. Over it: 414.
        line_bytes: How long the request line may be. Over it: 414.
        header_bytes: How long each header may be. Over it: 431.
        headers: How many headers a request may have. Over it: 431.

    Raises:
        ValueError: One of them is not more than 0.
    """

    head_seconds: float | None = 15
    body_seconds: float | None = 20
    body_rate: int = 250
    answer_seconds: float | None = 60
    handler_seconds: float | None = None
    idle_seconds: float | None = 75
    connections: int | None = dataclasses.field(default_factory=_connections)
    connections_per_client: int | None = None
    path_bytes: int | None = 2048
    line_bytes: int = 8190
    header_bytes: int = 8190
    headers: int = 128

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None and not value > 0:
                raise ValueError(f"Limits: {field.name} is more than 0, not {value!r}")

    @property
    def shortest_seconds(self) -> float:
        """The shortest of the times, or an hour where there is none."""
        times = (self.head_seconds, self.body_seconds, self.answer_seconds)
        return min((seconds for seconds in times if seconds is not None), default=3600)
