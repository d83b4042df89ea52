"""A program that breaks each promise at a route of its own, for who tries to find that out."""

import dataclasses
import time
from typing import Annotated

from aiohttp import web

from ponty import (
    AIOHttpReq,
    Annotation,
    ParsedJsonBody,
    PontyError,
    QueryParameter,
    Request,
    Routes,
    expect,
    render_json,
    startmeup,
)

table = Routes()


@dataclasses.dataclass
class Mug:
    colour: Annotated[str, Annotation(maxLength=400)]
    size: int = 1


class NewMug(Request):
    mug = ParsedJsonBody(Mug)


class Named(Request):
    request = AIOHttpReq()
    name = QueryParameter(Annotated[str, Annotation(maxLength=5000)], default="ann")


class Refused(PontyError):
    """The name is none."""

    status_code = 400


@table.get("/good")
@expect(Named)
@render_json(str)
async def good(request: web.Request, name: str) -> str:
    """Break no promise."""
    return "fine"


@table.get("/fails")
@expect(Named)
@render_json(int)
async def fails(request: web.Request, name: str) -> int:
    """Fail where a name is not made of letters."""
    return 1 // name.isalnum()


@table.get("/long", raises=[Refused])
@expect(Named)
@render_json(str)
async def long(request: web.Request, name: str) -> str:
    """Explain at length what is wrong."""
    if not name.isalnum():
        raise Refused(detail="no " * 5000)
    return "fine"


@table.get("/repeats", raises=[Refused])
@expect(Named)
@render_json(str)
async def repeats(request: web.Request, name: str) -> str:
    """Say what was asked for, where there is none."""
    if name != "ann":
        raise Refused(detail=f"there is no {name}")
    return "fine"


@table.get("/otherwise")
@expect(Named)
@render_json(int, envelope=False)
async def otherwise(request: web.Request, name: str) -> int:
    """Say a text for a number."""
    raise web.HTTPOk(text='"a"', content_type="application/json")


@table.post("/costs")
@expect(NewMug)
@render_json(int)
async def costs(mug: Mug) -> int:
    """Compare each letter of a colour with each."""
    return sum(is_less(left, right) for left in mug.colour for right in mug.colour)


def is_less(left: str, right: str) -> bool:
    return left < right


@table.get("/holds")
@expect(Named)
@render_json(str)
async def holds(request: web.Request, name: str) -> str:
    """Sleep where others should run."""
    if not name.isalnum():
        time.sleep(1)  # noqa: ASYNC251 - that is what is wrong
    return "fine"


@table.get("/cuts")
@expect(Named)
@render_json(str)
async def cuts(request: web.Request, name: str) -> str:
    """Hang up on some."""
    if not name.isalnum() and request.transport is not None:
        request.transport.abort()
    return "fine"


@table.get("/out-of-step", raises=[Refused])
@expect(Named)
@render_json(str)
async def out_of_step(request: web.Request, name: str) -> str:
    """Answer twice."""
    if not name.isalnum() and request.transport is not None:
        request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: application/json\r\n\r\n")
        raise Refused
    return "fine"


if __name__ == "__main__":
    startmeup(port=0, routes=[table])
