"""A body that is read in slices comes to the same value, or to the same refusal, as one that is read in one go."""

import asyncio
import collections
import contextlib
import dataclasses
import datetime
import gc
import gzip
import json
import uuid
import weakref
from typing import Annotated, Any, TypedDict

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ponty.core import PontyError, post, render_json
from ponty.request import (
    AIOHttpReq,
    Annotation,
    InvalidField,
    JsonBody,
    ParsedJsonBody,
    Request,
    ValidatedJsonBody,
    expect,
)
from ponty.request.content.json_decoder import decode_json
from ponty.request.large import sizes
from ponty.request.large.parser import LargeParser, decoded_json, validated_json
from ponty.request.large.reduction import LargeValidator
from ponty.request.large.release import Kept
from ponty.request.large.turns import in_turns
from ponty.request.parsing.parser import Parser
from ponty.request.validation.validator import Validator


@dataclasses.dataclass
class Tag:
    name: str
    weight: Annotated[float, Annotation(minimum=0)] = 1.0


@dataclasses.dataclass
class Row:
    name: str
    count: Annotated[int, msgspec.Meta(ge=0)]
    tags: list[Tag] = dataclasses.field(default_factory=list)
    more: dict[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Strict:
    name: str
    at: datetime.datetime | None = None

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError(self.name)


class Open(msgspec.Struct):
    rows: list[Row]
    kind: str = "a"


class Renamed(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    long_rows: Annotated[list[Row], msgspec.Meta(min_length=2, max_length=4)]
    any_thing: Any = None


class Typed(TypedDict):
    rows: list[Strict] | None
    by_name: dict[str, Strict]


@dataclasses.dataclass
class Envelope:
    rows: list[Strict]
    pairs: tuple[Row, ...] = ()
    below: "Envelope | None" = None
    ids: set[uuid.UUID] = dataclasses.field(default_factory=set)
    order: collections.OrderedDict[str, Tag] = dataclasses.field(default_factory=collections.OrderedDict)


TYPES = [list[Row], dict[str, Row], Open, Renamed, Typed, Envelope, list[Strict], list[list[int]], Any]
TYPES += [list[Row] | None]
PARSERS = [Parser(tp) for tp in TYPES]
LARGE = [LargeParser(parser) for parser in PARSERS]

texts = st.sampled_from(["", "a", "bad", "é\u2028", "[{", '"\\', "x" * 40, "2020-01-01T00:00:00Z"])
names = st.sampled_from(
    ["name", "count", "rows", "tags", "weight", "more", "kind", "longRows", "anyThing", "by_name", "pairs", "below"]
)
scalars = st.none() | st.booleans() | st.integers(-2, 9) | st.sampled_from([1.0, 0.5, -1.5, 1e300]) | texts
tags = st.fixed_dictionaries({"name": texts}, optional={"weight": st.sampled_from([1, 0.5, -1, "x"])})
rows = st.fixed_dictionaries(
    {"name": texts, "count": st.sampled_from([1, 2, 3, 4, 1.0, -1])},
    optional={
        "tags": st.lists(tags, max_size=4),
        "more": st.dictionaries(texts, st.integers(0, 5), max_size=4),
        "other": st.none(),
    },
)
stricts = st.fixed_dictionaries({"name": texts}, optional={"at": st.none() | texts})
envelopes = st.deferred(
    lambda: st.fixed_dictionaries(
        {"rows": st.lists(stricts, max_size=6)},
        optional={
            "pairs": st.lists(rows, max_size=4),
            "below": st.none() | envelopes,
            "ids": st.lists(st.uuids().map(str), max_size=3),
            "order": st.dictionaries(texts, tags, max_size=4),
            "other": scalars,
        },
    )
)
row_lists = st.lists(rows, max_size=9)
shaped = [
    row_lists,
    st.dictionaries(texts, rows, max_size=5),
    st.fixed_dictionaries({"rows": row_lists}, optional={"kind": texts, "x": row_lists}),
    st.fixed_dictionaries({"longRows": row_lists}, optional={"anyThing": row_lists}),
    st.fixed_dictionaries({"rows": st.none() | st.lists(stricts), "by_name": st.dictionaries(texts, stricts)}),
    envelopes,
    st.lists(stricts, max_size=9),
    st.lists(st.lists(st.integers(0, 9), max_size=9), max_size=9),
    row_lists | envelopes,
    st.none() | row_lists,
]
"""What is of each of the types, or nearly so."""

anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5), max_leaves=20
)


@st.composite
def bodies(draw, like=None):
    """JSON text, some of it broken."""
    value = draw(anything if like is None or draw(st.integers(0, 9)) == 0 else like)
    body = json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))).encode()
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, len(body)))
        piece = draw(st.sampled_from([b"", b",", b"[", b"]", b"{", b"}", b'"', b"\\", b"\xff", b"1e999", b".5", b":"]))
        body = body[:place] + piece + body[place + draw(st.integers(0, 1)) :]
    return body


