"""The redis-py clients of links: made from a URL by the link itself, or given by the user."""

from typing import TYPE_CHECKING

from ponty.memo.lazy_imports import inspect
from ponty.memo.redis.lazy_imports import aioredis

if TYPE_CHECKING:
    from redis.asyncio import Redis


def client_of(url: str, *, timeout: float, connections: int) -> "Redis":
    """Return a client for a URL, which uses RESP2 and does not retry.

    Args:
        url: The URL of Redis.
        timeout: How long a connection may take to open, in seconds.
        connections: The largest number of connections.

    Raises:
        ValueError: The URL is not valid.
    """
    return aioredis.Redis.from_url(
        url,
        protocol=2,  # with RESP3, the client does not check whether a connection still works
        socket_timeout=None,  # each command and each batch has its own limit for the answer
        socket_connect_timeout=timeout,
        max_connections=connections,
    )


def check_client(redis: object) -> None:
    """Raise a TypeError if `redis` is neither a URL nor a client of redis.asyncio for a single Redis."""
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
    """Return the address of a client's Redis, which is equal for two clients of the same Redis."""
    parameters = client.connection_pool.connection_kwargs
    return tuple([parameters.get(name) for name in ("host", "port", "path", "db")])
