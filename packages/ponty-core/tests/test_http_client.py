"""The shared HTTP client."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ponty.core import build_app, get, http_client_provider, lease_http_client

GATE = web.AppKey("GATE", asyncio.Event)
ARRIVED = web.AppKey("ARRIVED", asyncio.Semaphore)


@pytest.fixture
async def upstream(aiohttp_server):
    """Serve what the client asks for: its headers and cookies, and a place to wait."""
    app = web.Application()
    app[GATE] = asyncio.Event()
    app[ARRIVED] = asyncio.Semaphore(0)

    async def echo(request):
        return web.json_response({"headers": dict(request.headers), "cookies": dict(request.cookies)})

    async def wait(request):
        app[ARRIVED].release()
        await app[GATE].wait()
        return web.Response()

    app.router.add_get("/", echo)
    app.router.add_get("/wait", wait)
    return await aiohttp_server(app)


async def running(*providers):
    """Start an application, in the manner of a server."""
    runner = web.AppRunner(build_app(providers=providers))
    await runner.setup()
    return runner


async def test_a_session_is_leased_while_the_application_runs(upstream):
    runner = await running(http_client_provider(headers={"X-Me": "ponty"}, cookies={"a": "b"}))
    async with lease_http_client() as session, session.get(upstream.make_url("/")) as answer:
        seen = await answer.json()
    assert seen["headers"]["X-Me"] == "ponty"
    assert seen["cookies"] == {"a": "b"}
    await runner.cleanup()
    assert session.closed


@pytest.mark.parametrize("when", ["before", "after"])
async def test_there_is_nothing_to_lease_before_the_start_and_after_the_teardown(when):
    runner = web.AppRunner(build_app(providers=[http_client_provider(name="mail")]))
    if when == "after":
        await runner.setup()
        await runner.cleanup()
    with pytest.raises(KeyError, match="no HTTP client named 'mail' is running; registered: none"):
        async with lease_http_client("mail"):
            pass


async def test_an_unknown_name_is_answered_with_the_known_ones():
    runner = await running(http_client_provider(name="mail"), http_client_provider(name="maps"))
    with pytest.raises(KeyError, match="no HTTP client named '_default' is running; registered: 'mail', 'maps'"):
        async with lease_http_client():
            pass
    await runner.cleanup()


async def test_so_many_requests_are_made_at_once_and_the_others_wait_in_turn(upstream):
    runner = await running(http_client_provider(concurrency=2))
    order = []

    async def fetch(n):
        async with lease_http_client() as session:
            order.append(n)
            async with session.get(upstream.make_url("/wait")):
                pass

    tasks = [asyncio.create_task(fetch(n)) for n in range(5)]
    for _ in range(2):
        await upstream.app[ARRIVED].acquire()
    assert order == [0, 1]
    assert upstream.app[ARRIVED].locked()
    upstream.app[GATE].set()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4]
    await runner.cleanup()


async def test_more_places_than_aiohttp_has_connections_by_default_are_real():
    runner = await running(http_client_provider(concurrency=150))
    async with lease_http_client() as session:
        assert session.connector.limit == 150
        assert session.timeout.total == 5
    await runner.cleanup()


async def test_a_place_comes_back_when_the_block_fails_or_is_cancelled():
    runner = await running(http_client_provider(concurrency=1))
    for error in (RuntimeError, asyncio.CancelledError):
        with pytest.raises(error):
            async with lease_http_client():
                raise error
    waiting = asyncio.create_task(lease_http_client().__aenter__())
    async with lease_http_client():
        await asyncio.sleep(0)
        waiting.cancel()
    async with lease_http_client():
        pass
    await asyncio.gather(waiting, return_exceptions=True)
    await runner.cleanup()


async def test_those_who_wait_for_a_place_at_teardown_get_a_key_error():
    runner = await running(http_client_provider(concurrency=1))

    async def wait():
        async with lease_http_client():
            raise AssertionError("a closed session was leased")

    async with lease_http_client():
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        await runner.cleanup()
    with pytest.raises(KeyError):
        await task


async def test_two_applications_at_once_have_each_its_own_client_of_one_name():
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        async with lease_http_client() as session:
            return web.json_response(session.headers["X-App"])

    apps = [build_app(providers=[http_client_provider(headers={"X-App": name})]) for name in "ab"]
    async with TestClient(TestServer(apps[0])) as a, TestClient(TestServer(apps[1])) as b:
        for client, name in [(a, "a"), (b, "b"), (a, "a")]:
            async with client.get("/") as answer:
                assert await answer.json() == name


async def test_a_sub_application_has_its_parent_s_client_and_no_stranger_s():
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        async with lease_http_client() as session:
            return web.json_response(session.headers["X-App"])

    parent = build_app(providers=[http_client_provider(headers={"X-App": "parent"})])
    parent.add_subapp("/child", build_app())
    stranger = build_app(providers=[http_client_provider(headers={"X-App": "stranger"})])
    async with (
        TestClient(TestServer(parent)) as client,
        TestClient(TestServer(stranger)),
        client.get("/child/") as answer,
    ):
        assert await answer.json() == "parent"


async def test_an_application_without_a_client_has_no_stranger_s(caplog):
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        async with lease_http_client():
            return web.Response()

    stranger = build_app(providers=[http_client_provider()])
    async with (
        TestClient(TestServer(build_app())) as client,
        TestClient(TestServer(stranger)),
        client.get("/") as answer,
    ):
        assert answer.status == 500
    assert "no HTTP client named '_default'" in caplog.text


async def test_a_later_provider_uses_it_at_its_start_and_at_its_stop():
    leased = []

    async def provider(app):
        async with lease_http_client() as session:
            leased.append(session.closed)
        yield
        async with lease_http_client() as session:
            leased.append(session.closed)

    runner = await running(http_client_provider(), provider)
    await runner.cleanup()
    assert leased == [False, False]


async def test_a_name_given_twice_in_one_application_is_refused():
    with pytest.raises(RuntimeError, match="has an HTTP client named '_default' already"):
        await running(http_client_provider(), http_client_provider())


async def test_further_options_reach_aiohttp(upstream):
    runner = await running(
        http_client_provider(base_url=upstream.make_url("/"), cookie_jar=aiohttp.DummyCookieJar, timeout=None)
    )
    async with lease_http_client() as session, session.get("/") as answer:
        assert answer.status == 200
        assert session.timeout.total is None
    await runner.cleanup()


@pytest.mark.parametrize(
    "options", [{"concurrency": 0}, {"concurrency": -1}, {"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}]
)
def test_impossible_arguments_are_refused(options):
    with pytest.raises(ValueError, match=f"http_client_provider\\('_default'\\): {next(iter(options))} must be"):
        http_client_provider(**options)
