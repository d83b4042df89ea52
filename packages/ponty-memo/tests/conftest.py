"""A virtual clock: loops whose time passes only when nothing else is left to do, so that no test sleeps."""

import asyncio
import selectors

import pytest


class _Selector(selectors.DefaultSelector):
    """Where the loop would wait, moves the loop's clock instead."""

    now = 0.0

    def select(self, timeout=None):
        events = super().select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("the test waits for something that never happens")
            self.now += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own, which begins at zero."""

    def __init__(self):
        self._own_selector = _Selector()
        super().__init__(self._own_selector)
        self.slow_callback_duration = 1e9

    def time(self):
        return self._own_selector.now


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

    def run(coroutine):
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(coroutine)

    return run


@pytest.fixture
def virtual_loop():
    """Give the class of virtual loops, for tests with several of them."""
    return VirtualLoop


@pytest.fixture
def now():
    """Give a function that reads the running loop's clock, in milliseconds."""
    return lambda: round(asyncio.get_running_loop().time() * 1000, 3)


@pytest.fixture
def ticks():
    """Give a function that lets everything run that can run now."""

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
