"""A fixture that closes links to Redis when a test ends, however it ends."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest_asyncio

from ponty.memo.redis.connection.link import RedisLink


@pytest_asyncio.fixture
async def redis_links() -> AsyncIterator[Callable[..., RedisLink]]:
    """Make links to Redis, with the arguments of `RedisLink`; they are closed when the test ends.

    A link that a module has made for itself is closed by naming it: `redis_links(link)`.
    """
    made: list[RedisLink] = []

    def make(url: str | RedisLink, **options: Any) -> RedisLink:
        link = url if isinstance(url, RedisLink) else RedisLink(url, **options)
        made.append(link)
        return link

    yield make
    for link in reversed(made):
        await link.aclose()
