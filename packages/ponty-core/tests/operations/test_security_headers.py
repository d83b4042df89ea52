"""What each answer tells browsers."""

import pytest
from aiohttp import web

from ponty.core import Reply, get, render_json, security_headers

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


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "private, no-cache"),
        ({"cache-control": "max-age=5"}, "max-age=5"),
        ({"Cache-Control": None}, None),
    ],
)
async def test_what_has_an_entity_tag_is_kept_by_the_browser_that_asks_for_it(serve, headers, told):
    """With `no-store` a browser would keep nothing, and never have a tag to ask with."""

    @get("/tagged")
    @render_json(etag=True)
    async def tagged(request: web.Request) -> str:
        return "a mug"

    @get("/tagged/stream")
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"ETag": '"a"'})
        await answer.prepare(request)
        return answer

    client = await serve(middlewares=[security_headers(headers=headers)])
    for path in ("/tagged", "/tagged/stream"):
        async with client.get(path) as answer:
            assert answer.headers.get("Cache-Control") == told
    async with client.get("/tagged") as answer:
        etag = answer.headers["ETag"]
    async with client.get("/tagged", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
        assert answer.headers.get("Cache-Control") == told


async def test_a_handler_s_own_word_on_caches_stays_beside_an_entity_tag(serve):
    @get("/tagged")
    @render_json(etag=True)
    async def tagged(request: web.Request) -> Reply[str]:
        return Reply("a mug", headers={"Cache-Control": "public, max-age=60"})

    client = await serve(middlewares=[security_headers()])
    async with client.get("/tagged") as answer:
        assert answer.headers.getall("Cache-Control") == ["public, max-age=60"]


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
        ({"hsts_seconds": -1}, "hsts_seconds must be a number of at least 0"),
        ({"headers": {"bad name": "x"}}, "is not a valid header name"),
        ({"headers": {"X-A": "a\r\nSet-Cookie: b"}}, "is not a valid header name"),
        ({"headers": {"X-A": ""}}, "is not a valid header name"),
    ],
)
def test_what_is_no_header_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        security_headers(**options)