@contextlib.contextmanager
def small(piece: int = 24, block: int = 8, seconds: float = 0.0):
    """Have bodies read in small pieces."""
    before = sizes.SIZES.sliced, sizes.SIZES.piece, sizes.SIZES.block, sizes.SIZES.seconds
    vars_of = sizes.SIZES
    vars_of.sliced, vars_of.piece, vars_of.block, vars_of.seconds = 0, piece, block, seconds
    try:
        yield
    finally:
        vars_of.sliced, vars_of.piece, vars_of.block, vars_of.seconds = before


def drained(steps):
    """Do work in one go."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def outcome(work):
    """Return a value, or all that a client is told of a refusal."""
    try:
        value = work()
    except InvalidField as refusal:
        value = refusal
    except PontyError as error:
        return "error", repr(error)
    if isinstance(value, InvalidField):
        return "refused", value.status, [tuple(violation) for violation in value.violations]
    return "value", repr(value)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), which=st.integers(0, len(TYPES) - 1), piece=st.integers(1, 60), block=st.integers(1, 20))
def test_a_body_comes_to_the_same_in_slices(data, which, piece, block):
    """The value or the refusal is that of the body in one go, whatever the type and however it is cut."""
    body = data.draw(bodies(shaped[which]))

    async def in_slices():
        with small(piece, block):
            return outcome(lambda: drained(LARGE[which].attempt(body)))

    assert asyncio.run(in_slices()) == outcome(lambda: PARSERS[which].read(body))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(body=bodies(), piece=st.integers(1, 60), block=st.integers(1, 20))
def test_plain_json_comes_to_the_same_in_slices(body, piece, block):
    """Also where no type is asked for."""

    async def in_slices():
        with small(piece, block):
            return outcome(lambda: drained(decoded_json(body)))

    assert asyncio.run(in_slices()) == outcome(lambda: decode_json(body))


ROW = b'{"name": "a", "count": 1, "more": {}}'
BROKEN = {
    "a number that is out of range, and no JSON": (b'{"rows": [1e999, ' + ROW + b', {"name" 1}]}', "json"),
    "the same, where nobody wants it": (b'{"other": [1e999, [1, 2]], "rows": [{"name" 1}]}', "json"),
    "the same, and a name that is no JSON": (b'{"rows": 1e999, "x\\x": [' + ROW + b"]}", "json"),
    "the same, and no UTF-8": (b'{"rows": [1e999, "\xff", {"name" 1}]}', "json"),
    "nothing else": (b'{"rows": [1e999, ' + ROW + b"]}", "out_of_range"),
    "no UTF-8, and then no JSON": (b'{"rows": [' + ROW + b', {"n\xff": 1, "name" 1}]}', "encoding"),
    "no JSON, and then no UTF-8": (b'{"rows": [' + ROW + b', {"name" 1, "n\xff": 1}]}', "json"),
    "no UTF-8 where nobody wants it": (b'{"other": [[1, "\xff"], 2], "rows": []}', "encoding"),
    "no UTF-8 in a name where nobody wants it": (b'{"other": {"\xff": [1, 2]}, "rows": []}', "encoding"),
    "no JSON where nobody wants it": (b'{"other": [[1, x], 2], "rows": []}', "json"),
    "brackets that do not fit from the first block on": (b'{]"rows": [' + ROW + b"]}", "json"),
}
"""Bodies with one fault or more, and the code of the one that is told."""


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("tp", [Open, Any, Typed, Envelope], ids=str)
def test_the_same_one_of_several_faults_is_told_in_slices(kind, tp):
    body, code = BROKEN[kind]
    parser = Parser(tp)

    async def in_slices(piece):
        with small(piece, 4):
            return outcome(lambda: drained(LargeParser(parser).attempt(body)))

    refusal = outcome(lambda: parser.read(body))
    assert refusal[0] == "refused"
    if tp in {Open, Any}:
        assert [told for _, _, told in refusal[2]] == [code]
    for piece in (1, 12, 40):
        assert asyncio.run(in_slices(piece)) == refusal


def test_what_nobody_wants_is_passed_over_in_slices_too():
    """Even a number that no Python number can hold."""
    body = b'{"other": {"a": [1e999, [1]], "b": {"c": 1e999}}, "rows": [' + ROW + b"]}"

    async def in_slices():
        with small(6, 4):
            return outcome(lambda: drained(LargeParser(Parser(Open)).attempt(body)))

    assert asyncio.run(in_slices()) == outcome(lambda: Parser(Open).read(body))
    assert asyncio.run(in_slices())[0] == "value"


BLANK_AT = [
    "~{}",
    "{~}",
    "[~]",
    '{"a":{~}}',
    '[{~},{"a":~{~}}]',
    '{"a"~:1}',
    '{"a":~1}',
    '{"a":1~,"b":[~]}',
    '{~"a":1,~"b":2~}',
    "[1,~2]",
    "[1,2~]",
    '{"a":1,~}',
    "[1,~]",
    "{~",
    "{~]",
    "{~1}",
]
"""JSON and what is none, and where there are many blanks in it."""


@pytest.mark.parametrize("text", BLANK_AT)
@pytest.mark.parametrize("tp", [Any, dict[str, int], dict[str, Any], list[int], Open], ids=str)
def test_blanks_in_slices_mean_nothing(text, tp):
    """An object of many blanks is an empty one."""
    parser = Parser(tp)

    async def in_slices(body):
        with small(24, 8):
            return outcome(lambda: drained(LargeParser(parser).attempt(body)))

    for blanks in (" " * 20, "\r\n\t" * 40):
        body = text.replace("~", blanks).encode()
        assert asyncio.run(in_slices(body)) == outcome(lambda body=body: parser.read(body))


SCHEMAS = [
    {"items": {"properties": {"count": {"minimum": 2}}, "required": ["name"]}, "minItems": 2, "maxItems": 5},
    {"additionalProperties": {"type": "object", "maxProperties": 3}, "required": ["x", "a"]},
    {
        "type": "object",
        "properties": {"rows": {"$ref": "#/$defs/rows"}, "x": False},
        "additionalProperties": False,
        "$defs": {"rows": {"type": ["array", "null"], "items": {"properties": {"count": {"const": 1}}}}},
    },
    {"properties": {"rows": {"anyOf": [{"type": "null"}, {"type": "array", "items": {"required": ["at"]}}]}}},
    {"uniqueItems": True, "contains": {"required": ["more"]}},
    {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "object"}, {"type": "null"}]},
    {"patternProperties": {"^a": False}, "propertyNames": {"maxLength": 3}},
    {"type": "array", "items": {"type": "array", "items": {"maximum": 5}, "minItems": 3}, "minItems": 3},
    True,
]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), which=st.integers(0, len(SCHEMAS) - 1), piece=st.integers(1, 60), block=st.integers(1, 20))
def test_a_schema_refuses_the_same_in_slices(data, which, piece, block):
    """The faults are found in the same order, and at the same places, also where only some elements were looked at."""
    body = data.draw(bodies(data.draw(st.sampled_from(shaped))))
    validator = Validator(SCHEMAS[which])

    def in_one_go():
        value = decode_json(body)
        validator.check(value)
        return value

    async def in_slices():
        with small(piece, block):
            return outcome(lambda: drained(validated_json(body, LargeValidator(validator))))

    assert asyncio.run(in_slices()) == outcome(in_one_go)


def small_sizes(monkeypatch, *, sliced: int = 1000, piece: int = 200, block: int = 64, seconds: float = 0.0) -> None:
    """Have bodies read in small pieces for the rest of a test, each in a slice of its own."""
    for name, value in {"sliced": sliced, "piece": piece, "block": block, "seconds": seconds}.items():
        monkeypatch.setattr(sizes.SIZES, name, value)
    for module in ("json_body", "parsed_json_body"):
        monkeypatch.setattr(f"ponty.request.fields.bodies.{module}.LARGE", sliced)


class NewRows(Request):
    rows = ParsedJsonBody(list[Row])


class Whole(Request):
    rows = ParsedJsonBody(list[Row])
    request = AIOHttpReq()


class AnyRows(Request):
    rows = JsonBody()


class ValidRows(Request):
    rows = ValidatedJsonBody(schema={"items": {"properties": {"count": {"minimum": 0}}}})


def text_of(count: int, last: object = 1) -> bytes:
    """Write so many rows, the last with a count of its own."""
    return json.dumps([{"name": "n", "count": last if number == count - 1 else 1} for number in range(count)]).encode()


HEADERS = {"Content-Type": "application/json"}


@pytest.mark.parametrize("cls", [NewRows, ValidRows, AnyRows])
async def test_a_large_body_is_served(serve, monkeypatch, cls):
    """Over HTTP, each field that takes JSON reads large bodies in slices and answers as for others."""
    small_sizes(monkeypatch)

    @post("/rows")
    @expect(cls)
    @render_json
    async def rows(rows):
        return len(rows)

    client = await serve()
    async with client.post("/rows", data=text_of(500), headers=HEADERS) as answer:
        assert (answer.status, (await answer.json())["data"]) == (200, 500)
    async with client.post("/rows", data=text_of(500, -1), headers=HEADERS) as answer:
        document = await answer.json(content_type=None)
    if cls is AnyRows:
        assert answer.status == 200
    else:
        assert (answer.status, document["errors"][0]["pointer"]) == (400, "/499/count")


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
async def test_an_encoded_body_is_read_once_and_for_all(serve, encoding):
    """What a field has read and unpacked, the request has too."""
    read = list[int]()

    @post("/rows")
    @expect(Whole)
    @render_json
    async def rows(rows, request):
        read.append(len(await request.read()))
        return len(rows)

    client = await serve()
    body = text_of(1000)
    packed = gzip.compress(body)
    headers = {**HEADERS, "Content-Encoding": encoding}
    async with client.post("/rows", data=packed, headers=headers) as answer:
        assert (answer.status, (await answer.json())["data"]) == (200, 1000)
    assert read == [len(body) if encoding == "gzip" else len(packed)]


async def counted(steps, turns: list[str], name: str):
    """Do work in turns, and note who has one."""

    def noted():
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                return stop.value
            turns.append(name)
            yield

    return await in_turns(noted())


async def test_two_large_bodies_have_turns_alike(monkeypatch):
    """Of two that are read at once, none waits for the other's end, and both have as many slices one after another."""
    small_sizes(monkeypatch)
    monkeypatch.setattr(sizes.SIZES, "slices", 5)
    turns: list[str] = []
    body = text_of(300)
    found = await asyncio.gather(*(counted(decoded_json(body), turns, name) for name in "ab"))
    assert found[0] == found[1] == json.loads(body)
    assert turns[:20] == [*"aaaaabbbbb"] * 2


