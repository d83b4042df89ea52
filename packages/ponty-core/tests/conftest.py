"""Fixtures: a route table of each test's own, and an application behind a real socket."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from ponty.core import Routes, build_app
from ponty.core import routes as default_table
from ponty.core.testing import ponty_client as ponty_client

Serve = Callable[..., Awaitable[TestClient[web.Request, web.Application]]]


@pytest.fixture(autouse=True)
def routes() -> Iterator[Routes]:
    """Empty the default table for each test."""
    with default_table.emptied():
        yield default_table


@pytest.fixture
def serve(aiohttp_client) -> Serve:
    """Serve the routes on a socket, with the arguments of `build_app`."""

    async def serve(**options: Any) -> TestClient[web.Request, web.Application]:
        return await aiohttp_client(build_app(**options))

    return serve


class VirtualClock(asyncio.SelectorEventLoop):
    """An event loop whose time passes when there is nothing left to do."""

    def __init__(self) -> None:
        self._now = 0.0
        clock = self

        class Selector(selectors.DefaultSelector):
            def select(self, timeout=None):
                events = super().select(0)
                if not events and timeout:
                    clock._now += timeout
                return events

        super().__init__(Selector())

    def time(self) -> float:
        return self._now


@pytest.fixture
def run_virtually():
    """Run a coroutine on a virtual clock, which starts at 0."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=VirtualClock) as runner:
            return runner.run(coroutine)

    return run
