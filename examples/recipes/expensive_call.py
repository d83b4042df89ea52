"""An expensive call to another service, made at most once a minute, however many clients ask for it."""

import os
from decimal import Decimal
from typing import Literal

import aiohttp
import msgspec

from ponty import (
    Request,
    RouteParameter,
    Routes,
    expect,
    http_client_provider,
    lease_http_client,
    render_json,
    retry,
    startmeup,
)
from ponty.memo import Stampede, localcache

RATES_URL = os.environ.get("RATES_URL", "http://127.0.0.1:8081")
Currency = Literal["CHF", "GBP", "USD"]


@localcache(ttl_ms=60_000, stale_ms=60_000, stale_on_error_ms=3_600_000, maxwait_ms=3000, jitter=0.1)
@retry(aiohttp.ClientError, TimeoutError, max_retries=2, t1_ms=100, anticollision=True)
async def rate_of(currency: Currency) -> Decimal:
    async with lease_http_client() as session, session.get(f"/rates/{currency}", raise_for_status=True) as answer:
        return msgspec.json.decode(await answer.read(), type=Decimal)


class Convert(Request):
    currency = RouteParameter[Currency](Currency)


rates = Routes("/price-in")


@rates.get(f"/{Convert.currency}")
@expect(Convert)
@render_json(Decimal)
async def price_in(currency: Currency) -> Decimal:
    return round(Decimal("7.50") * await rate_of(currency), 2)


if __name__ == "__main__":
    client = http_client_provider(base_url=RATES_URL, timeout=2)
    away: dict[type[Exception], int] = {aiohttp.ClientError: 503, TimeoutError: 503, Stampede: 503}
    startmeup(port=8080, routes=[rates], providers=[client], errors=away)