async def test_others_have_a_turn_after_each_slice(monkeypatch):
    """A task that asks for nothing but turns has one for each slice, at least."""
    small_sizes(monkeypatch)
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    watching = asyncio.create_task(other())
    slices: list[str] = []
    await counted(LARGE[0].attempt(text_of(300)), slices, "a")
    watching.cancel()
    assert len(slices) > 50
    assert turns >= len(slices)


async def test_work_for_a_client_that_has_left_is_not_gone_on_with(monkeypatch):
    """It ends between two slices, and what was read so far is let go of."""
    small_sizes(monkeypatch)

    class Gone:
        transport = None

    steps = LARGE[0].attempt(text_of(300))
    with pytest.raises(ConnectionResetError, match="the client has left"):
        await in_turns(steps, Gone())  # type: ignore[arg-type]
    with pytest.raises(StopIteration):
        next(steps)


async def test_a_cancelled_request_ends_the_work(monkeypatch):
    """As where a server stops, or a deadline is over."""
    small_sizes(monkeypatch)
    steps = LARGE[0].attempt(text_of(300))
    task = asyncio.create_task(in_turns(steps))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(StopIteration):
        next(steps)


async def test_a_stop_lets_a_large_body_be_read_to_its_end(serve, monkeypatch):
    """A server that is told to stop while a body is read in slices answers it."""
    small_sizes(monkeypatch)
    began = asyncio.Event()

    @post("/rows")
    @expect(NewRows)
    @render_json
    async def rows(rows):
        return len(rows)

    original = LargeParser.attempt

    def attempt(self, body):
        began.set()
        return original(self, body)

    monkeypatch.setattr(LargeParser, "attempt", attempt)
    client = await serve()
    asking = asyncio.create_task(client.post("/rows", data=text_of(2000), headers=HEADERS))
    await began.wait()
    stopping = asyncio.create_task(client.server.close())
    async with await asking as answer:
        assert (answer.status, (await answer.json())["data"]) == (200, 2000)
    await stopping


async def test_values_are_let_go_of_in_turns_when_the_request_is_done():
    """As long as the task of the request runs, its value is whole; then its pieces go one after another."""

    class Piece:
        pass

    gc.collect()  # what other tests have left behind
    thresholds = gc.get_threshold()
    pieces = [Piece() for _ in range(5)]
    seen = [weakref.ref(piece) for piece in pieces]
    done = asyncio.Event()

    async def request():
        kept = Kept()
        for piece in pieces:
            kept.add(piece)
        kept.release_after_request()
        await done.wait()

    with small():
        task = asyncio.create_task(request())
        await asyncio.sleep(0)
        pieces.clear()
        piece = None
        assert all(ref() is not None for ref in seen)
        assert gc.get_threshold() != thresholds
        done.set()
        await task
        left = []
        while any(ref() is not None for ref in seen):
            await asyncio.sleep(0)
            left.append(sum(ref() is not None for ref in seen))
    assert left[-5:] == [4, 3, 2, 1, 0]
    await asyncio.sleep(0)
    assert gc.get_threshold() == thresholds
