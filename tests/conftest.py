"""What the tests that cross the packages share."""

import importlib.util
import pathlib

import pytest

SERVER = pathlib.Path(__file__).parent.parent / "packages/ponty-memo/tests/fleet/server.py"


@pytest.fixture(scope="session")
def redis_url():
    """Give the URL of a real Redis or Valkey server, started for these tests."""
    spec = importlib.util.spec_from_file_location("ponty_redis_server", SERVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.Server().start()
    yield server.url
    server.close()
