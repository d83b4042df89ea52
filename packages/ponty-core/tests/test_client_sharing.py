"""What callers of one client do is nobody else's trouble: nested leases, closed sessions, cookies."""

import asyncio
import logging
import re

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ponty.core import build_app, get, http_client_provider, lease_http_client
from ponty.core.lifecycle import client_places

pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning")


@pytest.fixture
async def upstream(aiohttp_server):
    """Serve a sum of money, slowly on demand, and set a cookie."""
    app = web.Application()
    seen, here = [], []

    async def money(request):
        seen.append(dict(request.cookies))
        answer = web.json_response(3)
        answer.set_cookie("session", "ann")
        return answer

    async def long(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"begin")
        await request.app["end"].wait()
        return answer

    async def pair(request):
        """Answer, two at a time, how many are asking."""
        here.append(request)
        await app["pair"].wait()
        count = len(here)
        await app["pair"].wait()
        here.remove(request)
        return web.json_response(count)

    async def redirect(request):
        raise web.HTTPFound("/", headers={"Set-Cookie": "hop=1"})

    app["pair"] = asyncio.Barrier(2)
    app["end"] = asyncio.Event()
    app["seen"] = seen
    app.router.add_get("/", money)
    app.router.add_get("/long", long)
    app.router.add_get("/pair", pair)
    app.router.add_get("/hop", redirect)
    server = await aiohttp_server(app)
    yield server
    app["end"].set()


async def running(*providers):
    """Start an application, in the manner of a server."""
    runner = web.AppRunner(build_app(providers=providers))
    await runner.setup()
    return runner


class TestNesting:
    async def test_a_decorator_that_leases_around_a_handler_that_leases_holds_up_nobody(self, upstream):
        def paid(handler):
            async def respond(request: web.Request) -> web.Response:
                async with lease_http_client() as session, session.get(upstream.make_url("/")) as answer:
                    assert answer.status == 200
                    return await handler(request)

            return respond

        @get("/")
        @paid
        async def handler(request: web.Request) -> web.Response:
            async with lease_http_client() as session, session.get(upstream.make_url("/")) as answer:
                return web.Response(text=await answer.text())

        provider = http_client_provider(concurrency=2, timeout=None, lease_timeout=None)
        async with TestClient(TestServer(build_app(providers=[provider]))) as client:

            async def ask():
                async with client.get("/") as answer:
                    return await answer.text()

            assert await asyncio.gather(*(ask() for _ in range(20))) == ["3"] * 20

    async def test_a_request_within_the_reading_of_another_s_answer_waits_for_no_connection(self, upstream):
        runner = await running(http_client_provider(concurrency=1, timeout=None))
        async with lease_http_client() as session, session.get(upstream.make_url("/long")) as outer:
            assert await outer.content.read(5) == b"begin"
            async with lease_http_client() as again, again.get(upstream.make_url("/")) as inner:
                assert await inner.json() == 3

            async def ask():
                async with session.get(upstream.make_url("/")) as answer:
                    return await answer.json()

            assert await asyncio.create_task(ask()) == 3
        await runner.cleanup()

    async def test_a_task_that_a_lease_waits_for_gets_through(self, upstream, monkeypatch, caplog):
        monkeypatch.setattr(client_places, "NESTED_WAIT", 0.01)
        runner = await running(http_client_provider(concurrency=1))

        async def ask():
            async with lease_http_client() as session, session.get(upstream.make_url("/")) as answer:
                return await answer.json()

        async with lease_http_client():
            assert await asyncio.gather(ask(), ask()) == [3, 3]
        assert "leases of the HTTP client '_default': all 1 places have been taken" in caplog.text
        await runner.cleanup()

    async def test_requests_of_one_lease_are_bounded_too(self, upstream):
        runner = await running(http_client_provider(concurrency=2))
        async with lease_http_client() as session:

            async def ask():
                async with session.get(upstream.make_url("/pair")) as answer:
                    return await answer.json()

            assert max(await asyncio.gather(*(ask() for _ in range(6)))) == 2
            assert session.connector._reading == {}
        await runner.cleanup()

    async def test_a_slot_comes_back_when_nobody_can_be_reached(self, unused_tcp_port):
        runner = await running(http_client_provider(concurrency=1))
        async with lease_http_client() as session:
            for _ in range(3):
                with pytest.raises(aiohttp.ClientConnectorError):
                    await session.get(f"http://127.0.0.1:{unused_tcp_port}/")
        await runner.cleanup()


