"""Random schedules of requests with idempotency keys, in virtual time, cancelled at whichever step they are.

What must never happen stands in the docstring of `ponty.core.idempotency`.
"""

import asyncio
import contextlib
import os
import random

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from ponty.core import IdempotencyKeyInUse, IdempotencyKeyReused, OutcomeUnknown, idempotent
from ponty.memo import LocalRecords
from ponty.memo.testing import run_virtually

ROUNDS = int(os.environ.get("PONTY_ROUNDS", "50"))
KEYS = ["a", "b", "c"]
BODIES = [b"first", b"second"]
LIFETIME = 10_000


class SlowRecords:
    """Records in a store that takes its time at each step; what is begun there goes on when its caller has gone."""

    def __init__(self, records, pause):
        self.records = records
        self.pause = pause
        self.names = set()

    async def get(self, key):
        self.names.add(key)
        await self.pause()
        data = await self.records.get(key)
        await self.pause()
        return data

    @contextlib.asynccontextmanager
    async def hold(self, key, *, maxwait_ms):
        await self.pause()
        async with self.records.hold(key, maxwait_ms=maxwait_ms) as held:
            slow = SlowHeld(held, self.pause)
            try:
                await self.pause()
                yield slow
            finally:
                while slow.writing is not None and not slow.writing.done():
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.wait([slow.writing])


class SlowHeld:
    def __init__(self, held, pause):
        self.held = held
        self.pause = pause
        self.fence = held.fence
        self.writing = None

    @property
    def data(self):
        return self.held.data

    async def keep(self, data, ttl_ms):
        async def write():
            await self.pause()
            return await self.held.keep(data, ttl_ms)

        self.writing = asyncio.create_task(write())
        return await asyncio.shield(self.writing)

    async def forget(self):
        return await self.held.forget()


class Model:
    """What was done, and what was answered."""

    def __init__(self, seed, after_crash):
        self.random = random.Random(seed)
        self.records = LocalRecords()
        self.store = SlowRecords(self.records, self.pause)
        self.middleware = idempotent(
            self.store, ttl_ms=LIFETIME, maxwait_ms=self.random.choice([0, 5, 1000]), after_crash=after_crash
        )
        self.running = {}
        self.done = {}
        self.cut_short = set()
        self.after_crash = after_crash
        self.outcomes = []

    async def pause(self):
        if self.random.random() < 0.6:
            await asyncio.sleep(self.random.choice([0, 0.001, 0.003]))

    async def handle(self, request):
        key, body = request.headers["Idempotency-Key"], await request.read()
        assert key not in self.running, "two handlers at once"
        assert key not in self.done, "carried out again"
        assert self.after_crash == "again" or key not in self.cut_short, "carried out, though nobody knows its outcome"
        self.running[key] = body
        ended = False
        try:
            for _ in range(self.random.randrange(4)):
                await self.pause()
            ended = True
            status = self.random.choice([200, 201, 402, 500, 503, 429])
            if status in {200, 201, 402}:
                # From here on it is recorded, whoever is cancelled: nothing is awaited before the store is told.
                self.done[key] = (status, body + str(self.random.random()).encode())
                return web.Response(status=status, body=self.done[key][1])
            return web.Response(status=status)
        finally:
            if not ended:
                self.cut_short.add(key)
            del self.running[key]

    async def attempt(self):
        await asyncio.sleep(self.random.random() / 50)
        key, body = self.random.choice(KEYS), self.random.choice(BODIES)
        request = make_mocked_request("POST", "/", headers={"Idempotency-Key": key})
        request._read_bytes = body  # as aiohttp has a body that came whole
        try:
            answer = await self.middleware(request, self.handle)
        except (IdempotencyKeyInUse, IdempotencyKeyReused, OutcomeUnknown) as error:
            self.outcomes.append(error.status_code)
            return
        self.outcomes.append(answer.status)
        if answer.status in {200, 201, 402}:
            assert (answer.status, answer.body) == self.done[key]
            assert answer.body.startswith(body), "the answer to another request"

    async def run(self):
        tasks = [asyncio.create_task(self.attempt()) for _ in range(self.random.randrange(2, 12))]
        loop = asyncio.get_running_loop()
        for task in tasks:
            if self.random.random() < 0.35:
                loop.call_later(self.random.random() / 30, task.cancel)
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if outcome is not None and not isinstance(outcome, asyncio.CancelledError):
                raise outcome
        for key in KEYS:
            await self.look_back(key)
        await asyncio.sleep(LIFETIME / 1000)
        assert len(self.records) == 0
        for name in self.store.names:
            async with self.records.hold(name):  # which waits for nobody
                pass

    async def look_back(self, key):
        """See that a repetition gets what was answered, however the attempts ended."""
        if key not in self.done:
            return
        status, body = self.done[key]
        request = make_mocked_request("POST", "/", headers={"Idempotency-Key": key})
        request._read_bytes = next(one for one in BODIES if body.startswith(one))
        answer = await self.middleware(request, self.handle)
        assert (answer.status, answer.body, answer.headers["Idempotent-Replayed"]) == (status, body, "true")


@pytest.mark.parametrize("after_crash", ["again", "refuse"])
def test_random_schedules(after_crash):
    """Each with its seed, so that one that fails can be had again."""
    seen = set()
    for seed in range(ROUNDS):
        model = Model(seed, after_crash)
        try:
            run_virtually(model.run())
        except BaseException as error:
            error.add_note(f"seed {seed}, after_crash={after_crash!r}")
            raise
        seen.update(model.outcomes)
    assert {200, 201, 402, 500, 409, 422} <= seen, "the schedules are not what they were meant to be"
