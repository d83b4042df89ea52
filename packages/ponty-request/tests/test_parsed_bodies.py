"""A body becomes an instance of a dataclass, or a 400 that says why not, over HTTP."""

import dataclasses
import datetime
import enum
import json
from typing import Annotated

import pytest

from ponty.core import Fault, PontyError, post, render_json
from ponty.request import Annotation, ParsedJsonBody, Request, ValidatedJsonBody, dataclass_to_jsonschema, expect


class Size(enum.Enum):
    SMALL = "s"


@dataclasses.dataclass
class Address:
    street: str
    since: datetime.date


@dataclasses.dataclass
class Person:
    first_name: str
    last_name: str
    age: Annotated[int, Annotation(minimum=0)]
    addresses: list[Address] = dataclasses.field(default_factory=list)
    tags: set[str] = dataclasses.field(default_factory=set)
    position: tuple[float, float] | None = None
    size: Size = Size.SMALL

    def __post_init__(self):
        if self.first_name == "nobody":
            raise ValueError("nobody's secret")


@pytest.fixture
def send(ask):
    """Serve a handler that takes a body, and post JSON or bytes to it."""
    mounted = []

    async def send(body, tp=Person, show=repr, **options):
        if not mounted:
            mounted.append(tp)

            class OneBody(Request):
                person = ParsedJsonBody(tp, **options)

            @post("/")
            @expect(OneBody, mimetype="application/json")
            @render_json
            async def handler(person: object) -> object:
                return show(person)

        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await ask("/", method="POST", data=data, headers={"Content-Type": "application/json"})

    return send


GOOD = {
    "first_name": "Ann",
    "last_name": "Lee",
    "age": 7.0,
    "addresses": [{"street": "Main", "since": "2026-02-28"}],
    "tags": ["a"],
    "position": [1, 2.5],
    "size": "s",
}


async def test_every_depth_has_its_type(send):
    status, body = await send(GOOD)
    assert status == 200
    address = Address("Main", datetime.date(2026, 2, 28))
    assert body["data"] == repr(Person("Ann", "Lee", 7, [address], {"a"}, (1.0, 2.5), Size.SMALL))


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"last_name": ...}, [("/last_name", "is required")]),
        ({"age": True}, [("/age", "is not of type 'integer'")]),
        ({"age": -1}, [("/age", "is less than the minimum of 0")]),
        ({"extra": 1}, [("/extra", "additional properties are not allowed")]),
        ({"self": 1}, [("/self", "additional properties are not allowed")]),
        (
            {"addresses": [{"street": "a", "since": "2026-02-30"}]},
            [("/addresses/0/since", "must be a date, as 2026-02-28")],
        ),
        ({"tags": ["a", "a"]}, [("/tags", "has items that are not unique")]),
        ({"position": [1, 2, 3]}, [("/position/2", "is an additional item, which is not allowed")]),
        ({"position": 1}, [("/position", "is not of type 'array', 'null'")]),
        ({"position": [10**400, 1]}, [("/position/0", "is too large for a float")]),
        ({"size": "SMALL"}, [("/size", "is not one of 's'")]),
        ({"first_name": "nobody"}, [("", "is not valid")]),
        (
            {"first_name": 1, "age": "x"},
            [("/first_name", "is not of type 'string'"), ("/age", "is not of type 'integer'")],
        ),
    ],
)
async def test_a_fault_is_named_by_its_pointer(send, change, faults):
    body = {name: value for name, value in (GOOD | change).items() if value is not ...}
    status, document = await send(body)
    assert status == 400
    assert [{**error, "code": ""} for error in document["errors"]] == [
        {"in": "body", "name": "person", "pointer": pointer, "detail": detail, "code": ""} for pointer, detail in faults
    ]
    assert "secret" not in json.dumps(document)


@pytest.mark.parametrize("body", [[], None, 1, "text", True, [GOOD]])
async def test_another_value_than_an_object_is_a_400(send, body):
    status, document = await send(body)
    assert (status, document["errors"][0]["detail"]) == (400, "is not of type 'object'")


