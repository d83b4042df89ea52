"""Applications of a size: `growth_app.py PORT ponty|aiohttp SHAPE NUMBER`.

Shapes: `static` and `dynamic` routes, `shared` ones that differ only after their variable part, and `fields`, that is
validated query parameters of one route.
"""

import sys
import time

import uvloop
from aiohttp import web

from ponty import PosIntQueryParameter, Request, StringRouteParameter, expect, get, render_json, startmeup

PATHS = {"static": "/static/%d", "dynamic": "/dynamic%d/{name:\\w+}", "shared": "/shared/{name:\\w+}/%d"}


class Named(Request):
    name = StringRouteParameter()


def add_ponty(shape: str, number: int) -> None:
    """Add the routes of Ponty."""
    if shape == "fields":
        cls = type("Many", (Request,), {f"field_{n}": PosIntQueryParameter(required=True) for n in range(number)})

        @get("/fields")
        @expect(cls, whole=True)
        @render_json
        async def add(r: Request) -> int:
            return sum(getattr(r, f"field_{n}") for n in range(number))

        return
    for n in range(number):
        path = PATHS[shape] % n

        @get(path)
        @expect(Request if shape == "static" else Named, whole=True)
        @render_json
        async def hello(r: Request) -> str:  # noqa: ARG001 - the router is what is measured
            return "hello"


def add_aiohttp(app: web.Application, shape: str, number: int) -> None:
    """Add the routes of aiohttp."""

    def answer(data: object, start: float) -> web.Response:
        elapsed = int((time.perf_counter() - start) * 1000)
        return web.json_response({"data": data, "elapsed": elapsed, "now": int(time.time() * 1000)})

    async def add(request: web.Request) -> web.Response:
        start = time.perf_counter()
        total = 0
        for n in range(number):
            text = request.query.get(f"field_{n}")
            if text is None or not (text.isascii() and text.isdigit()):
                raise web.HTTPBadRequest(text=f"field_{n} is a non-negative integer")
            total += int(text)
        return answer(total, start)

    async def hello(request: web.Request) -> web.Response:  # noqa: ARG001 - aiohttp gives it
        return answer("hello", time.perf_counter())

    if shape == "fields":
        app.router.add_get("/fields", add)
        return
    for n in range(number):
        app.router.add_get(PATHS[shape] % n, hello)


if __name__ == "__main__":
    _, port, kind, shape, number = sys.argv
    if kind == "ponty":
        add_ponty(shape, int(number))
        startmeup(port=int(port))
    else:
        app = web.Application()
        add_aiohttp(app, shape, int(number))
        web.run_app(app, host="127.0.0.1", port=int(port), loop=uvloop.new_event_loop())
