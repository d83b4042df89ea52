"""Metrics for Prometheus: for each route, for a cache, and a custom one."""

from aiohttp import web
from prometheus_client import Counter

from ponty import Request, Routes, StringRouteParameter, cache_events, expect, metrics, render_json, startmeup
from ponty.memo import localcache

SOLD = Counter("shop_mugs_sold", "How many mugs were sold.", ["size"])


@localcache(ttl_ms=60_000, name="price of a mug", metrics=cache_events)
async def price_of(colour: str) -> int:
    return 100 * len(colour)


class OneMug(Request):
    colour = StringRouteParameter()


mugs = Routes("/mugs")


@mugs.get(f"/{OneMug.colour}")
@expect(OneMug)
@render_json(int)
async def show_price(colour: str) -> int:
    return await price_of(colour)


@mugs.post("/sales")
@render_json(status=204)
async def sell(request: web.Request) -> None:
    SOLD.labels(size="large").inc()


if __name__ == "__main__":
    startmeup(port=8080, routes=[mugs, metrics()])
