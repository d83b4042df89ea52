"""A limit of requests per hour for each key, counted in Redis by all processes together."""

import hashlib
import os
from collections.abc import AsyncIterator
from typing import cast

import redis.asyncio
import redis.exceptions
from aiohttp import web

from ponty import ApiKey, Description, Field, PontyError, Provided, Request, Routes, expect, render_json, startmeup

REDIS = web.AppKey("REDIS", redis.asyncio.Redis)


async def redis_client(app: web.Application) -> AsyncIterator[None]:
    url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    async with redis.asyncio.from_url(url, socket_timeout=0.5) as client:
        app[REDIS] = client
        yield


class TooManyRequests(PontyError):
    status_code = 429
    type = "https://mugs.example/problems/too-many-requests"


class Quota(Field[int]):
    """The number of requests that this client has left."""

    guard = True

    def __init__(self, limit: int, *, seconds: int) -> None:
        super().__init__(key=ApiKey(header="X-Api-Key"), client=Provided(REDIS))
        self._limit = limit
        self._seconds = seconds

    async def extract(self, request: web.Request, *, key: str, client: redis.asyncio.Redis) -> int:
        name = "quota:" + hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
        try:
            async with client.pipeline() as together:
                together.incr(name)
                together.expire(name, self._seconds, nx=True)
                together.ttl(name)
                count, _, left = cast(list[int], await together.execute())
        except redis.exceptions.RedisError:
            return 0  # without Redis, no request is refused
        if count > self._limit:
            raise TooManyRequests(headers={"Retry-After": str(max(left, 1))})
        return self._limit - count

    def describe(self) -> Description:
        return Description("header", "X-Api-Key")


class AskPrice(Request):
    quota = Quota(2, seconds=3600)


prices = Routes("/prices")


@prices.get("")
@expect(AskPrice, whole=True)
@render_json(int)
async def ask_price(r: AskPrice) -> int:
    return r.quota


if __name__ == "__main__":
    startmeup(port=8080, routes=[prices], providers=[redis_client])
