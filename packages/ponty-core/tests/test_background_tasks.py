"""Tasks of an application: they outlive the request that starts them, and do not outlive the application."""

import asyncio
import contextlib
import contextvars
import logging
import random
import warnings

import pytest
from aiohttp import web

from ponty.core import (
    BACKGROUND_TASKS,
    BackgroundTasks,
    TooManyTasks,
    background_tasks,
    build_app,
    current_request_id,
    get,
    request_ids,
)

COLOUR = contextvars.ContextVar("colour", default="none")


async def started(provider):
    """Start an application with the provider alone, and return it and what stops it."""
    runner = web.AppRunner(build_app(providers=[provider]))
    await runner.setup()
    return runner.app[BACKGROUND_TASKS], runner.cleanup


async def test_a_task_goes_on_after_the_request_that_started_it(ponty_client):
    gate, ids = asyncio.Event(), []

    async def work():
        await gate.wait()
        ids.append(current_request_id())

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        request.app[BACKGROUND_TASKS].start(work())
        return web.Response()

    client = await ponty_client(providers=[background_tasks()], middlewares=[request_ids()])
    async with client.get("/") as answer:
        request_id = answer.headers["X-Request-ID"]
    assert not ids
    gate.set()
    await client.close()
    assert ids == [request_id]


async def test_a_full_house_is_a_503_and_the_coroutine_is_closed(ponty_client):
    gate = asyncio.Event()

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        request.app[BACKGROUND_TASKS].start(gate.wait())
        return web.Response()

    client = await ponty_client(providers=[background_tasks(limit=2)])
    statuses = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a coroutine that is dropped without being closed warns
        for _ in range(4):
            async with client.get("/") as answer:
                statuses.append(answer.status)
    assert statuses == [200, 200, 503, 503]
    gate.set()
    await client.close()


async def test_a_failure_is_logged_once_with_the_context_of_who_started_it(caplog):
    logger = logging.getLogger("ponty.core")
    seen = []
    filter_ = logging.Filter()
    filter_.filter = lambda record: seen.append(COLOUR.get()) or True
    logger.addFilter(filter_)
    tasks, stop = await started(background_tasks())

    async def fail():
        raise LookupError("no such mug")

    try:
        COLOUR.set("red")
        task = tasks.start(fail(), name="the mail")
        COLOUR.set("blue")
        with pytest.raises(LookupError):
            await task
        await stop()
    finally:
        logger.removeFilter(filter_)
    [record] = caplog.records
    assert "the background task 'the mail' failed" in record.getMessage()
    assert record.exc_info[0] is LookupError
    assert seen == ["red"]


async def test_its_starter_s_cancellation_does_not_reach_it():
    tasks, stop = await started(background_tasks())
    done = []

    async def work():
        await asyncio.sleep(0)
        done.append(True)

    async def starter():
        tasks.start(work())
        await asyncio.Event().wait()

    starting = asyncio.create_task(starter())
    await asyncio.sleep(0)
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    await stop()
    assert done


def test_a_stop_lets_tasks_finish_and_those_that_they_start(run_virtually, caplog):
    done = []

    async def main():
        tasks, stop = await started(background_tasks(stop_timeout=10))

        async def work(left):
            await asyncio.sleep(3)
            done.append(left)
            if left:
                tasks.start(work(left - 1))

        tasks.start(work(2))
        await stop()
        assert len(tasks) == 0

    run_virtually(main())
    assert done == [2, 1, 0]
    assert not caplog.records


def test_what_takes_too_long_is_cancelled_and_what_does_not_end_then_is_named(run_virtually, caplog):
    log = []

    async def main():
        tasks, stop = await started(background_tasks(stop_timeout=10))
        loop = asyncio.get_running_loop()

        async def slow():
            try:
                await asyncio.sleep(100)
            finally:
                log.append(("cancelled", loop.time()))

        async def stubborn():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(100)
            await asyncio.sleep(100)

        tasks.start(slow())
        task = tasks.start(stubborn(), name="the stubborn one")
        await stop()
        log.append(("stopped", loop.time()))
        with pytest.raises(TooManyTasks):
            tasks.start(slow())
        task.cancel()

    run_virtually(main())
    assert log == [("cancelled", 10), ("stopped", 11)]
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert "'the stubborn one' continues" in caplog.text


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "3"])
def test_a_limit_is_a_number_of_tasks(limit):
    with pytest.raises(ValueError, match="a whole number of at least 1"):
        background_tasks(limit=limit)


