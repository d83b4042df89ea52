"""Entering and leaving a scope count as the time of the handler."""

import asyncio

import pytest

from ponty.core import deadlines, remaining_seconds, render_json
from ponty.core import get as route
from ponty.request import Request, Scoped, expect

ENVOY = "X-Envoy-Expected-Rq-Timeout-Ms"


@pytest.mark.parametrize("where", ["entering", "leaving", "handling"])
async def test_a_scope_that_takes_too_long_is_ended(where, serve):
    """What was open is left with the cancellation."""
    ended = []

    async def opened(request):
        ended.append(remaining_seconds() is None)
        try:
            if where == "entering":
                await asyncio.Event().wait()
            yield 1
            if where == "leaving":
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(where)
            raise

    class Slow(Request):
        number = Scoped(opened)

    @route("/slow")
    @expect(Slow)
    @render_json
    async def slow(number: int) -> int:
        if where == "handling":
            await asyncio.Event().wait()
        return number

    client = await serve(middlewares=[deadlines(trusted=["127.0.0.1"])])
    async with client.get("/slow", headers={ENVOY: "1"}) as answer:
        assert answer.status == 504
    assert ended == [False, where]
