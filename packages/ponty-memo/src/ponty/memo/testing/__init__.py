"""For tests of programs with caches and locks: virtual time, and a fixture that closes links to Redis.

It is a pytest plugin. Load it with `pytest -p ponty.memo.testing`, or with a line in `pyproject.toml`::

    addopts = ["-p", "ponty.memo.testing"]

Virtual time is in `virtual_time`, the fixture in `links`.
"""

from ponty.memo.testing.links import redis_links
from ponty.memo.testing.virtual_time import VirtualLoop, run_virtually

__all__ = ["VirtualLoop", "redis_links", "run_virtually"]
