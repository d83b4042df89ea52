"""For tests of programs that use caches and locks: time that passes at once, and links that are closed.

It is a plugin of pytest's; `pytest -p ponty.memo.testing` loads it, or a line in `pyproject.toml`::

    addopts = ["-p", "ponty.memo.testing"]

The time is in `virtual_time`, the fixture that closes links in `links`.
"""

from ponty.memo.testing.links import redis_links
from ponty.memo.testing.virtual_time import VirtualLoop, run_virtually

__all__ = ["VirtualLoop", "redis_links", "run_virtually"]
