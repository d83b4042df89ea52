"""Middlewares in a good order, and a custom one that logs how long each answer took."""

import logging
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from ponty import DoesNotExist, Routes, cors, render_json, request_ids, security_headers, startmeup, trusted_proxies

log = logging.getLogger("shop.times")


@web.middleware
async def stopwatch(request: web.Request, handler: Handler) -> web.StreamResponse:
    began = time.monotonic()
    answer = await handler(request)
    log.info("%s %d after %.3f s", request.method, answer.status, time.monotonic() - began)
    return answer


mugs = Routes("/mugs")


@mugs.get("")
@render_json(list[str])
async def list_mugs(request: web.Request) -> list[str]:
    return ["red", "blue"]


@mugs.get("/nothing")
@render_json
async def nothing(request: web.Request) -> None:
    raise DoesNotExist


if __name__ == "__main__":
    startmeup(
        port=8080,
        routes=[mugs],
        middlewares=[
            trusted_proxies("127.0.0.1"),  # the client's address; all others use it
            request_ids(trusted=["127.0.0.1"]),  # so that everything below is logged with the id
            cors(["https://shop.example"]),  # so that pages can read all answers below
            security_headers(),
            stopwatch,
        ],
    )
