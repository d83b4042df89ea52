"""A guesthouse, step 7: calls to another service, with retries."""

import os
from decimal import Decimal

import aiohttp

from ponty import (
    DoesNotExist,
    PontyError,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Request,
    StringQueryParameter,
    expect,
    get,
    http_client_provider,
    lease_http_client,
    render_json,
    retry,
    startmeup,
)

PRICES = {1: Decimal("48.00"), 2: Decimal("80.00"), 3: Decimal("120.50")}


@retry(aiohttp.ClientError, TimeoutError, max_retries=3, t1_ms=50, backoff_factor=2, anticollision=True)
async def euro_in(currency: str) -> Decimal:
    async with (
        lease_http_client("rates") as session,
        session.get(f"/rates/{currency}", raise_for_status=True) as answer,
    ):
        return Decimal((await answer.json())["data"])


class NoRates(PontyError):
    status_code = 503
    type = "https://guesthouse.example/problems/no-rates"
    title = "Nobody knows the exchange rates at the moment"


class Price(Request):
    number = PosIntRouteParameter()
    nights = PosIntQueryParameter(default=1)
    currency = StringQueryParameter(default="EUR", values=["EUR", "GBP", "USD"])


@get(f"/rooms/{Price.number}/price", raises=[NoRates])
@expect(Price, whole=True)
@render_json(Decimal)
async def price(r: Price) -> Decimal:
    if r.number not in PRICES:
        raise DoesNotExist
    euros = PRICES[r.number] * r.nights
    if r.currency == "EUR":
        return euros
    try:
        return round(euros * await euro_in(r.currency), 2)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NoRates(headers={"Retry-After": "30"}) from error


rates = http_client_provider(
    name="rates", base_url=os.environ.get("RATES_URL", "http://127.0.0.1:9000"), timeout=2, concurrency=10
)

if __name__ == "__main__":
    startmeup(port=8080, providers=[rates])
