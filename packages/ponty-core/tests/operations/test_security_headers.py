"""What each answer tells browsers."""

import pytest
from aiohttp import web

from ponty.core import get, security_headers

USUAL = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@pytest.fixture(autouse=True)
def page(routes):
    @get("/page")
    async def page(request: web.Request) -> web.Response:
        return web.Response(headers={"Content-Security-Policy": "default-src 'self'", "cache-control": "max-age=60"})

    @get("/stream")
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        return answer


@pytest.mark.parametrize("path", ["/stream", "/nothing"])
async def test_each_answer_has_them(serve, path):
    client = await serve(middlewares=[security_headers()])
    async with client.get(path) as answer:
        assert {name: answer.headers[name] for name in USUAL} == USUAL
        assert "Strict-Transport-Security" not in answer.headers


async def test_what_a_handler_says_itself_stays(serve):
    client = await serve(middlewares=[security_headers()])
    async with client.get("/page") as answer:
        assert answer.headers.getall("Content-Security-Policy") == ["default-src 'self'"]
        assert answer.headers.getall("Cache-Control") == ["max-age=60"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("seconds", "told"), [(60, "max-age=60"), (None, None)])
async def test_https_is_kept_to_where_the_request_came_by_it(serve, seconds, told):
    @web.middleware
    async def as_https(request, handler):
        return await handler(request.clone(scheme="https"))

    client = await serve(middlewares=[as_https, security_headers(hsts_seconds=seconds)])
    async with client.get("/nothing") as answer:
        assert answer.headers.get("Strict-Transport-Security") == told


async def test_they_can_be_changed_left_out_and_added_to(serve):
    client = await serve(
        middlewares=[
            security_headers(headers={"x-frame-options": "SAMEORIGIN", "Cache-Control": None, "X-Robots-Tag": "none"})
        ]
    )
    async with client.get("/nothing") as answer:
        assert answer.headers.getall("X-Frame-Options") == ["SAMEORIGIN"]
        assert answer.headers["X-Robots-Tag"] == "none"
        assert "Cache-Control" not in answer.headers


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hsts_seconds": -1}, "hsts_seconds is a number from 0 up"),
        ({"headers": {"bad name": "x"}}, "is no header"),
        ({"headers": {"X-A": "a\r\nSet-Cookie: b"}}, "is no header"),
        ({"headers": {"X-A": ""}}, "is no header"),
    ],
)
def test_what_is_no_header_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        security_headers(**options)
