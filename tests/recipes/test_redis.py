"""Recipes over a real Redis."""

import asyncio

import pytest
from redis.asyncio import Redis


@pytest.fixture
async def redis(redis_url):
    """Return a client of an empty Redis."""
    async with Redis.from_url(redis_url) as client:
        await client.flushall()
        yield client


async def test_long_running_work_tells_how_far_it_is(recipe, data, redis, redis_url, until):
    client = await recipe("long_running", REDIS_URL=redis_url)
    answer = await client.post("/reports?year=2026")
    assert await data(answer, 202) == {"state": "running", "total": None}
    assert answer.headers["Retry-After"] == "5"
    place = answer.headers["Location"]

    async def finished():
        report = await data(await client.get(place))
        return report["state"] != "running" and report

    assert await until(finished) == {"state": "done", "total": 6078}
    place = (await client.post("/reports?year=7")).headers["Location"]
    assert await until(finished) == {"state": "failed", "total": None}
    assert (await client.get("/reports/00000000-0000-0000-0000-000000000000")).status == 404
    assert (await client.get("/reports/7")).status == 404
    for key in await redis.keys("report:*"):
        assert await redis.ttl(key) > 0


async def test_long_running_work_that_a_stop_cuts_has_failed(recipe, redis, redis_url, until):
    client = await recipe("long_running", REDIS_URL=redis_url)
    begun = asyncio.Event()

    async def compute(year):
        begun.set()
        await asyncio.Event().wait()

    client.module.compute = compute
    client.module.LONGEST = 60
    place = (await client.post("/reports?year=2026")).headers["Location"]
    await begun.wait()
    client.app[client.module.BACKGROUND_TASKS]._tasks.copy().pop().cancel()

    async def failed():
        return b"failed" in await redis.get(f"report:{place.rpartition('/')[2]}")

    await until(failed)


async def events(answer, count):
    """Return the next events of a stream, each as its fields."""
    found = []
    fields = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            found.append(fields)
            fields = {}
            if len(found) == count:
                return found
        else:
            fields = {}
    raise AssertionError("the stream has ended")


async def test_news_reach_pages_of_every_process_and_those_that_were_away(load, aiohttp_client, redis, redis_url):
    one, other = [await aiohttp_client(load("news", REDIS_URL=redis_url).built) for _ in range(2)]
    assert (await one.post("/news", json={"headline": "before"})).status == 204
    async with one.get("/news") as first, other.get("/news") as second:
        assert first.content_type == second.content_type == "text/event-stream"
        for headline in ("red is back", "blue is out"):
            assert (await other.post("/news", json={"headline": headline})).status == 204
        found = await events(first, 2)
        assert [event["data"] for event in found] == ['{"headline":"red is back"}', '{"headline":"blue is out"}']
        assert await events(second, 2) == found
    async with other.get("/news", headers={"Last-Event-ID": found[0]["id"]}) as again:
        assert await events(again, 1) == found[1:]
    assert (await one.get("/news", headers={"Last-Event-ID": "0; DROP"})).status == 400


async def test_scheduled_work_is_done_once_each_time(load, aiohttp_client, data, redis, redis_url, until):
    clients = [await aiohttp_client(load("schedule", REDIS_URL=redis_url, EVERY=0.02).built) for _ in range(2)]

    async def four():
        turns = await data(await clients[0].get("/turns"))
        return len(turns) >= 4 and turns

    turns = await until(four)
    assert len(set(turns)) == len(turns)
