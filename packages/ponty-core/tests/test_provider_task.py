"""One task runs the providers, whoever starts and stops the application."""

import asyncio
import contextvars

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ponty.core import build_app, get

COLOUR = contextvars.ContextVar("colour", default="none")


async def in_a_task(coroutine):
    """Await in a task of its own, as a fixture does that pytest sets up and tears down in two of them."""
    return await asyncio.create_task(coroutine)


async def test_a_context_variable_is_reset_where_it_was_set():
    log = []

    async def colour(app):
        token = COLOUR.set("red")
        yield
        log.append(COLOUR.get())
        COLOUR.reset(token)
        log.append(COLOUR.get())

    runner = web.AppRunner(build_app(providers=[colour]))
    await in_a_task(runner.setup())
    await in_a_task(runner.cleanup())
    assert log == ["red", "none"]


async def test_a_task_group_and_a_timeout_span_the_yield():
    log = []

    async def background(app):
        async def work():
            try:
                await asyncio.Event().wait()
            finally:
                log.append("worker cancelled")

        async with asyncio.timeout(3600), asyncio.TaskGroup() as group:
            task = group.create_task(work())
            await asyncio.sleep(0)
            yield
            task.cancel()

    runner = web.AppRunner(build_app(providers=[background]))
    await in_a_task(runner.setup())
    await in_a_task(runner.cleanup())
    assert log == ["worker cancelled"]


@pytest.mark.parametrize("count", [1, 3])
async def test_all_are_run_by_one_task(count):
    tasks = set()

    async def provider(app):
        tasks.add(asyncio.current_task())
        yield
        tasks.add(asyncio.current_task())

    runner = web.AppRunner(build_app(providers=[provider] * count))
    await in_a_task(runner.setup())
    await in_a_task(runner.cleanup())
    assert len(tasks) == 1


async def test_what_a_provider_sets_is_set_for_handlers_until_the_application_stops():
    async def colour(app):
        COLOUR.set("red")
        yield

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=COLOUR.get())

    async with (
        TestClient(TestServer(build_app(providers=[colour]))) as client,
        client.get("/") as answer,
    ):
        assert await answer.text() == "red"
    assert COLOUR.get() == "none"


async def test_a_group_that_fails_stops_the_providers_at_once_and_cancels_who_serves():
    log = []
    fail = asyncio.Event()

    async def resource(app):
        yield
        log.append("resource")

    async def background(app):
        async def work():
            await fail.wait()
            raise RuntimeError("the worker failed")

        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            yield
        log.append("not reached")

    async def serve():
        runner = web.AppRunner(build_app(providers=[resource, background]))
        await runner.setup()
        try:
            fail.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        finally:
            await runner.cleanup()

    with pytest.raises(ExceptionGroup) as caught:
        await in_a_task(serve())
    assert [str(error) for error in caught.value.exceptions] == ["the worker failed"]
    assert sorted(log) == ["cancelled", "resource"]


async def test_a_stop_that_is_cancelled_cancels_the_provider_that_is_waited_for_and_stops_the_others():
    log, stopping = [], asyncio.Event()

    async def first(app):
        yield
        log.append("first")

    async def stuck(app):
        yield
        stopping.set()
        await asyncio.Event().wait()

    runner = web.AppRunner(build_app(providers=[first, stuck]))
    await runner.setup()
    task = asyncio.create_task(runner.cleanup())
    await stopping.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["first"]


async def test_a_start_that_is_cancelled_when_it_is_over_stops_what_has_started():
    """The signal comes between the last provider's start and the server's."""
    log = []

    async def provider(app):
        task.cancel()
        yield
        log.append("stopped")

    async def start():
        runner = web.AppRunner(build_app(providers=[provider]))
        await runner.setup()
        await runner.cleanup()

    task = asyncio.create_task(start())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["stopped"]


def test_providers_are_stopped_when_an_event_loop_closes_that_nobody_has_told_them_of():
    log = []

    async def provider(app):
        yield
        log.append("stopped")

    async def main():
        await web.AppRunner(build_app(providers=[provider])).setup()

    asyncio.run(main())
    assert log == ["stopped"]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
async def test_an_error_that_ends_a_program_reaches_who_starts_it(error):
    log = []

    async def resource(app):
        yield
        log.append("stopped")

    async def failing(app):
        raise error
        yield

    runner = web.AppRunner(build_app(providers=[resource, failing]))
    with pytest.raises(type(error)) as caught:
        await runner.setup()
    assert caught.value is error
    assert log == ["stopped"]
