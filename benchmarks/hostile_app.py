"""What strangers are let at: a query, bodies that are read in several ways, one that is not, and a large answer."""

import dataclasses

from aiohttp import web

from ponty import (
    ParsedForm,
    ParsedJsonBody,
    QueryParameter,
    Request,
    expect,
    get,
    post,
    render_json,
    startmeup,
)

LARGE = "x" * 1_000_000


@dataclasses.dataclass
class Item:
    name: str
    counts: list[int] = dataclasses.field(default_factory=list)


class GetItem(Request):
    colour = QueryParameter(str, default="")


class PostItem(Request):
    item = ParsedJsonBody(Item)


class PostForm(Request):
    form = ParsedForm(Item)


@get("/item")
@expect(GetItem)
@render_json
async def show(colour: str) -> str:
    return colour


@get("/large")
@render_json
async def large(_: web.Request) -> str:
    return LARGE


@post("/item")
@expect(PostItem)
@render_json
async def store(item: Item) -> int:
    return len(item.counts)


@post("/form")
@expect(PostForm)
@render_json
async def fill(form: Item) -> int:
    return len(form.counts)


@post("/unread")
@render_json
async def unread(_: web.Request) -> str:
    return "unread"


if __name__ == "__main__":
    startmeup(port=0, access_log=None)
