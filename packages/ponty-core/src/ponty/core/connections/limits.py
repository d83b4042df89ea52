"""`Limits`: how much time and memory of the server a client may use."""

import dataclasses

from ponty.core.connections.open_files import open_files_allowed

_MOST_CONNECTIONS = 10_000


def _connections() -> int:
    """Return the default limit of connections: three quarters of the files that the process may open."""
    allowed = open_files_allowed()
    return _MOST_CONNECTIONS if allowed is None else max(1, min(_MOST_CONNECTIONS, allowed * 3 // 4))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a server for its clients, such as timeouts. Times are in seconds; None is no limit.

    ::

        limits = Limits(handler_seconds=10, connections_per_client=100)  # startmeup(port=8080, limits=limits)

    Args:
        head_seconds: The time for the head of a request to arrive, from its first byte, and for a new connection to
            send its first byte. A head that takes longer is a 408; a connection that sends nothing is closed.
        body_seconds: The periods in which the rate of a body is measured. The time in which the server does not read
            the body is not counted.
        body_rate: The fewest bytes per second that must arrive in each period of `body_seconds`. A slower body is a
            408.
        answer_seconds: The time for which a client may take nothing of a waiting answer. After that, the connection is
            cut.
        handler_seconds: The time that a handler may take from the end of the request to the beginning of its answer.
            After that, the handler is cancelled, and the answer is a 503, which goes through the middlewares as usual.
        idle_seconds: The time that a connection may wait for its next request. After that, it is closed.
        connections: The most connections that may be open at once. If there are more, those that have waited longest
            for a request are closed; if none waits, the new connection is answered with a 503. The default is three
            quarters of the files that the process may open, and at most 10,000.
        connections_per_client: The most connections from one address; further ones are answered with a 503. The
            connections of proxies in the application's `trusted_proxies` are not counted. Instead, the limit holds for
            the requests that are handled at once for one client of such a proxy; further ones are answered with a 503.
            The default is None, since behind any other proxy all clients have the same address.
        path_bytes: The most bytes of the path of a request. A longer one is a 414.
        line_bytes: The most bytes of the request line. A longer one is a 414.
        header_bytes: The most bytes of each header. A longer one is a 431.
        headers: The most headers of a request. More are a 431.

    Raises:
        ValueError: A limit is not more than 0.
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
                raise ValueError(f"Limits: {field.name} must be more than 0, not {value!r}")

    @property
    def shortest_seconds(self) -> float:
        """The shortest of the times that the server checks; an hour if there is none."""
        times = (self.head_seconds, self.body_seconds, self.answer_seconds)
        return min((seconds for seconds in times if seconds is not None), default=3600)
