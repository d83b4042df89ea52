"""Events for pages, from a Redis stream: every process sends all of them, and a page gets those that it missed."""

import dataclasses
import os
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from aiohttp import web
from redis.asyncio import Redis, from_url

from ponty import (
    Annotation,
    Event,
    InvalidField,
    LastEventId,
    ParsedJsonBody,
    Provided,
    Request,
    Routes,
    expect,
    render_events,
    render_json,
    startmeup,
)

REDIS = web.AppKey("REDIS", Redis)


async def redis_client(app: web.Application) -> AsyncIterator[None]:
    url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    async with from_url(url, protocol=2, max_connections=1000) as app[REDIS]:
        yield


@dataclasses.dataclass
class News:
    headline: Annotated[str, Annotation(minLength=1, maxLength=200)]


class Publish(Request):
    news = ParsedJsonBody(News)
    redis = Provided(REDIS)


class Place(LastEventId[str]):
    """The last entry of the stream that a page has seen."""

    def extract(self, request: web.Request) -> str | None:
        place = super().extract(request)
        if place is not None and not re.fullmatch(r"\d{1,18}-\d{1,18}", place):
            raise InvalidField("must be the id of an event")
        return place


class Follow(Request):
    last = Place()
    redis = Provided(REDIS)


news = Routes("/news")


@news.post("")
@expect(Publish)
@render_json(status=204)
async def publish(news: News, redis: Redis) -> None:
    await redis.xadd("news", {"json": msgspec.json.encode(news)}, maxlen=10_000, approximate=True)


@news.get("")
@expect(Follow)
@render_events(News)
async def follow(last: str | None, redis: Redis) -> AsyncIterator[Event[News]]:
    place: Any = last
    if place is None:  # only new events
        newest: Any = await redis.xrevrange("news", count=1)
        place = newest[0][0] if newest else "0-0"
    while True:
        found: Any = await redis.xread({"news": place}, count=100, block=0)
        for place, entry in found[0][1]:
            yield Event(msgspec.json.decode(entry[b"json"], type=News), id=place.decode())


if __name__ == "__main__":
    startmeup(port=8080, routes=[news], providers=[redis_client])
