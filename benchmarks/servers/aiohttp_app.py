"""aiohttp by hand: the standard library's json, `web.json_response` and checks written out; on uvloop."""

import sys
import time
from typing import Any

import uvloop
from aiohttp import web
from async_lru import alru_cache

routes = web.RouteTableDef()


def answer(data: object, start: float) -> web.Response:
    elapsed = int((time.perf_counter() - start) * 1000)
    return web.json_response({"data": data, "elapsed": elapsed, "now": int(time.time() * 1000)})


def bad(reason: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=reason)


@routes.get(r"/hello/{name:\w+}")
async def hello(request: web.Request) -> web.Response:
    start = time.perf_counter()
    return answer({"greeting": f"hello {request.match_info['name']}!"}, start)


@routes.get("/search")
async def search(request: web.Request) -> web.Response:
    start = time.perf_counter()
    term = request.query.get("term")
    if term is None:
        raise bad("term is required")
    try:
        limit = int(request.query.get("limit", "10"))
    except ValueError:
        raise bad("limit must be an integer") from None
    if limit < 0:
        raise bad("limit must not be negative")
    sort = request.query.get("sort", "name")
    if sort not in {"name", "date"}:
        raise bad("sort must be name or date")
    return answer({"term": term, "limit": limit, "sort": sort}, start)


async def read_json(request: web.Request) -> Any:
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        return await request.json()
    except ValueError:
        raise bad("the body is not JSON") from None


def check(holder: object, members: dict[str, type]) -> None:
    if not isinstance(holder, dict):
        raise bad("an object is expected")
    for name, kind in members.items():
        if name not in holder:
            raise bad(f"{name} is missing")
        value = holder[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise bad(f"{name} must be {kind.__name__}")
    if len(holder) != len(members):
        raise bad("there is a member that is not known")


def check_texts(texts: list[object]) -> None:
    for text in texts:
        if not isinstance(text, str):
            raise bad("tags must be texts")


def check_person(person: Any) -> None:
    check(person, {"name": str, "age": int, "tags": list, "address": dict})
    if person["age"] < 0:
        raise bad("age must not be negative")
    check_texts(person["tags"])
    check(person["address"], {"street": str, "city": str, "code": str})


@routes.post("/people")
async def add_person(request: web.Request) -> web.Response:
    person = await read_json(request)
    check_person(person)
    start = time.perf_counter()
    return answer({"name": person["name"], "age": person["age"], "city": person["address"]["city"]}, start)


@routes.post("/orders")
async def add_order(request: web.Request) -> web.Response:
    order = await read_json(request)
    check(order, {"number": int, "customer": dict, "lines": list})
    check_person(order["customer"])
    for line in order["lines"]:
        check(line, {"sku": str, "quantity": int, "price": float, "options": dict, "tags": list})
        if line["quantity"] < 1:
            raise bad("quantity must be at least 1")
        check(line["options"], {"colour": str, "size": str})
        check_texts(line["tags"])
    start = time.perf_counter()
    pieces = sum(line["quantity"] for line in order["lines"])
    return answer({"lines": len(order["lines"]), "pieces": pieces}, start)


@alru_cache(maxsize=128)
async def rows(kind: str) -> list[dict[str, object]]:
    return [{"id": number, "kind": kind} for number in range(20)]


@routes.get(r"/report/{kind:\w+}")
async def report(request: web.Request) -> web.Response:
    start = time.perf_counter()
    return answer(await rows(request.match_info["kind"]), start)


if __name__ == "__main__":
    app = web.Application()
    app.add_routes(routes)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), loop=uvloop.new_event_loop())
