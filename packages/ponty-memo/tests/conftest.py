"""What the tests of this layer share: virtual time, and stores that are slow and fail at will."""

import asyncio

import pytest

from ponty.memo.testing import VirtualLoop, redis_links, run_virtually

__all__ = ["redis_links"]


def pytest_asyncio_loop_factories(config, item):
    """Run every test of this folder in a virtual loop."""
    del config, item
    return {"virtual": VirtualLoop}


@pytest.fixture(scope="session", autouse=True)
def no_stray_loop():
    """Keep plugins that ask for the current loop where there is none from making one that nobody closes."""
    asyncio.set_event_loop(None)


@pytest.fixture
def virtual_run():
    """Run a coroutine from beginning to end in a virtual loop of its own."""
    return run_virtually


@pytest.fixture
def virtual_loop():
    """Return the class of virtual loops, for tests with several of them."""
    return VirtualLoop


@pytest.fixture
def now():
    """Return a function that reads the running loop's clock, in milliseconds."""
    return lambda: round(asyncio.get_running_loop().time() * 1000, 3)


@pytest.fixture
def ticks():
    """Return a function that lets everything run that can run now."""

    async def settle(count=20):
        for _ in range(count):
            await asyncio.sleep(0)

    return settle


@pytest.fixture
def make_store():
    """Make a store of values with just the three methods; each takes `delay_ms`, and fails once for each in `fail`."""
    from ponty.memo import cachemiss

    class Store:
        def __init__(self, delay_ms=0):
            self.data = {}
            self.delay = delay_ms / 1000
            self.fail = []
            self.calls = []

        async def _call(self, method, key):
            self.calls.append((method, key))
            if self.delay:
                await asyncio.sleep(self.delay)
            if method in self.fail:
                self.fail.remove(method)
                raise ConnectionError(method)

        async def get(self, key):
            await self._call("get", key)
            return self.data.get(key, cachemiss)

        async def set(self, key, data):
            await self._call("set", key)
            self.data[key] = data

        async def remove(self, key):
            await self._call("remove", key)
            return self.data.pop(key, cachemiss) is not cachemiss

    return Store


@pytest.fixture
def make_sentinels():
    """Make a store of sentinels with just the three methods, strict about what is there, slow and failing at will."""

    class Sentinels:
        def __init__(self, delay_ms=0):
            self.keys = set()
            self.delay = delay_ms / 1000
            self.fail_before = []
            self.fail_after = []
            self.calls = []

        async def _pause(self, method, fail):
            if self.delay:
                await asyncio.sleep(self.delay / 2)
            if method in fail:
                fail.remove(method)
                raise ConnectionError(method)

        async def exists(self, key):
            self.calls.append("exists")
            await self._pause("exists", self.fail_before)
            found = key in self.keys
            await self._pause("exists", self.fail_after)
            return found

        async def add(self, key):
            self.calls.append("add")
            await self._pause("add", self.fail_before)
            assert key not in self.keys, "two holders"
            self.keys.add(key)
            await self._pause("add", self.fail_after)

        async def remove(self, key):
            self.calls.append("remove")
            await self._pause("remove", self.fail_before)
            self.keys.remove(key)
            await self._pause("remove", self.fail_after)

    return Sentinels
