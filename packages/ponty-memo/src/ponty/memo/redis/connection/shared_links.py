"""One link for each Redis: caches and locks with the same URL or client share a link."""

import weakref
from typing import TYPE_CHECKING

from ponty.memo.redis.connection.clients import check_client
from ponty.memo.redis.connection.link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

_links: "weakref.WeakValueDictionary[str | int, RedisLink]" = weakref.WeakValueDictionary()
"""The links that were made for URLs and clients and are still in use."""


def link_to(redis: "str | Redis | RedisLink") -> RedisLink:
    """Return the link to `redis`: the same one for the same URL or client."""
    if isinstance(redis, RedisLink):
        return redis
    check_client(redis)
    name = redis if isinstance(redis, str) else id(redis)  # the link keeps its client alive, so the id stays unique
    link = _links.get(name)
    if link is None:
        link = _links[name] = RedisLink(redis)
    return link