@pytest.mark.parametrize("seconds", [-1, float("nan"), "5"])
def test_a_timeout_is_not_negative(seconds):
    with pytest.raises(ValueError, match="stop_timeout"):
        background_tasks(stop_timeout=seconds)


async def test_several_of_an_application_have_keys_of_their_own():
    mails = web.AppKey("mails", BackgroundTasks)
    runner = web.AppRunner(build_app(providers=[background_tasks(limit=5), background_tasks(mails, limit=1)]))
    await runner.setup()
    assert (runner.app[BACKGROUND_TASKS].limit, runner.app[mails].limit) == (5, 1)
    await runner.cleanup()


class Play:
    """One random story of tasks that end, fail, resist and start others, and of a stop that is cancelled at a step."""

    def __init__(self, seed, step):
        self.random = random.Random(seed)
        self.step = step
        self.limit = self.random.randint(1, 6)
        self.timeout = self.random.choice([0, 1, 3])
        self.tasks = BackgroundTasks(self.limit)
        self.ran = []
        self.failures = 0
        self.refused = 0
        self.was_cancelled = False
        self.going_on = 0

    def count(self, record):
        """Count the tasks that have not ended, when the first of them is named."""
        if "continues" in record.getMessage() and not self.going_on:
            self.going_on = sum(not task.done() for task in self.ran)
        return True

    async def work(self, depth=0):
        assert 0 < len(self.tasks) <= self.limit
        for _ in range(self.random.randint(0, 3)):
            try:
                await asyncio.sleep(self.random.choice([0, 0.3, 2]))
            except asyncio.CancelledError:
                match self.random.choice(["go", "fail", "stay", "resist"]):
                    case "go":
                        raise
                    case "fail":
                        self.failures += 1
                        raise ArithmeticError from None
                    case "stay":
                        await asyncio.sleep(0.5)
                    case _:
                        await asyncio.sleep(5)
        if depth < 3 and self.random.random() < 0.3:
            self.begin(depth + 1)
        if self.random.random() < 0.3:
            self.failures += 1
            raise LookupError

    def begin(self, depth=0):
        work = self.work(depth)
        try:
            self.ran.append(self.tasks.start(work))
        except TooManyTasks:
            self.refused += 1
            assert work.cr_frame is None  # closed

    async def run(self):
        loop = asyncio.get_running_loop()
        for _ in range(self.random.randint(0, 8)):
            self.begin()
            if self.random.random() < 0.3:
                await asyncio.sleep(self.random.choice([0, 0.5]))
        began = loop.time()
        stopping = asyncio.create_task(self.tasks.stop(self.timeout))
        await asyncio.sleep(0)  # a task that is cancelled before its first step runs nothing
        steps = 0
        while not stopping.done():
            if steps == self.step:
                self.was_cancelled = stopping.cancel()
            steps += 1
            # A step of the stop is a turn of the loop, or a while in which there is nothing to do.
            await (asyncio.sleep(0) if steps % 2 else asyncio.wait({stopping}, timeout=0.25))
        if not stopping.cancelled():
            await stopping
        assert loop.time() - began <= self.timeout + 1 + 0.25
        left = [task for task in self.ran if not task.done()]
        names = len(left)
        while left:  # the test's own end: they resist for a while
            await asyncio.wait(left)
            left = [task for task in self.ran if not task.done()]
        await asyncio.sleep(0)
        assert len(self.tasks) == 0
        self.begin()  # nothing is taken any more
        assert self.refused
        return names


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_whenever_the_stop_is_cancelled_nothing_is_lost(run_virtually, caplog, first):
    """At every step of sixty stories: no task goes on unnamed, each failure is logged once, and the time is kept."""
    logger = logging.getLogger("ponty.core")
    ways = set()
    for seed in range(first, first + 20):
        step = 0
        while True:
            caplog.clear()
            play = Play(seed, step)
            logger.addFilter(play.count)
            try:
                left = run_virtually(play.run())
            finally:
                logger.removeFilter(play.count)
            messages = [record.getMessage() for record in caplog.records]
            assert sum("failed" in message for message in messages) == play.failures, (seed, step)
            # One that is named may end in the turn of the loop in which the stop does.
            named = sum("continues" in message for message in messages)
            assert named == play.going_on >= left, (seed, step)
            ways.add((play.was_cancelled, bool(left), bool(play.failures)))
            if not play.was_cancelled:
                break
            step += 1
    assert len(ways) > 4  # the stories differ
