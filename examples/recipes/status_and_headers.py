"""Answers with a given status, headers and cookies, and one without a body."""

import dataclasses
from http.cookies import Morsel, SimpleCookie
from typing import Annotated

from aiohttp import web
from aiohttp.typedefs import Handler

from ponty import (
    Annotation,
    DoesNotExist,
    ParsedJsonBody,
    PosIntRouteParameter,
    Reply,
    Request,
    Routes,
    expect,
    render_json,
    startmeup,
)


@dataclasses.dataclass
class NewMug:
    stock: Annotated[int, Annotation(minimum=0)]


@dataclasses.dataclass
class Mug(NewMug):
    id: int


MUGS: dict[int, Mug] = {1: Mug(3, 1)}


class MakeMug(Request):
    mug = ParsedJsonBody(NewMug)


class PutMug(MakeMug):
    number = PosIntRouteParameter()


class OneMug(Request):
    number = PosIntRouteParameter()


mugs = Routes("/mugs")


@mugs.post("")
@expect(MakeMug)
@render_json(Mug, status=201)
async def make(mug: NewMug) -> Reply[Mug]:
    made = MUGS[len(MUGS) + 1] = Mug(mug.stock, len(MUGS) + 1)
    return Reply(made, headers={"Location": f"/mugs/{made.id}"}, cookies={"seen": seen(made.id)})


@mugs.put(f"/{PutMug.number}")
@expect(PutMug)
@render_json(Mug)
async def put(number: int, mug: NewMug) -> Reply[Mug]:
    is_new = number not in MUGS
    MUGS[number] = Mug(mug.stock, number)
    return Reply(MUGS[number], status=201 if is_new else 200)


@mugs.delete(f"/{OneMug.number}")
@expect(OneMug)
@render_json(status=204)
async def smash(number: int) -> None:
    if MUGS.pop(number, None) is None:
        raise DoesNotExist


def seen(number: int) -> "Morsel[str]":
    morsel = SimpleCookie({"seen": str(number)})["seen"]
    morsel.update({"path": "/", "samesite": "Lax", "max-age": "3600"})
    morsel["httponly"] = morsel["secure"] = True
    return morsel


@web.middleware
async def region(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.headers["X-Region"] = "north"
    return answer


if __name__ == "__main__":
    startmeup(port=8080, routes=[mugs], middlewares=[region])
