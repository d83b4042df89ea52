"""The records of the memo are stores for `idempotent`, though neither layer knows of the other."""

from contextlib import AbstractAsyncContextManager

from aiohttp import web

from ponty import IDEMPOTENCY, HeldAnswer, IdempotencyStore, Routes, idempotent, post
from ponty.memo import HeldRecord, LocalRecords, RedisRecords

local: IdempotencyStore = LocalRecords()
shared: IdempotencyStore = RedisRecords("redis://localhost")


async def caller(request: web.Request) -> str:
    return request.headers["X-User"]


orders = Routes("/orders", middlewares=[idempotent(local, scope=caller)])


@post("/payments", middlewares=[idempotent(RedisRecords("redis://localhost"), scope=lambda request: "", ttl_ms=1000)])
async def pay(request: web.Request) -> web.Response:
    key: str = request[IDEMPOTENCY].key
    fence: int = request[IDEMPOTENCY].fence
    return web.Response(text=f"{key} {fence}")


def as_answer(held: HeldRecord) -> HeldAnswer:
    return held


class OwnStore:
    async def get(self, key: str) -> bytes | None:
        return key.encode()

    def hold(self, key: str, *, maxwait_ms: float) -> AbstractAsyncContextManager[HeldAnswer]:
        return LocalRecords().hold(key, maxwait_ms=maxwait_ms)


idempotent(OwnStore())
