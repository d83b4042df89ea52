"""Answers that say more than 200: `render_json` called, `Reply`, `json_response`, entity tags."""

import dataclasses
import datetime
import http.cookies
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from ponty.core import (
    Reply,
    build_app,
    encode_json,
    etag_matches,
    etag_of,
    get,
    json_response,
    post,
    put,
    raise_status,
    render_json,
    route,
)


@dataclasses.dataclass
class Mug:
    id: int
    stock: int = 3


async def test_a_status_of_the_route(serve):
    @post("/mugs")
    @render_json(Mug, status=201)
    async def handler(request: web.Request) -> Mug:
        return Mug(1)

    client = await serve()
    async with client.post("/mugs") as answer:
        assert (answer.status, answer.reason) == (201, "Created")
        assert (await answer.json())["data"] == {"id": 1, "stock": 3}


@pytest.mark.parametrize("decorate", [render_json, render_json(Mug)])
async def test_a_reply_says_more_than_the_value(serve, decorate):
    @post("/mugs")
    @decorate
    async def handler(request: web.Request) -> Reply[Mug]:
        return Reply(Mug(7), status=201, headers={"Location": "/mugs/7"}, cookies={"seen": "7"})

    client = await serve()
    async with client.post("/mugs") as answer:
        assert (answer.status, answer.headers["Location"], answer.cookies["seen"].value) == (201, "/mugs/7", "7")
        assert answer.headers.getall("Content-Type") == ["application/json; charset=utf-8"]
        assert (await answer.json())["data"] == {"id": 7, "stock": 3}


async def test_a_cookie_may_have_attributes(serve):
    jar = http.cookies.SimpleCookie("session=abc")
    jar["session"]["httponly"] = True
    jar["session"]["samesite"] = "Lax"

    @get("/")
    @render_json
    async def handler(request: web.Request) -> Reply[None]:
        return Reply(None, cookies=jar)

    client = await serve()
    async with client.get("/") as answer:
        assert answer.headers["Set-Cookie"] == "session=abc; HttpOnly; SameSite=Lax"


async def test_a_media_type_and_a_header_given_twice(serve):
    @get("/")
    @render_json(envelope=False)
    async def handler(request: web.Request) -> Reply[int]:
        return Reply(1, headers=[("Content-Type", "application/hal+json"), ("Link", "<a>"), ("Link", "<b>")])

    client = await serve()
    async with client.get("/") as answer:
        assert answer.headers["Content-Type"] == "application/hal+json"
        assert answer.headers.getall("Link") == ["<a>", "<b>"]
        assert await answer.text() == "1"


async def test_without_the_envelope_the_value_is_the_answer(serve):
    @get("/")
    @render_json(list[Mug], envelope=False)
    async def handler(request: web.Request) -> list[Mug]:
        return [Mug(1)]

    client = await serve()
    async with client.get("/") as answer:
        assert await answer.json() == [{"id": 1, "stock": 3}]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    ("status", "by_route", "length"), [(204, True, None), (205, True, "0"), (204, False, None), (205, False, "0")]
)
async def test_a_status_without_content_has_none(serve, method, status, by_route, length):
    """RFC 9110 §8.6: no Content-Length with 204. §15.3.6: none of content with 205, and a length of zero says so."""

    @route("*", "/")
    @(render_json(status=status) if by_route else render_json)
    async def handler(request: web.Request) -> Any:
        return None if by_route else Reply(None, status=status)

    client = await serve()
    async with client.request(method, "/") as answer:
        assert answer.status == status
        assert await answer.read() == b""
        if method != "HEAD":  # where it may be left out
            assert answer.headers.get("Content-Length") == length
        assert "Content-Type" not in answer.headers
        assert "Transfer-Encoding" not in answer.headers


async def test_a_value_with_a_status_without_content_is_an_error(serve, caplog):
    @get("/")
    @render_json(status=204)
    async def handler(request: web.Request) -> Any:
        return 1

    client = await serve()
    async with client.get("/") as answer:
        assert answer.status == 500
    assert "has no content" in str(caplog.records[0].exc_info[1])


@pytest.mark.parametrize("large", [False, True])
async def test_head_has_the_length_of_get(serve, large):
    @get("/")
    @render_json(envelope=False, etag=True)
    async def handler(request: web.Request) -> str:
        return "a" * (2**17 if large else 5)

    client = await serve()
    async with client.get("/") as got, client.head("/") as head:
        await got.read()
        assert await head.read() == b""
        for name in ("Content-Length", "Content-Type", "ETag"):
            assert head.headers[name] == got.headers[name]


