"""A program to attack: routes, queries, forms and bodies, on a free port, which it prints.

`GET /seen` returns the method and the path of each request that reached a handler, but for those of `/seen` itself.
`GET /slow` answers after a moment, so that its client can be gone by then.
"""

import asyncio
import collections
import dataclasses

from aiohttp import web

from ponty import (
    Header,
    ParsedForm,
    ParsedJsonBody,
    QueryParameter,
    Request,
    StringRouteParameter,
    expect,
    get,
    post,
    render_json,
    startmeup,
)

seen = collections.deque[str](maxlen=2000)


@dataclasses.dataclass
class Item:
    """What bodies and forms hold."""

    name: str
    count: int = 1


class ByName(Request):
    """A path, a query and a header."""

    name = StringRouteParameter()
    colour = QueryParameter(str, default="")
    token = Header(str, key="X-Token", default="")


class OneItem(Request):
    """A body of JSON."""

    item = ParsedJsonBody(Item)


class OneForm(Request):
    """A form, either kind of it."""

    form = ParsedForm(Item)


@get(f"/items/{ByName.name}")
@expect(ByName)
@render_json
async def show(name: str, colour: str, token: str) -> list[str]:
    """Return what came."""
    seen.append(f"GET /items/{name}")
    return [name, colour, token]


@post("/items")
@expect(OneItem)
@render_json
async def store(item: Item) -> int:
    """Read a body."""
    seen.append("POST /items")
    return len(item.name)


@post("/forms")
@expect(OneForm)
@render_json
async def fill(form: Item) -> int:
    """Read a form."""
    seen.append("POST /forms")
    return len(form.name)


@post("/unread")
@render_json
async def unread(request: web.Request) -> str:
    """Leave the body where it is."""
    seen.append("POST /unread")
    return "unread"


@get("/slow")
@render_json
async def slow(request: web.Request) -> str:
    """Answer after a moment."""
    await asyncio.sleep(0.05)
    return "slow"


@get("/seen")
@render_json
async def what_was_seen(request: web.Request) -> list[str]:
    """Return what reached the handlers above."""
    return list(seen)


if __name__ == "__main__":
    startmeup(port=0)
