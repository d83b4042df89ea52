"""No body, however odd, is a 500, or is answered at length, or stops the server."""

import dataclasses
import datetime
import decimal
import enum
import gzip
import json
import socket
import typing
import uuid

import attrs
import msgspec
import pydantic
import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from ponty.core import render_json
from ponty.request import (
    UNSET,
    Annotation,
    JsonBody,
    ParsedJsonBody,
    Request,
    TextBody,
    UnsetType,
    ValidatedJsonBody,
    dataclass_to_jsonschema,
    expect,
)
from ponty.request.errors import InvalidField
from ponty.request.validation.validator import Validator


class Size(enum.Enum):
    SMALL = "s"
    TWO = 2


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: float = 0


@dataclasses.dataclass
class Cat:
    name: str
    lives: typing.Annotated[int, Annotation(minimum=0, maximum=9)] = 9
    kittens: "list[Cat]" = dataclasses.field(default_factory=list)

    def __post_init__(self):
        if self.name == "dog":
            raise ValueError("the dog's secret")


class Box(msgspec.Struct, rename="camel", tag="box"):
    box_name: str
    boxes: "list[Box | Bag]" = []
    note: str | UnsetType | None = UNSET


class Toy(pydantic.BaseModel):
    toy_name: str = pydantic.Field(alias="name", max_length=9)
    lives: int = pydantic.Field(9, ge=0)
    kind: typing.Literal["toy", "dog"] = "toy"
    toys: "list[Toy]" = []
    since: datetime.datetime | None = None
    either: int | list[float] | None = None

    @pydantic.field_validator("toy_name")
    @classmethod
    def refuse(cls, value: str) -> str:
        if value == "dog":
            raise ValueError("the dog's secret")
        return value


@attrs.define
class Jar:
    name: str = attrs.field(validator=attrs.validators.not_(attrs.validators.in_(["dog"])))
    number: int = attrs.field(default=1, validator=attrs.validators.ge(0))
    jars: "list[Jar]" = attrs.field(factory=list)


class Bag(msgspec.Struct, tag="bag", forbid_unknown_fields=True):
    since: datetime.date


@dataclasses.dataclass
class Everything:
    text: str
    number: float
    count: int
    flag: bool
    data: bytes
    day: datetime.date
    moment: datetime.datetime
    clock: datetime.time
    span: datetime.timedelta
    id: uuid.UUID
    price: decimal.Decimal
    size: Size
    choice: typing.Literal["a", 1, True] | None
    pet: Cat | Point | None
    points: frozenset[Point]
    pair: tuple[int, str]
    many: tuple[float, ...]
    table: dict[str, list[int]]
    by_day: dict[datetime.date, Point]
    either: int | float | str | list[int]
    anything: typing.Any
    held: Box | Bag
    toy: Toy | None
    jar: Jar


GOOD = {
    "text": "a",
    "number": 1,
    "count": 1.0,
    "flag": True,
    "data": "AAAA",
    "day": "2026-02-28",
    "moment": "2026-02-28T10:00:00.5Z",
    "clock": "10:00:00Z",
    "span": "P1DT2H",
    "id": "00000000-0000-4000-8000-000000000000",
    "price": "1.50",
    "size": 2,
    "choice": None,
    "pet": {"name": "a", "kittens": [{"name": "b"}]},
    "points": [{"x": 1, "y": 2}, {"x": 1}],
    "pair": [1, "a"],
    "many": [1, 2.5],
    "table": {"a": [1]},
    "by_day": {"2026-02-28": {"x": 1}},
    "either": 1.5,
    "anything": {"a": [None]},
    "held": {"type": "box", "boxName": "a", "boxes": [{"type": "bag", "since": "2026-02-28"}], "else": []},
    "toy": {"name": "a", "lives": 3, "toys": [{"name": "b", "either": [1.5]}]},
    "jar": {"name": "a", "number": 3, "jars": [{"name": "b"}]},
}