REFUSED = [
    (lambda: render_json(status=199), ValueError, "from 200 to 599"),
    (lambda: render_json(Mug, status=204), ValueError, "has no content"),
    (lambda: Reply(1, status=700), ValueError, "from 200 to 599"),
    (lambda: json_response(1, status=204), ValueError, "has no content"),
    (lambda: json_response(1, headers={"content-length": "5"}), ValueError, "the header content-length cannot be set"),
    (lambda: json_response(object()), TypeError, "cannot encode"),
    (lambda: render_json(Mug)(lambda request: 1), TypeError, "is not a coroutine function"),
]


@pytest.mark.parametrize(("make", "error", "words"), REFUSED)
def test_what_no_answer_can_be_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


async def test_json_response_is_a_response(serve):
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return json_response({"a": Mug(1)}, status=202, headers={"Cache-Control": "no-store"})

    @get("/empty")
    async def empty(request: web.Request) -> web.Response:
        return json_response(None, status=204)

    client = await serve()
    async with client.get("/") as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (202, "no-store")
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert await answer.read() == encode_json({"a": Mug(1)}) == b'{"a":{"id":1,"stock":3}}'
    async with client.get("/empty") as answer:
        assert (answer.status, await answer.read()) == (204, b"")


def test_what_describes_a_route_finds_how_it_answers():
    @render_json(Mug, status=201, etag=True)
    async def handler(request: web.Request) -> Mug: ...

    @render_json
    async def bare(request: web.Request) -> int: ...

    how = handler.__ponty_answer__
    assert (how.returns, how.status, how.envelope, how.etag) == (Mug, 201, True, True)
    assert bare.__ponty_answer__.returns is None


# Entity tags


@pytest.fixture
async def mug(serve):
    """Serve one mug that says what it is by an entity tag."""
    shop = {"mug": Mug(1)}

    @get("/mug")
    @render_json(Mug, etag=True)
    async def show(request: web.Request) -> Reply[Mug]:
        return Reply(shop["mug"], headers={"Vary": "Accept-Language", "Cache-Control": "max-age=5"})

    @put("/mug")
    @render_json(Mug, etag=True)
    async def change(request: web.Request) -> Mug:
        condition = request.headers.get("If-Match")
        if condition is None:
            raise_status(428)
        if not etag_matches(condition, etag_of(shop["mug"], Mug)):
            raise_status(412)
        shop["mug"] = Mug(1, (await request.json())["stock"])
        return shop["mug"]

    return await serve()


async def test_who_has_it_already_is_told_so(mug):
    async with mug.get("/mug") as first:
        etag = first.headers["ETag"]
        assert etag[0] == etag[-1] == '"'
        assert (await first.json())["data"] == {"id": 1, "stock": 3}
    for condition in (etag, f"W/{etag}", "*", f'"x", {etag}', f'"a,b" , W/"c",{etag}'):
        for method in ("GET", "HEAD"):
            async with mug.request(method, "/mug", headers={"If-None-Match": condition}) as answer:
                assert (answer.status, await answer.read()) == (304, b"")
                assert answer.headers["ETag"] == etag
                assert answer.headers["Vary"] == "Accept-Language"
                assert answer.headers["Cache-Control"] == "max-age=5"
                assert "Content-Type" not in answer.headers
                assert "Content-Length" not in answer.headers
    for condition in ('"x"', etag[1:-1], "", f"{etag[:-1]}"):
        async with mug.get("/mug", headers={"If-None-Match": condition}) as answer:
            assert answer.status == 200


async def test_a_condition_may_stand_in_two_lines(mug):
    async with mug.get("/mug") as first:
        etag = first.headers["ETag"]
    async with mug.get("/mug", headers=[("If-None-Match", '"x"'), ("If-None-Match", etag)]) as answer:
        assert answer.status == 304


async def test_of_two_who_change_it_the_second_is_refused(mug):
    """Nobody overwrites what they have not seen."""
    async with mug.get("/mug") as one, mug.get("/mug") as other:
        seen = one.headers["ETag"], other.headers["ETag"]
    async with mug.put("/mug", json={"stock": 2}) as answer:
        assert answer.status == 428
    async with mug.put("/mug", json={"stock": 2}, headers={"If-Match": seen[0]}) as answer:
        assert answer.status == 200
        now = answer.headers["ETag"]
    async with mug.put("/mug", json={"stock": 9}, headers={"If-Match": seen[1]}) as answer:
        assert answer.status == 412
    async with mug.get("/mug") as answer:
        assert answer.headers["ETag"] == now
        assert (await answer.json())["data"]["stock"] == 2


async def test_a_middleware_sees_the_304(serve):
    seen = []

    @web.middleware
    async def watch(request, handler):
        answer = await handler(request)
        seen.append(answer.status)
        answer.headers["X-Seen"] = "1"
        return answer

    @get("/")
    @render_json(etag=True)
    async def handler(request: web.Request) -> int:
        return 1

    client = await serve(middlewares=[watch])
    async with client.get("/", headers={"If-None-Match": etag_of(1)}) as answer:
        assert (answer.status, answer.headers["X-Seen"]) == (304, "1")
    assert seen == [304]


