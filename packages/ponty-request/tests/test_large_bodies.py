"""A large body is read in steps: others have their turn between them, and what comes of it is the same."""

import contextlib
import dataclasses
import json
import sys
from typing import Annotated

import pytest

from ponty.core import post, render_json
from ponty.request import Annotation, InvalidField, JsonBody, ParsedJsonBody, Request, ValidatedJsonBody, expect
from ponty.request.fields.bodies import parsed_json_body
from ponty.request.large.plain import outlined, poured
from ponty.request.large.sizes import LARGE, MANY
from ponty.request.large.turns import in_turns


@dataclasses.dataclass
class Row:
    name: str
    count: Annotated[int, Annotation(minimum=0)]


class OfType(Request):
    rows = ParsedJsonBody(list[Row])


@dataclasses.dataclass
class Blank:
    """What `{}` is a whole one of."""

    name: str = ""
    tags: list[str] = dataclasses.field(default_factory=list)
    within: "list[Blank]" = dataclasses.field(default_factory=list)


class OfBlanks(Request):
    rows = ParsedJsonBody(list[Blank])


class OfSchema(Request):
    rows = ValidatedJsonBody(schema={"items": {"properties": {"count": {"minimum": 0}}}})


class OfAny(Request):
    rows = JsonBody()


ROWS = [{"name": "n" * 20, "count": number} for number in range(LARGE // 30)]
FAULT = {
    "in": "body",
    "name": "rows",
    "pointer": "/7/count",
    "detail": "is less than the minimum of 0",
    "code": "minimum",
}
BAD = [{**row, "count": -1} if number == 7 else row for number, row in enumerate(ROWS)]
WHOLE = [{**row, "count": float(row["count"])} for row in ROWS]


@pytest.fixture
def ask(serve):
    """Post a value, and return the status and the document of the answer."""

    async def ask(cls, value):
        @post("/rows")
        @expect(cls)
        @render_json
        async def rows(rows):
            return len(rows)

        client = await serve()
        body = json.dumps(value).encode()
        assert len(body) > LARGE
        async with client.post("/rows", data=body, headers={"Content-Type": "application/json"}) as answer:
            return answer.status, await answer.json(content_type=None)

    return ask


@pytest.mark.parametrize("cls", [OfType, OfSchema, OfAny])
@pytest.mark.parametrize("value", [ROWS, WHOLE], ids=["integers", "floats"])
async def test_a_good_body_is_taken(ask, cls, value):
    status, document = await ask(cls, value)
    assert (status, document["data"]) == (200, len(ROWS))


@pytest.mark.parametrize("cls", [OfType, OfSchema])
async def test_a_bad_body_is_refused_as_a_short_one_is(ask, cls):
    status, document = await ask(cls, BAD)
    assert (status, document["errors"]) == (400, [FAULT])


@pytest.mark.parametrize(("value", "steps"), [(ROWS, 2), (BAD, 4), (WHOLE, 4)], ids=["good", "bad", "of another form"])
async def test_others_have_their_turn_between_the_steps(value, steps):
    """Each step is one turn of the loop, in which all else that waits for its turn has one."""
    body = json.dumps(value).encode()
    attempt = OfType.rows.__ponty_attempt_in_turns__(body)
    turns = 0
    while True:
        try:
            attempt.send(None)
        except StopIteration:
            break
        turns += 1
    assert turns == steps


@pytest.mark.parametrize(("count", "is_sliced"), [(MANY, False), (MANY + 1, True)])
async def test_a_body_of_many_objects_is_read_in_slices_however_short_it_is(serve, monkeypatch, count, is_sliced):
    """An object of three bytes may stand for dozens of values, its defaults."""
    sliced = []

    async def noted(steps, request):
        sliced.append(request)
        return await in_turns(steps, request)

    monkeypatch.setattr(parsed_json_body, "in_turns", noted)

    @post("/rows")
    @expect(OfBlanks)
    @render_json
    async def rows(rows):
        return [len(rows), rows[-1]]

    client = await serve()
    body = b"[" + b",".join([b"{}"] * count) + b"]"
    assert len(body) < LARGE
    async with client.post("/rows", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert (await answer.json())["data"] == [count, {"name": "", "tags": [], "within": []}]
    assert bool(sliced) is is_sliced


class Runs:
    """Takes runs, and counts the objects of each."""

    def __init__(self):
        self.objects = []

    def run(self, entries):
        self.objects.append(entries.count(b"{"))

    def opened(self, *, is_array, key, start):
        pass

    def closed(self, end):
        pass

    def broken(self, text):
        pass


def ended(steps):
    """Go through all steps, and return what comes of them."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def test_a_run_has_a_bounded_number_of_objects():
    """A run is read in one go, so what counts is what there is in it, and not its bytes alone."""
    body = b"[" + b",".join([b"{}"] * 100_000) + b"]"
    runs = Runs()
    outline = ended(outlined(body))
    for _ in poured(outline, runs):
        pass
    assert sum(runs.objects) == 100_000
    assert max(runs.objects) <= 1.5 * MANY


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 98 + b"[" + b"1," * 200_000 + b"1]" + b"}" * 98,
        b"[" * 500_000 + b"]" * 500_000,
        b'{"a":' * 200_000,
        b"[" + b"[]," * 60_000 + b"[]]",
    ],
    ids=["deep", "too deep", "cut off", "wide"],
)
def test_brackets_are_not_gone_through_one_by_one(body):
    """All that stand in a block would be looked at again at each level, and all of them for one comma."""
    calls = 0

    def counted(frame, event, argument):
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        with contextlib.suppress(InvalidField):
            ended(poured(ended(outlined(body)), Runs()))
    finally:
        sys.setprofile(None)
    assert calls < 40_000
