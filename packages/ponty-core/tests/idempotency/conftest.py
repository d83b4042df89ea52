"""A store of answers for tests, in a few lines, with what it was asked."""

import asyncio
import contextlib

import pytest


class InUse(Exception):
    """Somebody else holds the key."""

    __ponty_status__ = 409


class Held:
    def __init__(self, store, key):
        self.store = store
        self.key = key
        self.fence = len(store.log)

    @property
    def data(self):
        return self.store.data.get(self.key)

    async def keep(self, data, ttl_ms):
        await self.store.asked("keep")
        if self.store.lost:
            return False
        self.store.data[self.key] = data
        self.store.lifetimes.append(ttl_ms)
        return True

    async def forget(self):
        await self.store.asked("forget")
        self.store.data.pop(self.key, None)
        return True


class Store:
    """Records in a dict; it fails once for each method in `failing`, and holders have lost their key while `lost`."""

    def __init__(self):
        self.data = {}
        self.log = []
        self.lifetimes = []
        self.failing = []
        self.lost = False
        self.locks = {}
        self.waits = []

    async def asked(self, method):
        self.log.append(method)
        await asyncio.sleep(0)
        if method in self.failing:
            self.failing.remove(method)
            raise ConnectionError(method)

    async def get(self, key):
        await self.asked("get")
        return self.data.get(key)

    @contextlib.asynccontextmanager
    async def hold(self, key, *, maxwait_ms):
        await self.asked("hold")
        self.waits.append(maxwait_ms)
        lock = self.locks.setdefault(key, asyncio.Lock())
        if lock.locked() and not maxwait_ms:
            raise InUse
        async with lock:
            yield Held(self, key)


@pytest.fixture
def store():
    return Store()
