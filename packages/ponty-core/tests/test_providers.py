"""What an application needs while it runs: started in order, stopped in reverse, each once."""

import asyncio
import gc
import weakref

import pytest
from aiohttp import web

from ponty.core import build_app, get, http_client_provider
from ponty.core.lifecycle import client


def recorder(log, name, *, failing=(), leave=None):
    """Make a provider that writes down what happens to it, and fails where it is told to."""

    async def provider(app):
        if "start" in failing:
            raise RuntimeError(f"{name} cannot start")
        log.append(f"+{name}")
        yield
        log.append(f"-{name}")
        if "stop" in failing:
            raise leave or RuntimeError(f"{name} cannot stop")

    return provider


async def run(app):
    """Start and stop an application, in the manner of a server."""
    runner = web.AppRunner(app)
    try:
        await runner.setup()
    finally:
        await runner.cleanup()


async def test_they_start_in_order_and_stop_in_reverse():
    log = []
    await run(build_app(providers=[recorder(log, "a"), recorder(log, "b"), recorder(log, "c")]))
    assert log == ["+a", "+b", "+c", "-c", "-b", "-a"]


async def test_one_takes_the_application(serve):
    key = web.AppKey("key", str)

    async def provider(app):
        app[key] = "asset"
        yield

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=request.app[key])

    client = await serve(providers=[provider])
    async with client.get("/") as answer:
        assert await answer.text() == "asset"


async def test_those_that_started_are_stopped_once_when_a_later_one_cannot_start():
    log = []
    app = build_app(
        providers=[recorder(log, "a"), recorder(log, "b"), recorder(log, "c", failing=["start"]), recorder(log, "d")]
    )
    runner = web.AppRunner(app)
    with pytest.raises(RuntimeError, match="c cannot start"):
        await runner.setup()
    assert log == ["+a", "+b", "-b", "-a"]
    await runner.cleanup()
    assert log == ["+a", "+b", "-b", "-a"]


async def test_a_failure_to_start_is_the_error_that_is_raised_and_a_failure_to_stop_after_it_a_note():
    app = build_app(providers=[recorder([], "a", failing=["stop"]), recorder([], "b", failing=["start"])])
    with pytest.raises(RuntimeError, match="b cannot start") as caught:
        await web.AppRunner(app).setup()
    assert caught.value.__notes__ == ["after that, a provider failed to stop: RuntimeError('a cannot stop')"]


@pytest.mark.parametrize(
    "error", [RuntimeError("b cannot stop"), asyncio.CancelledError("b cannot stop"), SystemError("b cannot stop")]
)
async def test_one_that_fails_to_stop_keeps_no_other_from_stopping(error):
    log = []
    app = build_app(
        providers=[recorder(log, "a"), recorder(log, "b", failing=["stop"], leave=error), recorder(log, "c")]
    )
    with pytest.raises(type(error), match="b cannot stop"):
        await run(app)
    assert log == ["+a", "+b", "+c", "-c", "-b", "-a"]


async def test_all_failures_to_stop_are_raised():
    app = build_app(providers=[recorder([], "a", failing=["stop"]), recorder([], "b", failing=["stop"])])
    with pytest.raises(ExceptionGroup) as caught:
        await run(app)
    assert [str(error) for error in caught.value.exceptions] == ["b cannot stop", "a cannot stop"]


async def test_a_start_that_is_cancelled_stops_those_that_started():
    log = []
    waiting = asyncio.Event()

    async def stuck(app):
        waiting.set()
        await asyncio.Event().wait()
        yield

    runner = web.AppRunner(build_app(providers=[recorder(log, "a"), stuck]))
    task = asyncio.create_task(runner.setup())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["+a", "-a"]


async def test_one_that_does_not_yield_or_yields_twice_is_named():
    async def never(app):
        if app is None:
            yield

    async def twice(app):
        yield
        yield

    with pytest.raises(RuntimeError, match="'.*never' ended without a yield"):
        await run(build_app(providers=[never]))
    with pytest.raises(RuntimeError, match="'.*twice' yielded twice"):
        await run(build_app(providers=[twice]))


async def coroutine(app):
    pass


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        (coroutine, "'coroutine' has no yield: a provider starts something, yields, and stops it"),
        (None, "a provider must be an async generator function of the application, not 'NoneType'"),
        ("provider", "a provider must be an async generator function of the application, not 'str'"),
    ],
)
def test_what_is_no_async_generator_function_is_refused(provider, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        build_app(providers=[provider])


async def test_a_function_that_gives_something_else_is_refused_at_the_start():
    with pytest.raises(TypeError, match="a provider must be an async generator function, not '.*plain'"):

        def plain(app):
            return [None]

        await run(build_app(providers=[plain]))


async def test_they_serve_a_sub_application():
    log = []
    parent = web.Application()
    parent.add_subapp("/v1", build_app(providers=[recorder(log, "a")]))
    await run(parent)
    assert log == ["+a", "-a"]


async def test_a_thousand_starts_and_stops_leave_nothing_behind():
    log, apps = [], weakref.WeakSet()
    for _ in range(1000):
        app = build_app(providers=[http_client_provider(), recorder(log, "a")])
        apps.add(app)
        await run(app)
    assert log == ["+a", "-a"] * 1000
    assert client._clients == {}
    del app
    gc.collect()
    assert list(apps) == []
