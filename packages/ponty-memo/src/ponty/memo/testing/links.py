"""A fixture that closes links to Redis when a test ends, whether it passes or fails."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest_asyncio

from ponty.memo.redis.connection.link import RedisLink


@pytest_asyncio.fixture
async def redis_links() -> AsyncIterator[Callable[..., RedisLink]]:
    """Return a function that makes links to Redis with the arguments of `RedisLink`; they are closed after the test.

    To close a link that exists already, for instance one in a module, pass it: `redis_links(link)`.
    """
    made: list[RedisLink] = []

    def make(url: str | RedisLink, **options: Any) -> RedisLink:
        link = url if isinstance(url, RedisLink) else RedisLink(url, **options)
        made.append(link)
        return link

    yield make
    for link in reversed(made):
        await link.aclose()
