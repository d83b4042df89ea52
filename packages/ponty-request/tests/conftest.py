"""Fixtures: a route table of each test's own, and an application behind a real socket."""

import asyncio
import contextlib
import logging
import pathlib
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from ponty.core import build_app
from ponty.core import routes as default_table
from ponty.core.testing import ponty_client as ponty_client


@pytest.fixture(autouse=True)
def routes():
    """Empty the default table for each test."""
    with default_table.emptied():
        yield default_table


@pytest.fixture
def serve(aiohttp_client):
    """Serve the decorated routes on a socket, with the arguments of `build_app`."""

    async def serve(**options: Any):
        return await aiohttp_client(build_app(**options))

    return serve


@pytest.fixture
def ask(serve):
    """Serve the decorated routes, send one request, and give the status and the JSON of the answer."""
    clients = []

    async def ask(path, *, method="GET", **options):
        if not clients:
            clients.append(await serve())
        async with clients[0].request(method, path, **options) as answer:
            return answer.status, await answer.json(content_type=None)

    return ask


@pytest.fixture(scope="session")
def fault_codes():
    """Return the codes of faults that the documentation lists."""
    page = pathlib.Path(__file__).parents[3] / "docs" / "explanation" / "errors.rst"
    _, _, section = page.read_text().partition("Codes for programs\n")
    return frozenset(re.findall(r"^``(\w+)``  ", section, re.MULTILINE))


@contextlib.contextmanager
def _within_budget() -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < 20


@pytest.fixture(scope="session")
def within_budget():
    """Return a context in which no more than 20 s of the processor's time may pass.

    What it holds takes a fraction of a second, and would take minutes or for ever if its cost were not linear. The
    processor's time, unlike that of a clock, does not pass while other programs run.
    """
    return _within_budget


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextlib.contextmanager
def serving(table: web.RouteTableDef, logger: str | None) -> Iterator[tuple[int, list[logging.LogRecord]]]:
    """Serve `table` in a thread, and give the port and what `logger` logs meanwhile."""
    ports: list[int] = []
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(build_app(route_tables=[table]))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.append(runner.addresses[0][1])
        ready.set()
        await stop.wait()
        await runner.cleanup()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    logged = Records()
    logging.getLogger(logger).addHandler(logged)
    yield ports[0], logged.records
    logging.getLogger(logger).removeHandler(logged)
    loop.call_soon_threadsafe(stop.set)
    thread.join()


@pytest.fixture(scope="module")
def serve_in_thread():
    """Serve in a thread, so that Hypothesis may ask from plain functions."""
    with contextlib.ExitStack() as stack:
        yield lambda table, logger=None: stack.enter_context(serving(table, logger))
