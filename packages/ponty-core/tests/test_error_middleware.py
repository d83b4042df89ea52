"""Nothing leaks, nothing is logged twice, and no answer cuts the connection without need."""

import asyncio
import json
import logging

import pytest
from aiohttp import ClientError, web

from ponty.core import DoesNotExist, get, post

SECRET = "the password is hunter2"


async def test_an_unhandled_exception_leaks_nothing_and_is_logged_once_with_its_traceback(serve, caplog):
    @get("/thing/{id}")
    async def handler(request: web.Request) -> web.Response:
        raise RuntimeError(SECRET)

    client = await serve()
    async with client.get("/thing/7", headers={"Accept": "text/html"}) as answer:
        assert answer.status == 500
        assert json.loads(await answer.read()) == {
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
        }
        assert SECRET not in str(answer.headers)
    (record,) = caplog.records
    assert record.getMessage() == "GET /thing/{id} failed"
    assert SECRET in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError,
        asyncio.TimeoutError,
        ConnectionResetError,
        RecursionError,
        ExceptionGroup("two", [ValueError(), KeyError()]),
    ],
)
async def test_any_exception_is_a_500(serve, caplog, error):
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        raise error

    client = await serve()
    async with client.get("/") as answer:
        assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert len(caplog.records) == 1


@pytest.mark.parametrize("value", [None, "text", {"a": 1}])
async def test_a_handler_that_returns_no_response_is_a_500_that_says_so(serve, caplog, value):
    @get("/")
    async def handler(request: web.Request) -> object:
        return value

    client = await serve()
    async with client.get("/") as answer:
        assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert f"handler' returned {type(value).__qualname__!r}, not a response: @render_json" in caplog.text.replace(
        "\\'", "'"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Evil": "a\r\nSet-Cookie: b=c"},
        {"X-Evil": "a\nb"},
        {"X-Evil": "a\rb"},
        {"X-Evil": "a\0b"},
        {"X-Evil": "a\x01"},
        {"X-Evil": "\x0b"},
        {"X-Evil": "\x7f"},
        {"X-Evil\r\nX-More": "a"},
        {"X-Evil": "\udcff"},
    ],
    ids=repr,
)
async def test_a_header_that_cannot_be_sent_is_a_clean_500(serve, caplog, headers):
    if isinstance(headers, set):
        headers = dict.fromkeys(headers, "a")

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(headers=headers)

    @get("/raised")
    async def raised(request: web.Request) -> web.Response:
        raise web.HTTPNotFound(headers=headers)

    client = await serve()
    for path in ("/", "/raised"):
        async with client.get(path) as answer:
            assert (answer.status, answer.content_type) == (500, "application/problem+json")
            assert "Set-Cookie" not in answer.headers
    assert len(caplog.records) == 2


async def test_a_cookie_that_cannot_be_sent_is_a_clean_500(serve, caplog):
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        answer = web.Response()
        answer.set_cookie("a", "b", path="/\r\nX-Evil: c")
        return answer

    client = await serve()
    async with client.get("/") as answer:
        assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert len(caplog.records) == 1


async def test_headers_and_cookies_that_can_be_sent_are(serve):
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        answer = web.Response(headers={"X-Name": "Zoë \t x"})
        answer.set_cookie("a", "b")
        return answer

    client = await serve()
    async with client.get("/") as answer:
        assert (answer.status, answer.headers["X-Name"], answer.cookies["a"].value) == (200, "Zoë \t x", "b")


@pytest.mark.parametrize("error", [RuntimeError(SECRET), web.HTTPNotFound()])
async def test_a_failure_after_the_answer_began_cuts_the_connection(serve, caplog, error):
    """A second answer in the middle of the first would be taken for a part of it."""

    @get("/")
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"begun")
        raise error

    client = await serve()
    with pytest.raises(ClientError):
        async with client.get("/") as answer:
            assert answer.status == 200
            await answer.read()
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1


async def test_what_a_user_s_middleware_raises_is_answered(serve):
    @web.middleware
    async def refuse(request, handler):
        if (await handler(request)).status == 500:
            raise web.HTTPConflict
        raise DoesNotExist

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        raise KeyError("a")

    client = await serve(middlewares=[refuse])
    for path, status in (("/", 409), ("/nowhere", 404)):
        async with client.get(path) as answer:
            assert (answer.status, answer.content_type) == (status, "application/problem+json")