table = web.RouteTableDef()
FIELDS = {
    "text": TextBody(),
    "json": JsonBody(),
    "validated": ValidatedJsonBody(schema=dataclass_to_jsonschema(Everything)),
    "parsed": ParsedJsonBody(Everything),
    "list": ParsedJsonBody(list[Everything | Cat]),
    "map": ParsedJsonBody(dict[int, float]),
    "struct": ParsedJsonBody(Box),
    "toy": ParsedJsonBody(Toy),
    "toys": ParsedJsonBody(list[Toy | None]),
    "jar": ParsedJsonBody(Jar),
}


def mount(name, field):
    body = type("Body", (Request,), {"value": field})

    @table.post(f"/{name}")
    @expect(body)
    @render_json
    async def handler(value: object) -> object:
        return value


for _name, _field in FIELDS.items():
    mount(_name, _field)


@pytest.fixture(scope="module")
def server(serve_in_thread, fault_codes):
    """Return the port of the server, what is logged, and the codes that its answers may have."""
    return *serve_in_thread(table), fault_codes


def send(port, path, body, headers=b""):
    """Post a body, and give the status and the body of the answer."""
    if b"Content-Type" not in headers:
        headers += b"Content-Type: application/json\r\n"
    head = b"POST /%b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n" % (path.encode(), len(body))
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head + headers + b"\r\n" + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, text = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head, text


def check(server, path, body, headers=b""):
    port, records, codes = server
    status, head, text = send(port, path, body, headers)
    assert status == 200 or 400 <= status < 500, (status, text)
    records[:] = [record for record in records if record.name != "asyncio"]
    assert [record.getMessage() for record in records] == []
    document = json.loads(text)
    if status != 200:
        assert b"application/problem+json" in head
        assert document["status"] == status
        assert len(head) + len(text) < 8192
        for fault in document.get("errors", []):
            assert fault.keys() == {"in", "name", "pointer", "detail", "code"}
            assert fault["code"] in codes
        assert b"secret" not in text
    return status


field = st.sampled_from(sorted(FIELDS))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400), 1e308, -0.0, 0.1, 2**63, 2**64, 1e16]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=10),
    st.sampled_from([value for value in GOOD.values() if isinstance(value, str)]),
    st.sampled_from(
        ["9" * 400, "P9999999999D", "0000-00-00", "2026-02-30", "9999-12-31T23:59:59-23:59", "dog", "1e999"]
    ),
)
values = st.recursive(
    st.one_of(scalars, st.sampled_from(list(GOOD.values())), st.just(GOOD)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.sampled_from([*GOOD, "name", "x", "self", "cls", "a/b~c"]), st.text(max_size=5)), inner
        ),
    ),
    max_leaves=8,
)


@given(path=field, body=st.binary(max_size=200))
def test_random_bytes(server, path, body):
    check(server, path, body)


@given(path=field, value=values)
def test_random_json(server, path, value):
    check(server, path, json.dumps(value).encode())


@given(
    path=st.sampled_from(["validated", "parsed"]), name=st.sampled_from(sorted(GOOD)), value=values, drop=st.booleans()
)
@example(path="parsed", name="number", value=10**400, drop=False)
@example(path="parsed", name="pet", value={"name": "dog"}, drop=False)
@example(path="parsed", name="many", value=[0, 10**400], drop=False)
@example(path="parsed", name="span", value="P999999999D", drop=False)
@example(path="parsed", name="count", value=1e300, drop=False)
@example(path="parsed", name="either", value=10**400, drop=False)
def test_mutations_of_a_good_body(server, path, name, value, drop):
    body = {**GOOD, name: value}
    if drop:
        del body[name]
    check(server, path, json.dumps(body).encode())


@given(path=field, at=st.integers(0, 600), byte=st.integers(0, 255), cut=st.booleans())
def test_a_good_body_with_a_bad_byte(server, path, at, byte, cut):
    raw = bytearray(json.dumps(GOOD).encode())
    at %= len(raw)
    raw[at] = byte
    check(server, path, bytes(raw[:at] if cut else raw))


