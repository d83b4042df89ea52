"""A front end beside its API: assets, and one page for all paths of its own router, under a strict policy."""

import os
import pathlib

from aiohttp import web

from ponty import Request, Routes, build_app, expect, render_json, security_headers, serve

BUILT = pathlib.Path(os.environ.get("FRONT", "front/dist"))  # the output of Vite, webpack or another bundler
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

api = Routes("/api")


@api.get("/mugs")
@render_json(list[str])
async def mugs(request: web.Request) -> list[str]:
    return ["red", "blue"]


class AnyPage(Request):
    pass


front = Routes(middlewares=[security_headers(headers={"Content-Security-Policy": POLICY})])


@front.get("/{path:(?!api/|assets/).*}", hidden=True)
@expect(AnyPage)
async def page() -> web.FileResponse:
    return web.FileResponse(BUILT / "index.html", headers={"Cache-Control": "no-cache"})


async def keep(request: web.Request, answer: web.StreamResponse) -> None:
    """Let browsers keep files whose names have a hash of their content, but no 404."""
    if answer.status in {200, 206, 304}:
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"


def build() -> web.Application:
    assets = web.Application()
    assets.router.add_static("/", BUILT / "assets")
    assets.on_response_prepare.append(keep)
    app = build_app(routes=[api, front], middlewares=[security_headers()])
    app.add_subapp("/assets/", assets)
    return app


if __name__ == "__main__":
    serve(build(), port=8080)
