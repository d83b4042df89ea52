"""What a hit and a miss of a local cache cost does not grow unnoticed.

Counted are the lines that run in `ponty.memo`'s own frames, and how often such a frame is entered. Such counts are the
same on every machine, busy or not, and nearly so in every version of Python.
"""

import asyncio
import contextvars
import sys

import pytest

from ponty.memo import localcache

COSTS = {
    # what: lines, frames
    "a hit": (7, 1),
    "a hit with a lifetime": (8, 1),
    "a miss": (121, 20),
    "a miss with a lifetime": (140, 25),
    "a miss with an eviction": (125, 21),
}


class Cost:
    """Counts, while its block runs, the lines and frames of `ponty.memo`."""

    def __enter__(self):
        self.lines = self.frames = 0
        self._before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_):
        sys.settrace(self._before)

    def _enter(self, frame, event, arg):
        name = str(frame.f_globals.get("__name__", ""))
        compiled = frame.f_code.co_filename.startswith("<ponty.memo of")
        if not compiled and (not name.startswith("ponty.memo.") or name.startswith("ponty.memo.testing")):
            return None
        self.frames += 1
        return self._step

    def _step(self, frame, event, arg):
        self.lines += event == "line"
        return self._step


def measure(what):
    """Count one call, in a loop and a context of its own."""
    return contextvars.Context().run(asyncio.run, count(what))


async def count(what):
    """Count one call, after others have done what is done once."""

    async def double(number):
        await asyncio.sleep(0)
        return number * 2

    timed = {"ttl_ms": 3_600_000} if "lifetime" in what else {}
    function = localcache(maxsize=8 if "eviction" in what else 128, **timed)(double)
    for number in range(20):
        await function(number)
    with Cost() as cost:
        await function(15 if "hit" in what else 100)
    return cost.lines, cost.frames


@pytest.mark.parametrize("what", COSTS)
def test_a_call_costs_no_more_than_it_did(what):
    """Within a tenth; where one costs less, the figures above follow."""
    found = measure(what)
    assert all(0 < count <= allowed * 1.1 for count, allowed in zip(found, COSTS[what], strict=True)), found
    assert all(count >= allowed * 0.75 for count, allowed in zip(found, COSTS[what], strict=True)), found


def test_what_is_counted_grows_with_the_work():
    assert measure("a hit") < measure("a miss") < measure("a miss with an eviction")
