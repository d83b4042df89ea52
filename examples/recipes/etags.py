"""A price list that a client downloads again only if it has changed, and that shared caches may keep for a minute."""

import dataclasses

from aiohttp import web

from ponty import ParsedJsonBody, Reply, Request, Routes, expect, render_json, startmeup

PRICES = {"red": 750, "blue": 900}


@dataclasses.dataclass
class Change:
    colour: str
    cents: int


class ChangePrice(Request):
    change = ParsedJsonBody(Change)


prices = Routes("/prices")


@prices.get("")
@render_json(dict[str, int], etag=True)
async def show_prices(request: web.Request) -> Reply[dict[str, int]]:
    return Reply(PRICES, headers={"Cache-Control": "public, max-age=60"})


@prices.put("")
@expect(ChangePrice)
@render_json(status=204)
async def change_price(change: Change) -> None:
    PRICES[change.colour] = change.cents


if __name__ == "__main__":
    startmeup(port=8080, routes=[prices])
