"""Work at fixed times: every process wakes up, and Redis lets one of them do it."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator

from aiohttp import web
from redis.asyncio import Redis, from_url

from ponty import Provided, Request, Routes, expect, render_json, startmeup

REDIS = web.AppKey("REDIS", Redis)
EVERY = float(os.environ.get("EVERY", "3600"))  # seconds, counted from 1970, so this is on the hour

log = logging.getLogger("shop.schedule")


async def redis_client(app: web.Application) -> AsyncIterator[None]:
    async with from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")) as app[REDIS]:
        yield


async def tidy_up(redis: Redis, turn: int) -> None:
    """Do the scheduled work."""
    await redis.rpush("turns", turn)
    if turn % 2:
        raise RuntimeError("the bin is full")


async def keep_time(redis: Redis) -> None:
    while True:
        turn = int(time.time() // EVERY) + 1
        await asyncio.sleep(turn * EVERY - time.time())
        try:
            if await redis.set(f"turn:{turn}", "taken", nx=True, ex=max(60, int(2 * EVERY))):
                async with asyncio.timeout(EVERY):
                    await tidy_up(redis, turn)
        except Exception:  # a failure must not stop the schedule
            log.exception("turn %d failed", turn)


async def schedule(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(keep_time(app[REDIS]))
    yield
    task.cancel()
    await asyncio.wait([task])


class ShowTurns(Request):
    redis = Provided(REDIS)


turns = Routes("/turns")


@turns.get("")
@expect(ShowTurns)
@render_json(list[int])
async def show_turns(redis: Redis) -> list[int]:
    return [int(turn) for turn in await redis.lrange("turns", 0, -1)]


if __name__ == "__main__":
    startmeup(port=8080, routes=[turns], providers=[redis_client, schedule])
