"""Exchange rates, fetched from another service and cached for a minute."""

from collections.abc import AsyncIterator
from decimal import Decimal

import aiohttp
from aiohttp import web

from guesthouse.model import NoRates
from ponty import Provider, http_client_provider, lease_http_client, retry
from ponty.memo import localcache


def rates_client(url: str) -> Provider:
    return http_client_provider(name="rates", base_url=url, timeout=2, concurrency=10)


async def forget_rates(app: web.Application) -> AsyncIterator[None]:
    """Clear the cache when the application stops, since a cache outlives its application."""
    yield
    _ask.cache_clear()


async def euro_in(currency: str) -> Decimal:
    try:
        return await _ask(currency)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NoRates(headers={"Retry-After": "30"}) from error


@localcache(ttl_ms=60_000, stale_on_error_ms=3_600_000, maxsize=10)
@retry(aiohttp.ClientError, TimeoutError, max_retries=3, t1_ms=50, backoff_factor=2, anticollision=True)
async def _ask(currency: str) -> Decimal:
    async with (
        lease_http_client("rates") as session,
        session.get(f"/rates/{currency}", raise_for_status=True) as answer,
    ):
        return Decimal((await answer.json())["data"])
