"""Falcon's ASGI application on uvicorn, with msgspec for JSON and its schema checks for bodies, as its recipes show."""

import sys
import time
from typing import Annotated, Any

import falcon
import falcon.asgi
import msgspec
import uvicorn
from async_lru import alru_cache


def envelop(data: object, start: float) -> dict[str, object]:
    elapsed = int((time.perf_counter() - start) * 1000)
    return {"data": data, "elapsed": elapsed, "now": int(time.time() * 1000)}


class Hello:
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, name: str) -> None:
        start = time.perf_counter()
        resp.media = envelop({"greeting": f"hello {name}!"}, start)


class Search:
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        start = time.perf_counter()
        term = req.get_param("term", required=True)
        limit = req.get_param_as_int("limit", min_value=0, default=10)
        sort = req.get_param("sort", default="name")
        if sort not in {"name", "date"}:
            raise falcon.HTTPInvalidParam("must be name or date", "sort")
        resp.media = envelop({"term": term, "limit": limit, "sort": sort}, start)


class Address(msgspec.Struct, forbid_unknown_fields=True):
    street: str
    city: str
    code: str


class Person(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    age: Annotated[int, msgspec.Meta(ge=0)]
    tags: list[str]
    address: Address


class Options(msgspec.Struct, forbid_unknown_fields=True):
    colour: str
    size: str


class Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    price: float
    options: Options
    tags: list[str]


class Order(msgspec.Struct, forbid_unknown_fields=True):
    number: int
    customer: Person
    lines: list[Line]


def convert(media: object, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(media, kind)
    except msgspec.ValidationError as error:
        raise falcon.MediaValidationError(description=str(error)) from None


class People:
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        person = convert(await req.get_media(), Person)
        start = time.perf_counter()
        resp.media = envelop({"name": person.name, "age": person.age, "city": person.address.city}, start)


class Orders:
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        lines = convert(await req.get_media(), Order).lines
        start = time.perf_counter()
        resp.media = envelop({"lines": len(lines), "pieces": sum(line.quantity for line in lines)}, start)


@alru_cache(maxsize=128)
async def rows(kind: str) -> list[dict[str, object]]:
    return [{"id": number, "kind": kind} for number in range(20)]


class Report:
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, kind: str) -> None:
        start = time.perf_counter()
        resp.media = envelop(await rows(kind), start)


app = falcon.asgi.App()
handler = falcon.media.JSONHandler(dumps=msgspec.json.Encoder().encode, loads=msgspec.json.Decoder().decode)
app.req_options.media_handlers[falcon.MEDIA_JSON] = handler
app.resp_options.media_handlers[falcon.MEDIA_JSON] = handler
app.add_route("/hello/{name}", Hello())
app.add_route("/search", Search())
app.add_route("/people", People())
app.add_route("/orders", Orders())
app.add_route("/report/{kind}", Report())

if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
