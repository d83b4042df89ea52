"""What the tests over a real server share: the server, links to it, and a namespace of each test's own."""

import asyncio
import importlib.util
import itertools
import logging
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent

if importlib.util.find_spec("redis") is None or importlib.util.find_spec("msgspec") is None:
    # ponty-memo without its extra is tested, too: there is nothing here to be tested then.
    collect_ignore_glob = ["*"]

_namespaces = itertools.count()


def load(name):
    """Import a module that lies beside this file."""
    full = f"ponty_fleet_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, HERE / f"{name}.py")
        module = sys.modules[full] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full]


def pytest_asyncio_loop_factories(config, item):
    """Run these tests in real time: Redis has a clock of its own."""
    del config, item
    return {"real": asyncio.SelectorEventLoop}


@pytest.fixture(scope="session")
def shared_server():
    server = load("server").Server()
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def server(shared_server):
    """Return the server that most tests share; each has a namespace of its own."""
    return shared_server


@pytest.fixture
def own_server():
    """Start servers that a test may treat as it likes."""
    servers = []

    def start(*options):
        servers.append(load("server").Server(*options))
        return servers[-1].start()

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def proxy_to():
    return load("proxy").Proxy


@pytest.fixture
def namespace():
    return f"test-{os.getpid()}-{next(_namespaces)}"


@pytest.fixture
def link_to(server, redis_links):
    """Make links, each of which stands for a process of its own, and close them at the end."""

    def make(url=None, **options):
        return redis_links(url or server.url, **{"timeout_ms": 20_000} | options)

    return make


@pytest.fixture
def keys_of(server, namespace):
    """Return the names in the test's namespace that have an expiry, and those that have none."""

    def keys(where=None):
        server_ = where or server
        names = {name.decode().removeprefix(f"{namespace}:") for name in server_.ask("KEYS", f"{namespace}:*")}
        mortal = {name for name in names if server_.ask("PTTL", f"{namespace}:{name}") != -1}
        return mortal, names - mortal

    return keys


@pytest.fixture
async def until():
    """Return a function that waits until something is so; how long it takes does not matter."""

    async def wait(condition, what="what the test waits for"):
        async with asyncio.timeout(300):
            while True:
                outcome = condition()
                if asyncio.iscoroutine(outcome):
                    outcome = await outcome
                if outcome:
                    return outcome
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def quiet():
    """Keep what a test provokes out of the output."""
    logging.getLogger("ponty.memo").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("ponty.memo").setLevel(logging.NOTSET)