async def test_a_client_that_leaves_in_its_body_is_not_logged_as_an_error(serve, caplog):
    began, ended = asyncio.Event(), asyncio.Event()

    @post("/")
    async def handler(request: web.Request) -> web.Response:
        began.set()
        try:
            return web.Response(body=await request.read())
        finally:
            ended.set()

    client = await serve()
    _, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
    await began.wait()
    writer.close()
    await ended.wait()
    await writer.wait_closed()
    assert caplog.records == []


async def test_a_cancellation_that_nobody_asked_for_is_a_500(serve, caplog):
    """The handler waited for a task of its own, which was cancelled."""

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        task = asyncio.create_task(asyncio.sleep(9))
        task.cancel()
        await task
        return web.Response()

    client = await serve()
    async with client.get("/") as answer:
        assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert len(caplog.records) == 1


async def test_a_handler_that_is_cancelled_is_not_answered(serve, caplog):
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        asyncio.current_task().cancel()
        await asyncio.sleep(0)
        return web.Response()

    client = await serve()
    with pytest.raises(ClientError):
        await client.get("/")
    assert caplog.records == []


async def test_a_client_that_leaves_a_stream_is_not_logged(serve, caplog):
    ended = asyncio.Event()

    @get("/")
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x" * 65536)
        finally:
            ended.set()

    client = await serve()
    answer = await client.get("/")
    answer.close()
    await ended.wait()
    await asyncio.sleep(0)
    assert caplog.records == []


async def test_an_exception_raised_again_and_again_is_answered_each_time(serve):
    gone = web.HTTPGone(headers={"X-A": "b"})
    gone.set_cookie("c", "d")
    worded = web.HTTPGone(text="no more")

    @get("/gone")
    async def handler(request: web.Request) -> web.Response:
        raise gone

    @get("/worded")
    async def other(request: web.Request) -> web.Response:
        raise worded

    @get("/returned")
    async def returned(request: web.Request) -> web.Response:
        return gone

    client = await serve()
    for _ in range(3):
        for path in ("/gone", "/returned"):
            async with client.get(path) as answer:
                assert (answer.status, answer.content_type) == (410, "application/problem+json")
                assert (answer.headers.getall("X-A"), answer.headers.getall("Set-Cookie")) == (["b"], ["c=d; Path=/"])
                assert (await answer.json(content_type=None))["title"] == "Gone"
        async with client.get("/worded") as answer:
            assert (answer.status, await answer.text()) == (410, "no more")


async def test_a_response_that_was_sent_before_is_a_clean_500(serve, caplog):
    once = web.Response(text="once")

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return once

    client = await serve()
    statuses = []
    for _ in range(2):
        async with client.get("/") as answer:
            statuses.append(answer.status)
    assert statuses == [200, 500]
    assert "a handler returns a new response each time" in caplog.text


@pytest.mark.parametrize("finished", [False, True])
async def test_a_response_that_the_handler_itself_began_is_sent(serve, finished):
    @get("/")
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.Response(text="hello")
        await answer.prepare(request)
        if finished:
            await answer.write_eof()
        return answer

    client = await serve()
    async with client.get("/") as answer:
        assert (answer.status, await answer.text()) == (200, "hello")


@pytest.mark.parametrize("reason", ["a\0b", "a\x7f", "\udcff"])
async def test_a_reason_that_cannot_be_sent_is_a_clean_500(serve, caplog, reason):
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(reason=reason)

    client = await serve()
    async with client.get("/") as answer:
        assert (answer.status, answer.reason, answer.content_type) == (
            500,
            "Internal Server Error",
            "application/problem+json",
        )


@pytest.mark.parametrize(("value", "status"), [("100-continue", 200), ("100-Continue", 200), ("SECRET", 417)])
async def test_an_expectation_is_met_or_refused_without_a_word_of_it(serve, value, status):
    @post("/")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    client = await serve()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        f"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\nExpect: {value}\r\n\r\n".encode()
    )
    if status == 200:
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"abc")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert int(head.split()[1]) == status
    assert b"SECRET" not in head + body
    assert (b"application/problem+json" in head) == (status == 417)
