"""A large body is read in steps: others have their turn between them, and what comes of it is the same."""

import asyncio
import contextlib
import dataclasses
import json
import sys
from typing import Annotated, Any

import pytest

from ponty.core import post, render_json
from ponty.request import Annotation, InvalidField, JsonBody, ParsedJsonBody, Request, ValidatedJsonBody, expect
from ponty.request.fields.bodies import json_body, parsed_json_body
from ponty.request.large.parser import LargeParser, validated_json
from ponty.request.large.plain import outlined, poured
from ponty.request.large.reduction import LargeValidator
from ponty.request.large.sizes import FEW, LARGE, MANY, SIZES
from ponty.request.large.turns import in_turns
from ponty.request.parsing.parser import Parser
from ponty.request.validation.validator import Validator


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


class OfAnything(Request):
    rows = ParsedJsonBody(Any)


class OfInts(Request):
    rows = ParsedJsonBody(list[int])


class OfUnions(Request):
    rows = ParsedJsonBody(list[int | str])


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


MUCH = {
    "many levels": b"[" + b",".join([b"[" * 90 + b"]" * 90] * 300) + b"]",
    "great exponents": b"[" + b",".join([b"1e300"] * 9000) + b"]",
    "great exponents in disguise": b"[" + b", ".join([b"5E-00310"] * 5000) + b"]",
}
LITTLE = {
    "one text": b'"' + b"some text, " * 4000 + b'"',
    "few long texts": b"[" + b",".join([b'"%b"' % (b"x" * 60)] * 900) + b"]",
    "small exponents": b"[" + b",".join([b"1.25e-7"] * 7000) + b"]",
    "hashes": b"[" + b",".join(b'"%x"' % (number * 0x9E3779B97F4A7C15) for number in range(1, 2500)) + b"]",
}
BODIES = MUCH | LITTLE | {"many numbers": b"[" + b",".join([b"1"] * 25_000) + b"]"}


@pytest.mark.parametrize(
    ("cls", "kind", "is_sliced"),
    [
        *((cls, kind, True) for cls in (OfAnything, OfSchema, OfAny) for kind in MUCH),
        *((cls, kind, False) for cls in (OfAnything, OfSchema, OfAny) for kind in LITTLE),
        (OfAny, "many numbers", False),
        (OfInts, "many numbers", False),
        (OfUnions, "many numbers", True),
        (OfSchema, "many numbers", True),
    ],
)
async def test_a_body_that_is_much_work_is_read_in_slices_however_short_it_is(serve, monkeypatch, cls, kind, is_sliced):
    """Read in one go, a quarter of a megabyte of great exponents holds all others up for half a second."""
    sliced = []

    async def noted(steps, request):
        sliced.append(request)
        return await in_turns(steps, request)

    for module in (json_body, parsed_json_body):
        monkeypatch.setattr(module, "in_turns", noted)

    @post("/rows")
    @expect(cls)
    @render_json(envelope=False)
    async def rows(rows):
        return rows

    client = await serve()
    body = BODIES[kind]
    assert FEW < len(body) < LARGE
    async with client.post("/rows", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, await answer.json()) == (200, json.loads(body))
    assert bool(sliced) is is_sliced


class Runs:
    """Takes runs, and counts the bytes, the commas and the objects of each."""

    def __init__(self):
        self.sizes = []
        self.commas = []
        self.objects = []

    def run(self, entries):
        self.sizes.append(len(entries))
        self.commas.append(entries.count(b","))
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


def test_a_run_has_a_bounded_number_of_values():
    runs = Runs()
    body = b"[" + b",".join([b"1"] * 300_000) + b"]"
    ended(poured(ended(outlined(body, counts_commas=True)), runs))
    assert sum(runs.commas) > 299_000
    assert max(runs.commas) <= 4 * MANY


def test_a_run_of_great_exponents_has_few_bytes():
    """As many as are found in a sample, so a megabyte of others around a few of them does not hide them."""
    great = b",".join([b"-1.5e-320"] * 5000)
    runs = Runs()
    ended(poured(ended(outlined(b"[" + b'"a",' * 100_000 + great + b',"a"' * 100_000 + b"]")), runs))
    assert max(runs.sizes) <= 2 * SIZES.block


def test_few_elements_are_validated_at_once():
    """What checks a format may be a function of Python's, and take microseconds for each."""
    asked = []

    class Noted(LargeValidator):
        def _ask(self, explainer, keyword, schema):
            are_valid = super()._ask(explainer, keyword, schema)

            def noted(part):
                asked.append(len(part))
                return are_valid(part)

            return noted

    def refusal_of(schema, value):
        with pytest.raises(InvalidField) as refusal:
            ended(validated_json(json.dumps(value).encode(), Noted(Validator(schema))))
        return [violation.pointer for violation in refusal.value.violations]

    async def refused():
        items = refusal_of({"items": {"format": "ipv4"}}, ["192.0.2.1"] * 30_000 + ["a"])
        entries = {f"n{number}": "192.0.2.1" for number in range(30_000)} | {"bad": "a"}
        return items, refusal_of({"additionalProperties": {"format": "ipv4"}}, entries)

    assert asyncio.run(refused()) == (["/30000"], ["/bad"])
    assert len(asked) > 100
    assert max(asked) <= 512


def test_few_objects_are_built_at_once():
    built = []

    @dataclasses.dataclass
    class Counted:
        number: int

        def __post_init__(self):
            built.append(self.number)

    async def in_steps():
        steps = LargeParser(Parser(list[Counted])).attempt(b"[" + b",".join([b'{"number":1}'] * 20_000) + b"]")
        most = 0
        while True:
            before = len(built)
            try:
                next(steps)
            except StopIteration as stop:
                return most, stop.value
            most = max(most, len(built) - before)

    most, value = asyncio.run(in_steps())
    assert len(built) == len(value) == 20_000
    assert most <= 1024


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
