"""Testing: a client of an application, a service that answers from a table, and checks of problem documents.

This is a pytest plugin, which needs pytest-aiohttp. Load it by `pytest -p ponty.core.testing`, or in `pyproject.toml`::

    addopts = ["-p", "ponty.core.testing"]

::

    a test --tables, providers, fields--> client --build_app--> an application on a socket
      '-- problems (checks of its answers)                          '-- lease_http_client --> fake_service
"""

from ponty.core.testing.client import PontyClient, ponty_client
from ponty.core.testing.fake_service import FakeService, InTurn
from ponty.core.testing.problems import assert_problem

__all__ = ["FakeService", "InTurn", "PontyClient", "assert_problem", "ponty_client"]
