"""Virtual time: event loops whose clock moves only when nothing else is left to do, so that no test sleeps."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class _Selector(selectors.DefaultSelector):
    """A selector that does not wait: it moves the clock of the loop instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("the test waits for something that never happens")
            self.now += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a virtual clock, which begins at zero and moves only when everything else is waiting.

    `asyncio.sleep`, timeouts, lifetimes of values, leases and waits for locks end at once, in the order of their times.
    Use it for caches and locks in this process. It is not for sockets: the loop cannot know when the other side will
    answer.

    With this hook in `conftest.py`, pytest-asyncio runs all tests of a folder in such a loop::

        def pytest_asyncio_loop_factories(config, item):
            return {"virtual": VirtualLoop}

    Raises:
        RuntimeError: Raised by the running loop if everything waits for something that never happens.
    """

    def __init__(self) -> None:
        self._own_selector = _Selector()
        super().__init__(self._own_selector)
        self.slow_callback_duration: float = 1e9  # a jump of the clock must not look like a slow callback

    def time(self) -> float:
        """Return the time, in seconds."""
        return self._own_selector.now


def run_virtually(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end in a new `VirtualLoop`, and return its result.

    ::

        import asyncio

        @localcache(ttl_ms=60_000)
        async def price(product: str) -> int:
            return len(product)

        async def test() -> None:
            await price("tea")
            await asyncio.sleep(61)  # takes no time
            await price("tea")
            assert price.cache_info().misses == 2

        run_virtually(test())

    Args:
        coroutine: The coroutine.

    Raises:
        RuntimeError: Everything waits for something that never happens.
        Exception: Whatever the coroutine raises.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
