"""Work that takes minutes: a 202 with the URL of its status, which any process can read from Redis."""

import asyncio
import dataclasses
import os
import uuid
from collections.abc import AsyncIterator
from typing import Literal

import msgspec
from aiohttp import web
from redis.asyncio import Redis, from_url

from ponty import (
    BACKGROUND_TASKS,
    BackgroundTasks,
    DoesNotExist,
    PosIntQueryParameter,
    Provided,
    Reply,
    Request,
    RouteParameter,
    Routes,
    background_tasks,
    expect,
    render_json,
    startmeup,
)

REDIS = web.AppKey("REDIS", Redis)
LONGEST, KEPT = 600, 86_400  # seconds


async def redis_client(app: web.Application) -> AsyncIterator[None]:
    async with from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")) as app[REDIS]:
        yield


@dataclasses.dataclass
class Report:
    state: Literal["running", "done", "failed"]
    total: int | None = None


async def compute(year: int) -> int:
    """Compute something that takes long."""
    if year < 1900:
        raise ArithmeticError("no books are that old")
    return year * 3


async def keep(redis: Redis, name: str, report: Report, seconds: int) -> None:
    await redis.set(f"report:{name}", msgspec.json.encode(report), ex=seconds)


async def run(redis: Redis, name: str, year: int) -> None:
    try:
        async with asyncio.timeout(LONGEST):
            report = Report("done", await compute(year))
    except BaseException:  # also when the server stops, so that clients learn of it
        await keep(redis, name, Report("failed"), KEPT)
        raise
    await keep(redis, name, report, KEPT)


class Begin(Request):
    year = PosIntQueryParameter(required=True)
    redis = Provided(REDIS)
    tasks = Provided(BACKGROUND_TASKS)


class Follow(Request):
    number = RouteParameter(uuid.UUID)
    redis = Provided(REDIS)


reports = Routes("/reports")


@reports.post("")
@expect(Begin)
@render_json(Report, status=202)
async def begin(year: int, redis: Redis, tasks: BackgroundTasks) -> Reply[Report]:
    name, report = str(uuid.uuid4()), Report("running")
    await keep(redis, name, report, LONGEST + 60)
    tasks.start(run(redis, name, year))
    return Reply(report, headers={"Location": f"/reports/{name}", "Retry-After": "5"})


@reports.get(f"/{Follow.number}")
@expect(Follow)
@render_json(Report)
async def follow(number: uuid.UUID, redis: Redis) -> Report:
    content = await redis.get(f"report:{number}")
    if content is None:
        raise DoesNotExist
    return msgspec.json.decode(content, type=Report)


if __name__ == "__main__":
    startmeup(port=8080, routes=[reports], providers=[redis_client, background_tasks(limit=4)])
