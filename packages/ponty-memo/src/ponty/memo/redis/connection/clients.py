"""The clients of redis-py that a link talks through: its own, made of a URL, or one that was given to it."""

from typing import TYPE_CHECKING

from ponty.memo.lazy_imports import inspect
from ponty.memo.redis.lazy_imports import aioredis

if TYPE_CHECKING:
    from redis.asyncio import Redis


def client_of(url: str, *, timeout: float, connections: int) -> "Redis":
    """Return a client of a link's own, which speaks RESP2 and tries nothing twice.

    Args:
        url: Where Redis is.
        timeout: How long a connection may take to open, in seconds.
        connections: How many there may be.

    Raises:
        ValueError: The URL is none.
    """
    return aioredis.Redis.from_url(
        url,
        protocol=2,  # with RESP3, the client does not look whether a connection is still good
        socket_timeout=None,  # how long an answer may take, each command and each batch sees to itself
        socket_connect_timeout=timeout,
        max_connections=connections,
    )


def check_client(redis: object) -> None:
    """Raise a TypeError for what is neither a URL nor a client of redis.asyncio with one Redis behind it."""
    if isinstance(redis, str):
        return
    kind = type(redis).__qualname__
    if not inspect.iscoroutinefunction(getattr(redis, "execute_command", None)):
        raise TypeError(f"a URL, a client of redis.asyncio or a RedisLink is needed, not a {kind!r}")
    if not hasattr(redis, "connection_pool"):
        raise TypeError(
            f"a {kind!r} cannot be used: the keys of a script lie in several slots of a cluster; "
            "give a URL or a redis.asyncio.Redis of one primary"
        )


def address_of(client: "Redis") -> tuple[object, ...]:
    """Return the address of a client's Redis: the same for two clients of one."""
    parameters = client.connection_pool.connection_kwargs
    return tuple([parameters.get(name) for name in ("host", "port", "path", "db")])
