"""What the tests share that cross the packages: a program run as a reader runs it, Redis, PostgreSQL, and a browser."""

import importlib.util
import itertools
import logging
import os
import pathlib
import re
import subprocess
import sys

import pytest

import ponty
from ponty.core.testing import ponty_client as ponty_client
from ponty.memo import RedisLink

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import browser as real_browser
import postgres
import warm

ROOT = pathlib.Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
SERVER = ROOT / "packages/ponty-memo/tests/fleet/server.py"

databases = itertools.count()

ON_A_FREE_PORT = """
import runpy, sys, ponty
from ponty.memo import RedisLink
RedisLink.__init__.__kwdefaults__["timeout_ms"] = 60_000
startmeup, serve = ponty.startmeup, ponty.serve
ponty.startmeup = lambda *, port, **options: startmeup(port=0, **options)
ponty.serve = lambda app, *, port, **options: serve(app, port=0, **options)
sys.path.insert(0, ".")
how, what = sys.argv[1:]
(runpy.run_path if how == "path" else runpy.run_module)(what, run_name="__main__")
"""


def pytest_collection_modifyitems(items):
    """Mark the tests that need a browser or PostgreSQL."""
    for item in items:
        if not {"chromium", "postgres_server"}.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("programs")


@pytest.fixture
def routes():
    """Empty the default table for a test."""
    with ponty.routes.emptied():
        yield ponty.routes


@pytest.fixture(autouse=True)
def loggers():
    """Have the loggers after a test as they were before: pages and docstrings set them, as programs do."""
    logs = [logging.getLogger(name) for name in ("", "aiohttp", "ponty")]
    kept = [(log, log.level, log.propagate, [*log.handlers]) for log in logs]
    yield
    for log, level, propagate, handlers in kept:
        log.setLevel(level)
        log.propagate = propagate
        # Those of pytest come and go with each phase of a test.
        log.handlers[:] = [other for other in log.handlers if other in handlers or "pytest" in type(other).__module__]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Have programs wait for Redis for longer than by default: a busy machine is no outage."""
    monkeypatch.setitem(RedisLink.__init__.__kwdefaults__, "timeout_ms", 60_000)


@pytest.fixture
def run(tmp_path):
    """Serve a program of `examples/` in an empty directory, or a module of one; give its process and its address."""
    started = []

    def run(what, *, cwd=tmp_path, **environment):
        path = EXAMPLES / what
        arguments = ["path", str(path)] if path.suffix == ".py" else ["module", what]
        process = warm.Popen(
            [sys.executable, "-c", ON_A_FREE_PORT, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env=os.environ | environment,
        )
        started.append(process)
        for line in process.stdout:
            if match := re.match(r"Serving on (http://.*)", line):
                return process, match[1]
        raise AssertionError("it printed no address")

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def redis_url():
    """Return the URL of a real Redis or Valkey server, started for these tests."""
    spec = importlib.util.spec_from_file_location("ponty_redis_server", SERVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.Server()
    try:
        yield server.start().url
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres_server():
    """Return a real PostgreSQL, started for these tests."""
    server = postgres.Server()
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def postgres_url(postgres_server):
    """Return the URL of an empty database of a test's own."""
    import psycopg

    name = f"test_{next(databases)}"
    with psycopg.connect(f"{postgres_server.url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{postgres_server.url}/{name}"


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """Start a real browser for these tests; skipped where there is none, and failed where `CI` is set."""
    with real_browser.chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture
def browser(chromium):
    """Open a tab of a real browser: see `browser.py` for what it does."""
    with real_browser.tab(chromium) as tab:
        yield tab
