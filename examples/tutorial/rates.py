"""The exchange rates of somebody else, who is out of order every other time."""

import itertools
from decimal import Decimal

from aiohttp import web

from ponty import DoesNotExist, get, raise_status, render_json, startmeup

EURO_IN = {"USD": Decimal("1.10"), "GBP": Decimal("0.85")}
out_of_order = itertools.cycle([True, False])


@get("/rates/{currency}")
@render_json
async def rate(request: web.Request) -> Decimal:
    if next(out_of_order):
        raise_status(503)
    currency = request.match_info["currency"]
    if currency not in EURO_IN:
        raise DoesNotExist
    return EURO_IN[currency]


if __name__ == "__main__":
    startmeup(port=9000)
