"""A service with exchange rates that fails every other time."""

import itertools
from decimal import Decimal

from ponty import DoesNotExist, Request, StringRouteParameter, expect, get, raise_status, render_json, startmeup

EURO_IN = {"USD": Decimal("1.10"), "GBP": Decimal("0.85")}
out_of_order = itertools.cycle([True, False])


class AskRate(Request):
    currency = StringRouteParameter()


@get(f"/rates/{AskRate.currency}")
@expect(AskRate)
@render_json(Decimal)
async def rate(currency: str) -> Decimal:
    if next(out_of_order):
        raise_status(503)
    if currency not in EURO_IN:
        raise DoesNotExist
    return EURO_IN[currency]


if __name__ == "__main__":
    startmeup(port=9000)