async def test_many_faults_are_listed_up_to_a_bound(send):
    status, document = await send({"tags": [1] * 1000})
    assert (status, len(document["errors"])) == (400, 50)
    assert document["detail"] == "the first 50 of at least 51 errors are listed"


async def test_of_a_name_given_twice_the_last_value_counts(send):
    status, body = await send(json.dumps(GOOD).encode()[:-1] + b', "last_name": "Poe"}')
    assert (status, "Poe" in body["data"]) == (200, True)


async def test_a_list_of_a_dataclass(send):
    status, body = await send([GOOD], tp=list[Person], show=lambda people: [type(person).__name__ for person in people])
    assert (status, body["data"]) == (200, ["Person"])


async def test_an_error_of_ponty_passes(send):
    class Teapot(PontyError):
        status_code = 418

    @dataclasses.dataclass
    class Pot:
        tea: str

        def __post_init__(self):
            raise Teapot

    assert (await send({"tea": "green"}, tp=Pot))[0] == 418


async def test_an_exception_of_the_program_is_a_500(send, caplog):
    @dataclasses.dataclass
    class Broken:
        x: int

        def __post_init__(self):
            raise TypeError("broken")

    assert (await send({"x": 1}, tp=Broken))[0] == 500
    assert "broken" in caplog.text


async def test_a_file_s_schema_validates_and_what_does_not_build_is_a_400(send, tmp_path):
    path = tmp_path / "address.json"
    path.write_text('{"type": "object", "required": ["street"], "properties": {"street": {"maxLength": 3}}}')
    good = {"street": "a", "since": "2026-02-28", "extra": {"a": 1}}
    status, body = await send(good, tp=Address, filepath=path)
    assert (status, body["data"]) == (200, repr(Address("a", datetime.date(2026, 2, 28))))
    for bad, pointer in [
        ({"street": "abcd"}, "/street"),
        ({"street": "a"}, "/since"),
        (good | {"street": 7}, "/street"),
    ]:
        status, document = await send(bad)
        assert (status, document["errors"][0]["pointer"]) == (400, pointer)


def test_a_body_describes_itself_by_its_schema():
    field = ParsedJsonBody(Person)
    assert field.describe().schema == dataclass_to_jsonschema(Person)
    assert ValidatedJsonBody(schema=dataclass_to_jsonschema(Person)).describe().location == "body"


class Taken(PontyError):
    status_code = 409
    title = "It is taken"


@dataclasses.dataclass
class Seat:
    row: int

    def __post_init__(self):
        if self.row > 8:
            faults = [Fault("body", "seats", "is taken", "/row"), Fault("query", "day", "is full")]
            raise Taken(faults=faults, members={"left": 2})


@dataclasses.dataclass
class Party:
    seats: list[Seat]
    others: dict[str, tuple[Seat, ...]] = dataclasses.field(default_factory=dict)


@pytest.mark.parametrize(
    ("tp", "value", "pointer"),
    [
        (Seat, {"row": 9}, "/row"),
        (list[Seat], [{"row": 1}, {"row": 9}], "/1/row"),
        (list[Seat] | None, [{"row": 9}, {"row": 9}], "/0/row"),
        (Party, {"seats": [{"row": 1}, {"row": 2}, {"row": 9}]}, "/seats/2/row"),
        (Party, {"seats": [], "others": {"a/b": [{"row": 1}, {"row": 9}]}}, "/others/a~1b/1/row"),
    ],
)
async def test_an_error_with_faults_keeps_its_place_and_all_that_it_says(send, tp, value, pointer):
    status, document = await send(value, tp=tp)
    assert (status, document["title"], document["left"]) == (409, "It is taken", 2)
    assert [(fault["in"], fault["pointer"]) for fault in document["errors"]] == [("body", pointer), ("query", "")]


async def test_an_error_that_a_program_keeps_is_left_as_it_is(send):
    kept = Taken(faults=[Fault("body", "seats", "is taken", "/row")])

    @dataclasses.dataclass
    class Place:
        row: int

        def __post_init__(self):
            raise kept

    for _ in range(2):
        _, document = await send([[{"row": 1}]], tp=list[list[Place]])
        assert document["errors"][0]["pointer"] == "/0/0/row"
    assert kept.faults[0].pointer == "/row"
