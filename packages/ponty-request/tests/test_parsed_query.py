"""The whole query as a dataclass, and query parameters that nobody reads."""

import dataclasses
import datetime
import enum
from typing import Annotated, Any, Literal

import pytest
from yarl import URL

from ponty.core import get, render_json
from ponty.request import (
    Annotation,
    ApiKey,
    Description,
    ParsedQuery,
    PosIntQueryParameter,
    QueryParameter,
    Request,
    StringQueryParameter,
    expect,
)


class Order(enum.Enum):
    UP = "up"
    DOWN = "down"


@dataclasses.dataclass
class Filter:
    item: str
    since: datetime.date | None = None
    tags: list[str] = dataclasses.field(default_factory=list)
    days: set[datetime.date] = dataclasses.field(default_factory=set)
    limit: Annotated[int, Annotation(minimum=1, maximum=100)] = 20
    order: Order = Order.UP
    exact: bool = False
    unit: Literal["kg", "g"] = "kg"

    def __post_init__(self) -> None:
        if self.item == "nothing":
            raise ValueError(self.item)


class ListOrders(Request):
    filter = ParsedQuery(Filter)


@pytest.fixture
def ask_query(ask):
    mounted = []

    async def ask_query(query, cls=ListOrders, **options):
        if not mounted:
            mounted.append(cls)

            @get("/")
            @expect(cls, whole=True, **options)
            @render_json
            async def handler(r: Any) -> object:
                return vars(r)

        status, body = await ask(URL(f"/{query}", encoded=True))
        if status == 200:
            return status, body["data"]
        return status, [
            (error["in"], error["name"], error["pointer"], error["detail"], error["code"]) for error in body["errors"]
        ]

    return ask_query


DEFAULTS = {
    "since": None,
    "tags": [],
    "days": [],
    "limit": 20,
    "order": "up",
    "exact": False,
    "unit": "kg",
}


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("?item=tea", {"item": "tea"}),
        ("?item=", {"item": ""}),
        (
            "?item=tea&since=2026-02-28&tags=a&tags=b&days=2026-03-01&limit=3&order=down&exact=true&unit=g",
            {
                "item": "tea",
                "since": "2026-02-28",
                "tags": ["a", "b"],
                "days": ["2026-03-01"],
                "limit": 3,
                "order": "down",
                "exact": True,
                "unit": "g",
            },
        ),
    ],
)
async def test_a_query_is_built_into_the_class(ask_query, query, given):
    assert await ask_query(query) == (200, {"filter": DEFAULTS | given})


NO_OTHERS = (
    "query",
    "",
    "",
    "must have no other parameters than 'days', 'exact', 'item', 'limit', 'order', 'since', 'tags', 'unit'",
    "unknown",
)


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("", [("query", "item", "", "is required", "missing")]),
        ("?item=tea&item=tea", [("query", "item", "", "must be given once", "repeated")]),
        ("?item=tea&limits=3", [NO_OTHERS]),
        ("?item=tea&Item=tea", [NO_OTHERS]),
        ("?item=tea&%ff=1", [NO_OTHERS]),
        ("?item=%ff", [("query", "item", "", "is not valid UTF-8", "encoding")]),
        ("?item=tea&limit=0", [("query", "limit", "", "is less than the minimum of 1", "minimum")]),
        ("?item=tea&days=2026-03-01&days=x", [("query", "days", "/1", "must be a date, as 2026-02-28", "cast")]),
        (
            "?item=tea&days=2026-03-01&days=2026-03-01",
            [("query", "days", "", "has items that are not unique", "uniqueItems")],
        ),
        (
            "?since=x&limit=x&order=x&exact=x&other=x",
            [
                ("query", "since", "", "must be a date, as 2026-02-28", "cast"),
                ("query", "limit", "", "must be an integer, in the digits 0 to 9", "cast"),
                ("query", "order", "", "must be one of 'up', 'down'", "enum"),
                ("query", "exact", "", "must be true or false", "cast"),
                ("query", "item", "", "is required", "missing"),
                NO_OTHERS,
            ],
        ),
        ("?item=nothing", [("query", "", "", "is not valid", "invalid")]),
        ("?item=tea&since=", [("query", "since", "", "must be a date, as 2026-02-28", "cast")]),
        ("?item=tea&since=null", [("query", "since", "", "must be a date, as 2026-02-28", "cast")]),
    ],
)
async def test_each_fault_is_told_under_the_name_of_its_parameter(ask_query, query, faults):
    assert await ask_query(query) == (400, faults)


async def test_what_other_fields_read_may_stand_beside(ask_query):
    class Beside(Request):
        filter = ParsedQuery(Filter)
        page = PosIntQueryParameter(key="p", default=1)
        key = ApiKey(query="key")

    assert (await ask_query("?item=tea&p=3&key=k", Beside))[0] == 200
    assert (await ask_query("?item=tea&page=3&key=k"))[0] == 400


@dataclasses.dataclass
class Nested:
    inner: Filter


@dataclasses.dataclass
class Two:
    both: int | str


@pytest.mark.parametrize("cls", [Nested, Two, int, list[int], dict[str, int]])
def test_what_is_no_class_of_texts_is_refused_at_import(cls):
    with pytest.raises(TypeError, match=r"cannot be written as text|ParsedQuery takes a dataclass"):
        ParsedQuery(cls)


def test_it_is_described_as_an_object():
    @dataclasses.dataclass
    class Small:
        page: int = 1

    class Described(Request):
        query = ParsedQuery(Small)

    assert Described.query.describe() == Description(
        "query",
        "query",
        required=False,
        schema={
            "type": "object",
            "properties": {"page": {"type": "integer", "default": 1}},
            "additionalProperties": False,
        },
        style="properties",
    )


class Search(Request):
    q = StringQueryParameter(required=True)
    tags = QueryParameter(list[str], key="tag", default=[])


@pytest.mark.parametrize(
    ("query", "status"),
    [("?q=a", 200), ("?q=a&tag=b&tag=c", 200), ("?q=a&tags=b", 400), ("?q=a&Q=b", 400), ("?q=a&=", 400)],
)
async def test_others_are_refused_where_that_is_asked_for(ask_query, query, status):
    got, data = await ask_query(query, Search, others="refuse")
    assert got == status
    if status == 400:
        assert data == [("query", "", "", "must have no other parameters than 'q', 'tag'", "unknown")]


async def test_others_are_told_beside_the_rest(ask_query):
    status, faults = await ask_query("?other=secret", Search, others="refuse")
    assert (status, [name for _, name, *_ in faults]) == (400, ["q", ""])
    assert "secret" not in str(faults)


async def test_where_no_field_reads_the_query_it_is_to_be_empty(ask_query):
    class Nothing(Request):
        pass

    assert await ask_query("?a=1", Nothing, others="refuse") == (
        400,
        [("query", "", "", "must have no parameters", "unknown")],
    )
    assert (await ask_query("", Nothing))[0] == 200


async def test_others_are_ignored_where_it_is_not(ask_query):
    assert (await ask_query("?q=a&other=b", Search))[0] == 200


def test_there_are_two_ways_with_others():
    with pytest.raises(ValueError, match="others is 'ignore' or 'refuse', not 'warn'"):
        expect(Search, others="warn")
