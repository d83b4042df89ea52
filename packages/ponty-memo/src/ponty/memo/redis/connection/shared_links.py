"""One link for each Redis: caches and locks over the same URL or client share theirs."""

import weakref
from typing import TYPE_CHECKING

from ponty.memo.redis.connection.clients import check_client
from ponty.memo.redis.connection.link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

_links: "weakref.WeakValueDictionary[str | int, RedisLink]" = weakref.WeakValueDictionary()
"""The links that were made for URLs and clients, for as long as somebody uses them."""


def link_to(redis: "str | Redis | RedisLink") -> RedisLink:
    """Return the link to `redis`: the same one for the same URL or client."""
    if isinstance(redis, RedisLink):
        return redis
    check_client(redis)
    name = redis if isinstance(redis, str) else id(redis)  # a link keeps its client, so the address is not used again
    link = _links.get(name)
    if link is None:
        link = _links[name] = RedisLink(redis)
    return link
