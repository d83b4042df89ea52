"""Whether a process lives, and whether it is ready."""

import asyncio
import logging

import pytest
from aiohttp import web

from ponty.core import health


async def get(client, path):
    async with client.get(path) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, answer.content_type, await answer.json()


async def good(app):
    assert isinstance(app, web.Application)


async def test_a_process_that_serves_lives_and_is_ready(serve):
    client = await serve(routes=[health()])
    assert await get(client, "/livez") == (200, "application/json", {"live": True})
    assert await get(client, "/readyz") == (200, "application/json", {"ready": True, "checks": {}})


async def test_a_prefix_goes_before(serve):
    client = await serve(routes=[health(prefix="/_")])
    assert (await get(client, "/_/readyz"))[0] == 200


async def test_a_check_that_fails_is_named_and_nothing_of_its_reasons(serve, caplog):
    async def database(app):
        raise ConnectionError("postgres://user:s3cret@db")

    async def disk(app):
        return False

    client = await serve(routes=[health(good, database, disk, reuse=0)])
    status, media_type, document = await get(client, "/readyz")
    assert (status, media_type) == (503, "application/problem+json")
    assert document == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "ready": False,
        "checks": {"good": "ok", "database": "failed", "disk": "failed"},
    }
    assert (await get(client, "/livez"))[0] == 200
    await get(client, "/readyz")
    assert [message for message in caplog.messages if "check" in message] == [
        "not ready: the check 'database' failed",
        "not ready: the check 'disk' failed",
    ]


async def test_the_reasons_are_told_where_they_may_be(serve):
    """What a check says is one line of printable characters, however it was made."""
    results = iter([ConnectionError("no route to\n\x1b db"), None])

    async def database(app):
        if (error := next(results)) is not None:
            raise error

    async def disk(app):
        return False

    async def slow(app):
        await asyncio.Event().wait()

    client = await serve(routes=[health(good, database, disk, slow, reuse=0, time_limit=0.01, reasons=True)])
    _, _, document = await get(client, "/readyz")
    assert document["checks"] == {"good": "ok", "database": "failed", "disk": "failed", "slow": "timed out"}
    assert document["reasons"] == {"database": r"ConnectionError: no route to\n\x1b db"}
    assert (await get(client, "/readyz"))[2]["reasons"] == {}


async def test_who_is_ready_has_no_reasons(serve):
    client = await serve(routes=[health(good, reasons=True)])
    assert await get(client, "/readyz") == (200, "application/json", {"ready": True, "checks": {"good": "ok"}})


async def test_it_is_logged_when_a_check_is_good_again(serve, caplog):
    results = iter([False, True, True])

    async def queue(app):
        return next(results)

    client = await serve(routes=[health(queue, reuse=0)])
    with caplog.at_level(logging.INFO, "ponty.core"):
        assert [(await get(client, "/readyz"))[0] for _ in range(3)] == [503, 200, 200]
    assert [message for message in caplog.messages if "check" in message] == [
        "not ready: the check 'queue' failed",
        "the check 'queue' is good again",
    ]


async def test_however_many_ask_a_check_runs_once(serve):
    calls, gate = [], asyncio.Event()

    async def slow(app):
        calls.append(app)
        await gate.wait()

    client = await serve(routes=[health(slow, reuse=3600, time_limit=3600)])
    asking = [asyncio.create_task(get(client, "/readyz")) for _ in range(20)]
    await asyncio.sleep(0)
    asking[0].cancel()  # who leaves takes nothing from the others
    while not calls:
        await get(client, "/livez")
    gate.set()
    assert {(await task)[0] for task in asking[1:]} == {200}
    assert (await get(client, "/readyz"))[0] == 200
    assert len(calls) == 1


async def test_a_check_that_takes_too_long_has_failed_and_is_not_started_again_before_it_ends(serve):
    calls, gate = [], asyncio.Event()

    async def stubborn(app):
        calls.append(app)
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                continue

    client = await serve(routes=[health(stubborn, good, time_limit=0.01, reuse=0)])
    for _ in range(3):
        status, _, document = await get(client, "/readyz")
        assert (status, document["checks"]) == (503, {"stubborn": "timed out", "good": "ok"})
    assert len(calls) == 1
    gate.set()
    while (await get(client, "/readyz"))[0] != 200:
        pass
    assert len(calls) >= 1


async def test_a_check_that_is_cancelled_has_failed(serve):
    async def cancelled(app):
        raise asyncio.CancelledError

    client = await serve(routes=[health(cancelled)])
    assert (await get(client, "/readyz"))[2]["checks"] == {"cancelled": "failed"}


async def test_an_application_that_stops_is_not_ready_and_lives(serve):
    calls = []

    async def check(app):
        calls.append(app)

    client = await serve(routes=[health(check)])
    await client.app.shutdown()
    status, _, document = await get(client, "/readyz")
    assert (status, document["ready"], document["stopping"]) == (503, False, True)
    assert (await get(client, "/livez"))[0] == 200
    assert calls == []


def test_what_is_no_check_is_refused():
    def plain(app):
        return True

    with pytest.raises(TypeError, match="health: 'plain' is not a coroutine function"):
        health(plain)
    with pytest.raises(ValueError, match="two checks are named 'good'"):
        health(good, good)


async def without_application():
    pass


async def of_two(app, name):
    pass


@pytest.mark.parametrize("check", [without_application, of_two])
def test_a_check_that_cannot_be_called_is_refused(check):
    """Otherwise it would fail at the first probe, and the process would never be ready."""
    with pytest.raises(TypeError, match=f"health: '{check.__name__}' must take the application as its only argument"):
        health(check)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_limit": 0}, "time_limit must be more than 0 seconds, not 0"),
        ({"time_limit": "2"}, "time_limit must be more than 0 seconds, not '2'"),
        ({"reuse": -1}, "reuse must be 0 seconds or more, not -1"),
        ({"reuse": None}, "reuse must be 0 seconds or more, not None"),
    ],
)
def test_a_time_that_is_none_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        health(**options)