@pytest.mark.parametrize("envelope", [False, True])
async def test_what_the_encoder_looks_at_twice_has_an_entity_tag_too(serve, envelope):
    """Such as a time with an offset, or a name that is a number."""
    value = {"1": datetime.datetime(2026, 2, 28, tzinfo=datetime.timezone(datetime.timedelta(hours=4, minutes=10)))}

    @get("/")
    @render_json(envelope=envelope, etag=True)
    async def handler(request: web.Request) -> dict[str, datetime.datetime]:
        return value

    client = await serve()
    async with client.get("/") as answer:
        document = await answer.json()
        assert answer.headers["ETag"] == etag_of(value)
    assert (document["data"] if envelope else document) == {"1": "2026-02-28T00:00:00+04:10"}


async def test_a_program_may_have_an_entity_tag_of_its_own(serve):
    @get("/")
    @render_json(etag=True)
    async def handler(request: web.Request) -> Reply[int]:
        return Reply(1, headers={"ETag": 'W/"v3"'}, cookies={"a": "b"})

    client = await serve()
    async with client.get("/", headers={"If-None-Match": '"v3"'}) as answer:
        assert (answer.status, answer.headers["ETag"], answer.cookies["a"].value) == (304, 'W/"v3"', "b")


@pytest.mark.parametrize(
    ("condition", "etag", "strong", "weak"),
    [
        ('"a"', '"a"', True, True),
        ('W/"a"', '"a"', False, True),
        ('"a"', 'W/"a"', False, True),
        ('W/"a"', 'W/"a"', False, True),
        ("*", '"a"', True, True),
        (" * ", '"a"', True, True),
        ('"b", "a"', '"a"', True, True),
        ('"a,b"', '"a"', False, False),
        ('"é"', '"é"', True, True),
        ('""', '""', True, True),
        ("a", '"a"', False, False),
        ('"*"', '"a"', False, False),
        ('"' * 10_000, '"a"', False, False),
    ],
)
def test_entity_tags_are_compared(condition, etag, strong, weak):
    assert etag_matches(condition, etag) is strong
    assert etag_matches(condition, etag, weak=True) is weak


def test_an_entity_tag_is_of_what_is_sent():
    assert etag_of(Mug(1), Mug) == etag_of({"id": 1, "stock": 3, "secret": 5}, Mug) != etag_of(Mug(2), Mug)


# Envelopes


async def test_two_applications_have_envelopes_of_their_own(aiohttp_client):
    """Also on one connection, where one stands below the other."""

    def plain(data: object, elapsed: int, now: int) -> object:
        return {"result": data, "took": elapsed}

    @get("/")
    @render_json
    async def handler(request: web.Request) -> int:
        return 1

    @get("/tagged")
    @render_json(int, etag=True)
    async def tagged(request: web.Request) -> int:
        return 1

    @get("/bare")
    @render_json(envelope=False)
    async def bare(request: web.Request) -> int:
        return 1

    outer = build_app()
    outer.add_subapp("/below", build_app(envelope=plain))
    client = await aiohttp_client(outer)
    for _ in range(2):
        for path in ("/", "/tagged"):
            async with client.get(f"/below{path}") as answer:
                assert (await answer.json()).keys() == {"result", "took"}
            async with client.get(path) as answer:
                assert (await answer.json()).keys() == {"data", "elapsed", "now"}
        async with client.get("/below/bare") as answer:
            assert await answer.json() == 1


async def test_a_handler_that_a_test_calls_needs_no_application():
    @render_json(Mug)
    async def handler() -> Mug:
        return Mug(1)

    assert json.loads((await handler()).body)["data"] == {"id": 1, "stock": 3}


@pytest.mark.parametrize("etag", [False, True])
async def test_an_application_may_have_no_envelope(serve, etag):
    @get("/mug")
    @render_json(Mug, etag=etag)
    async def mug(request: web.Request) -> Mug:
        return Mug(1)

    @get("/mugs")
    @render_json(list[Mug])
    async def mugs(request: web.Request) -> AsyncIterator[Mug]:
        yield Mug(1)

    client = await serve(envelope=False)
    for path, document in (("/mug", {"id": 1, "stock": 3}), ("/mugs", [{"id": 1, "stock": 3}])):
        async with client.get(path) as answer:
            assert await answer.json() == document
            assert ("ETag" in answer.headers) is (etag and path == "/mug")


@pytest.mark.parametrize("envelope", [{"data": None}, True])
def test_an_envelope_is_a_function(envelope):
    with pytest.raises(TypeError, match="envelope must be a function of a value and two numbers, or False"):
        build_app(envelope=envelope)
