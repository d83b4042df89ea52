"""A handler's value as a JSON answer."""

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import math
import time
import types
import uuid

import pytest
from aiohttp import web

from ponty.core import get, render_json


class Colour(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    SMALL = 1


class Name(str):
    __slots__ = ()


class Count(int):
    pass


class Moment(datetime.datetime):
    pass


class Day(datetime.date):
    pass


class Price(decimal.Decimal):
    pass


class Id(uuid.UUID):
    pass


class Ratio(float):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: tuple[int, ...]


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (None, None),
        ("é", "é"),
        ({"a": [1, 2.5, True]}, {"a": [1, 2.5, True]}),
        (2**80, 2**80),
        (Point(1, (2, 3)), {"x": 1, "y": [2, 3]}),
        ([Point(1, ())], [{"x": 1, "y": []}]),
        (Colour.RED, "red"),
        (Size.SMALL, 1),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (decimal.Decimal("1.10"), "1.10"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC), "2026-01-02T03:04:05Z"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.timedelta(hours=1), "PT3600S"),
        ({3}, [3]),
        (frozenset("a"), ["a"]),
        (math.nan, None),
        ([math.inf, -math.inf], [None, None]),
        (b"\xff", "/w=="),
        (Name("ann"), "ann"),
        (Count(3), 3),
        (Ratio(0.5), 0.5),
        (Moment(2026, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=1))), "2026-01-02T00:00:00+01:00"),
        (Day(2026, 1, 2), "2026-01-02"),
        (Price("1.10"), "1.10"),
        (Id(int=5), "00000000-0000-0000-0000-000000000005"),
        (collections.deque([1, 2]), [1, 2]),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        ({"a": 1}.keys(), ["a"]),
        (range(3), [0, 1, 2]),
        ({1: "one", Colour.RED: "r", uuid.UUID(int=0): 0}, {"1": "one", "red": "r", str(uuid.UUID(int=0)): 0}),
    ],
)
async def test_values_encode(serve, value, encoded):
    @get("/")
    @render_json
    async def handler(request: web.Request) -> object:
        return value

    client = await serve()
    async with client.get("/") as answer:
        assert answer.status == 200
        assert (await answer.json())["data"] == encoded


async def test_the_envelope(serve):
    @get("/")
    @render_json
    async def handler(request: web.Request) -> dict[str, str]:
        return {"greeting": "hello"}

    client = await serve()
    before = time.time_ns() // 1_000_000
    async with client.get("/") as answer:
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        envelope = json.loads(await answer.read())
    assert envelope.keys() == {"data", "elapsed", "now"}
    assert envelope["elapsed"] >= 0
    assert before <= envelope["now"] <= time.time_ns() // 1_000_000


async def test_elapsed_is_in_milliseconds(serve, monkeypatch):
    clock = iter([1_000_000_000, 1_250_000_000])
    monkeypatch.setattr("ponty.core.rendering.renderers.time.perf_counter_ns", lambda: next(clock))

    @render_json
    async def handler() -> None:
        return None

    assert json.loads((await handler()).body)["elapsed"] == 250


@pytest.mark.parametrize("value", [object(), {(1, 2): 3}, {frozenset(): 3}, web.Response(), "\ud800"])
async def test_a_value_that_does_not_encode_is_a_500_and_is_logged(serve, caplog, value):
    @get("/")
    @render_json
    async def handler(request: web.Request) -> object:
        return value

    client = await serve()
    async with client.get("/") as answer:
        assert answer.status == 500
    assert len(caplog.records) == 1


def test_what_is_no_coroutine_function_is_refused_by_name():
    with pytest.raises(TypeError, match=r"@render_json: '.*plain' is not a coroutine function"):

        @render_json
        def plain():
            return {}


def test_it_keeps_the_function_s_name_and_parameters():
    @render_json
    async def handler(a: int, *, b: str) -> None:
        """Do a thing."""

    import inspect

    assert handler.__name__ == "handler"
    assert handler.__doc__ == "Do a thing."
    assert list(inspect.signature(handler).parameters) == ["a", "b"]