def test_a_wait_for_a_place_is_logged_and_has_a_limit(run_virtually, caplog):
    async def main():
        runner = await running(http_client_provider(name="prices", concurrency=2))
        loop = asyncio.get_running_loop()
        leases = [lease_http_client("prices") for _ in range(5)]
        began = loop.time()
        done = await asyncio.gather(*(lease.__aenter__() for lease in leases), return_exceptions=True)
        assert loop.time() - began == pytest.approx(30)
        assert [type(error) for error in done[2:]] == [TimeoutError] * 3
        assert str(done[2]).startswith("leases of the HTTP client 'prices': none of 2 places came free within 30")
        await runner.cleanup()

    with caplog.at_level(logging.WARNING, "ponty.core"):
        run_virtually(main())
    assert caplog.messages == ["leases of the HTTP client 'prices': all 2 places have been taken for 1 s, 3 wait"]


async def test_a_session_that_one_caller_closes_is_there_for_all(upstream):
    runner = await running(http_client_provider())
    async with lease_http_client() as session, session:
        await session.close()
    async with lease_http_client() as session, session.get(upstream.make_url("/")) as answer:
        assert await answer.json() == 3
    await runner.cleanup()
    assert session.closed


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({}, {}),
        ({"cookies": {"app": "ponty"}}, {"app": "ponty"}),
        ({"cookie_jar": lambda: aiohttp.CookieJar(unsafe=True)}, {"session": "ann", "hop": "1"}),
        ({"cookie_jar": aiohttp.DummyCookieJar}, {}),
    ],
    ids=["none", "of the program", "a jar that is asked for", "a dummy"],
)
async def test_the_cookies_that_the_next_user_s_call_carries(upstream, options, sent):
    runner = await running(http_client_provider(**options))
    async with lease_http_client() as session:
        for path in ("/", "/hop", "/"):
            async with session.get(upstream.make_url(path)) as answer:
                await answer.read()
    assert upstream.app["seen"][-1] == sent
    await runner.cleanup()


async def test_a_call_s_own_cookies_are_sent_beside_the_program_s(upstream):
    runner = await running(http_client_provider(cookies={"app": "ponty"}))
    async with (
        lease_http_client() as session,
        session.get(upstream.make_url("/"), cookies={"user": "bob"}) as answer,
    ):
        assert answer.status == 200
    async with lease_http_client() as session, session.get(upstream.make_url("/")) as answer:
        assert answer.status == 200
    assert upstream.app["seen"] == [{"app": "ponty", "user": "bob"}, {"app": "ponty"}]
    await runner.cleanup()


async def test_a_client_timeout_says_more_than_seconds():
    limits = aiohttp.ClientTimeout(total=3, sock_connect=1)
    runner = await running(http_client_provider(timeout=limits))
    async with lease_http_client() as session:
        assert session.timeout == limits
    await runner.cleanup()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"concurrency": 2.5}, "concurrency must be a whole number of at least 1, not 2.5"),
        ({"concurrency": "3"}, "concurrency must be a whole number of at least 1, not '3'"),
        ({"concurrency": True}, "concurrency must be a whole number of at least 1, not True"),
        ({"timeout": "5"}, "timeout must be more than 0 seconds, an aiohttp.ClientTimeout or None, not '5'"),
        ({"lease_timeout": 0}, "lease_timeout must be more than 0 seconds, not 0"),
        ({"lease_timeout": "1"}, "lease_timeout must be more than 0 seconds, not '1'"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(options, words):
    with pytest.raises(ValueError, match=f"^http_client_provider\\('_default'\\): {re.escape(words)}$"):
        http_client_provider(**options)