# aiohttp's parser itself refuses control characters and a truncated deflate, before there is a request.
noise = st.binary(max_size=30).map(lambda text: bytes(byte for byte in text if byte >= 32 and byte != 127))


@given(
    path=field,
    media_type=st.one_of(
        noise, st.sampled_from([b"text/plain", b"application/json", b"a/b; x=1", b"multipart/form-data"])
    ),
    charset=st.one_of(
        noise, st.sampled_from([b"utf-8", b"utf-16", b"zlib", b"idna", b"utf-7", b"unicode_escape", b'"'])
    ),
    encoding=st.one_of(noise, st.sampled_from([b"", b"gzip", b"br", b"zstd", b"identity", b"gzip, br"])),
    body=st.one_of(st.just(json.dumps(GOOD).encode()), noise, noise.map(gzip.compress)),
)
def test_noise_in_the_headers(server, path, media_type, charset, encoding, body):
    headers = b"Content-Type: %b; charset=%b\r\n" % (media_type, charset)
    if encoding:
        headers += b"Content-Encoding: %b\r\n" % encoding
    check(server, path, body, headers)


@pytest.mark.parametrize("path", sorted(FIELDS))
@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * 300_000 + b"1]",
        b"[" + b"{}," * 200_000 + b"{}]",
        b'{"' + b"x" * 900_000 + b'": 1}',
        json.dumps({f"name{n}": n for n in range(50_000)}).encode(),
        json.dumps(GOOD | {"table": {str(n): ["x"] for n in range(50_000)}}).encode(),
        json.dumps(GOOD | {"pet": {"name": "a", "kittens": [{}] * 100_000}}).encode(),
        json.dumps(GOOD | {"points": [{"x": n % 50_000} for n in range(60_000)]}).encode(),
        json.dumps([GOOD] * 1000 + [1]).encode(),
        b'{"text":"a","\\u0000/~\\n":' * 90 + b"1" + b"}" * 90,
        b'{"pet":' + b'{"kittens":[' * 49 + b"1" + b"]}" * 49 + b"}",
        json.dumps(GOOD | {"either": int("9" * 4200), "count": int("9" * 4200)}).encode(),
    ],
    ids=["numbers", "objects", "name", "names", "map", "kittens", "points", "good and bad", "deep", "nested", "digits"],
)
def test_large_bodies(server, path, body):
    check(server, path, body)


@pytest.mark.parametrize("path", sorted(FIELDS))
def test_the_server_is_alive_and_takes_the_good(server, path):
    others = {name: GOOD[name] for name in ("toy", "jar")} | {"struct": GOOD["held"], "toys": [None, GOOD["toy"]]}
    body = ({"list": [GOOD, GOOD["pet"]], "map": {"1": 2}} | others).get(path, GOOD)
    assert check(server, path, json.dumps(body).encode()) == 200


@dataclasses.dataclass
class Link:
    value: int
    next: "Link | None" = None
    others: "list[Cat | Link]" = dataclasses.field(default_factory=list)


@pytest.mark.parametrize("nest", [lambda link: {"value": 1, "next": link}, lambda link: {"value": 1, "others": [link]}])
def test_unions_within_unions_do_not_multiply(nest, within_budget):
    schema = dataclass_to_jsonschema(Link)
    link = {"value": "x"}
    for _ in range(40):
        link = nest(link)
    with within_budget(), pytest.raises(InvalidField):
        Validator(schema).check(link)


@dataclasses.dataclass
class Left:
    child: "Left | Right | None"


@dataclasses.dataclass
class Right:
    child: "Left | Right | None"


@pytest.mark.parametrize("innermost", [{"child": None}, {"child": 1}])
def test_unions_of_classes_that_look_alike_do_not_multiply(innermost, within_budget):
    value = innermost
    for _ in range(30):
        value = {"child": value}
    with within_budget():
        assert Validator(dataclass_to_jsonschema(Left)).is_valid(value) is (innermost["child"] is None)
