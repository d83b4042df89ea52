"""A guesthouse, step 8: a cache, and its invalidation."""

import asyncio
import dataclasses
import datetime
import os
from decimal import Decimal

import aiohttp

from ponty import (
    ParsedJsonBody,
    Request,
    RouteParameter,
    StringQueryParameter,
    expect,
    get,
    http_client_provider,
    lease_http_client,
    post,
    render_json,
    retry,
    startmeup,
)
from ponty.memo import invalidate, localcache


@localcache(ttl_ms=60_000, stale_on_error_ms=3_600_000, maxsize=10)
@retry(aiohttp.ClientError, TimeoutError, max_retries=3, t1_ms=50, backoff_factor=2, anticollision=True)
async def euro_in(currency: str) -> Decimal:
    async with (
        lease_http_client("rates") as session,
        session.get(f"/rates/{currency}", raise_for_status=True) as answer,
    ):
        return Decimal((await answer.json())["data"])


class Rate(Request):
    currency = StringQueryParameter(required=True, values=["GBP", "USD"])


@dataclasses.dataclass
class Answer:
    rate: Decimal
    asked: int


@get("/rate")
@expect(Rate)
@render_json(Answer)
async def rate(currency: str) -> Answer:
    return Answer(await euro_in(currency), euro_in.cache_info().misses)


@dataclasses.dataclass
class Stay:
    arrival: datetime.date
    departure: datetime.date


STAYS: dict[int, list[Stay]] = {1: [], 2: [], 3: []}


@localcache(name="calendar", maxsize=1000)
async def calendar(room: int) -> list[Stay]:
    await asyncio.sleep(0.01)  # a slow query
    return sorted(STAYS[room], key=lambda stay: stay.arrival)


class Calendar(Request):
    room = RouteParameter(pattern="[1-3]", cast_func=int)


@get(f"/rooms/{Calendar.room}/calendar")
@expect(Calendar)
@render_json(list[Stay])
async def show_calendar(room: int) -> list[Stay]:
    return await calendar(room)


class NewStay(Request):
    room = RouteParameter(pattern="[1-3]", cast_func=int)
    stay = ParsedJsonBody(Stay)


@post(f"/rooms/{NewStay.room}/calendar")
@expect(NewStay)
@render_json(status=204)
async def add_stay(room: int, stay: Stay) -> None:
    async with invalidate("calendar", room):
        await asyncio.sleep(0.01)  # a slow statement
        STAYS[room].append(stay)


rates = http_client_provider(
    name="rates", base_url=os.environ.get("RATES_URL", "http://127.0.0.1:9000"), timeout=2, concurrency=10
)

if __name__ == "__main__":
    startmeup(port=8080, providers=[rates])
