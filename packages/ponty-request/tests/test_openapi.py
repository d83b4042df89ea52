"""The description of an API: each thing that a program says stands in the document, once, and as OpenAPI has it."""

import dataclasses
import datetime
import decimal
import enum
import json
import re
import sys
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pytest
from aiohttp import web

from ponty.core import DoesNotExist, PontyError, Routes, ValidationError, render_events, render_json
from ponty.request import (
    Annotation,
    ApiKey,
    BasicCredentials,
    BearerToken,
    BodyStream,
    Cookie,
    Description,
    Field,
    Header,
    IfMatch,
    JsonBody,
    ParsedForm,
    ParsedJsonBody,
    ParsedQuery,
    PosIntQueryParameter,
    PosIntRouteParameter,
    QueryParameter,
    Request,
    RouteParameter,
    StringQueryParameter,
    StringRouteParameter,
    TextBody,
    Upload,
    ValidatedJsonBody,
    accept_socket,
    expect,
    openapi,
)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


COLOURS = {"type": "string", "enum": ["red", "blue"], "x-enum-varnames": ["RED", "BLUE"]}


@dataclasses.dataclass
class Handle:
    side: Literal["left", "right"]


@dataclasses.dataclass
class Mug:
    colour: Colour
    handle: Handle
    litres: float = 0.25


@dataclasses.dataclass
class Node:
    children: "list[Node]"


class Sold(PontyError):
    """Somebody was faster."""

    status_code = 409
    type = "https://mugs.example/problems/sold"
    title = "Sold"


def described(*fields, path="/", method="POST", mimetype=None, **options):
    """Return the operation of one route with these fields, and the document that it is in."""
    cls = type("Taken", (Request,), {field.name or f"field{index}": field for index, field in enumerate(fields)})
    table = Routes()

    @expect(cls, whole=True, mimetype=mimetype)
    @render_json
    async def handler(request): ...

    table.route(method, path, **options)(handler)
    document = openapi(table, title="T", version="1")
    (item,) = document["paths"].values()
    return item[method.lower()], document


@pytest.mark.parametrize(
    ("field", "parameter"),
    [
        (
            QueryParameter(int, key="page", default=1),
            {"name": "page", "in": "query", "schema": {"type": "integer", "default": 1}},
        ),
        (
            QueryParameter(datetime.date, key="day", default=None),
            {"name": "day", "in": "query", "schema": {"type": "string", "format": "date"}},
        ),
        (
            QueryParameter(int | None, key="page", default=None),
            {"name": "page", "in": "query", "schema": {"type": "integer"}},
        ),
        (
            QueryParameter(list[int], key="id", required=True),
            {
                "name": "id",
                "in": "query",
                "required": True,
                "style": "form",
                "explode": True,
                "schema": {"type": "array", "items": {"type": "integer"}},
            },
        ),
        (
            QueryParameter(set[str], key="tag", default=set(), style="comma"),
            {
                "name": "tag",
                "in": "query",
                "style": "form",
                "explode": False,
                "schema": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "default": []},
            },
        ),
        (
            QueryParameter(Annotated[int, Annotation(minimum=1, description="How many")], key="limit", required=True),
            {
                "name": "limit",
                "in": "query",
                "description": "How many",
                "required": True,
                "schema": {"type": "integer", "minimum": 1, "description": "How many"},
            },
        ),
        (
            StringQueryParameter(key="order", default="a", values=["a", "b"]),
            {"name": "order", "in": "query", "schema": {"type": "string", "enum": ["a", "b"], "default": "a"}},
        ),
        (
            PosIntQueryParameter(key="n", default=3),
            {"name": "n", "in": "query", "schema": {"type": "integer", "minimum": 0, "default": 3}},
        ),
        (
            QueryParameter(Colour, key="colour", default=Colour.RED),
            {
                "name": "colour",
                "in": "query",
                "schema": COLOURS | {"default": "red"},
            },
        ),
        (
            Header(bool, key="X-Dry-Run", default=False),
            {"name": "X-Dry-Run", "in": "header", "schema": {"type": "boolean", "default": False}},
        ),
        (
            Cookie(name="session", required=True, errorcode=401),
            {"name": "session", "in": "cookie", "required": True, "schema": {"type": "string"}},
        ),
    ],
)
def test_a_field_is_a_parameter(field, parameter):
    made, _ = described(field)
    assert made["parameters"] == [parameter]


@pytest.mark.parametrize("name", ["Accept", "Authorization", "Content-Type", "Content-Length"])
def test_what_openapi_has_other_words_for_is_no_parameter(name):
    made, _ = described(Header(key=name))
    assert "parameters" not in made


def test_the_parts_of_a_path_have_their_patterns_in_their_schemas():
    class Parts(Request):
        word = StringRouteParameter()
        number = PosIntRouteParameter()
        colour = RouteParameter(Colour)

    table = Routes("/{tenant}")

    @table.get(f"/{Parts.word}/{Parts.number}/{Parts.colour}/{{tail:.*}}")
    @expect(Parts, whole=True)
    @render_json
    async def handler(parts): ...

    document = openapi(table, title="T", version="1")
    (path,) = document["paths"]
    assert path == "/{tenant}/{word}/{number}/{colour}/{tail}"
    parameters = document["paths"][path]["get"]["parameters"]
    assert {each["name"]: each["schema"] for each in parameters} == {
        "tenant": {"type": "string"},
        "word": {"type": "string", "pattern": r"^(?:\w+)$"},
        "number": {"type": "integer", "minimum": 0},
        "colour": {"type": "string", "enum": ["red", "blue"], "x-enum-varnames": ["RED", "BLUE"]},
        "tail": {"type": "string", "pattern": "^(?:.*)$"},
    }
    assert all(each["required"] and each["in"] == "path" for each in parameters)


@dataclasses.dataclass
class Filter:
    colour: Colour
    tags: list[str] = dataclasses.field(default_factory=list)
    limit: Annotated[int, Annotation(maximum=9)] | None = None


def test_a_whole_query_is_a_parameter_for_each_property():
    made, document = described(ParsedQuery(Filter))
    assert [(each["name"], each.get("required", False), each["schema"]["type"]) for each in made["parameters"][1:]] == [
        ("tags", False, "array"),
        ("limit", False, "integer"),
    ]
    assert made["parameters"][0]["required"] is True
    assert made["parameters"][1]["explode"] is True
    assert "components" not in document or "Filter" not in document["components"]["schemas"]


BYTES = {"type": "string", "format": "binary"}
INTEGERS = {"type": "array", "items": {"type": "integer"}}


@pytest.mark.parametrize(
    ("field", "mimetype", "content"),
    [
        (JsonBody(), None, {"application/json": {"schema": {}}}),
        (TextBody(), None, {"text/plain": {"schema": {"type": "string"}}}),
        (TextBody(), "text/csv", {"text/csv": {"schema": {"type": "string"}}}),
        (BodyStream(max_size=9), None, {"application/octet-stream": {"schema": BYTES}}),
        (ParsedJsonBody(list[int]), None, {"application/json": {"schema": INTEGERS}}),
        (ParsedJsonBody(Mug), None, {"application/json": {"schema": {"$ref": "#/components/schemas/Mug"}}}),
        (ValidatedJsonBody(schema={"type": "object"}), None, {"application/json": {"schema": {"type": "object"}}}),
    ],
)
def test_a_body_has_its_media_type_and_schema(field, mimetype, content):
    made, _ = described(field, mimetype=mimetype)
    assert made["requestBody"]["content"] == content


@dataclasses.dataclass
class Post:
    title: str
    photo: Upload


@dataclasses.dataclass
class Letter:
    text: str
    photos: list[Upload] = dataclasses.field(default_factory=list)


FILE = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}


def test_a_form_with_a_file_is_multipart():
    made, document = described(ParsedForm(Post))
    assert [*made["requestBody"]["content"]] == ["multipart/form-data"]
    assert document["components"]["schemas"]["Post"]["properties"] == {"title": {"type": "string"}, "photo": FILE}


def test_a_form_without_its_files_may_be_urlencoded():
    made, document = described(ParsedForm(Letter))
    schemas = document["components"]["schemas"]
    assert made["requestBody"]["content"] == {
        "multipart/form-data": {"schema": {"$ref": "#/components/schemas/Letter"}},
        "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/LetterWithoutFiles"}},
    }
    assert schemas["Letter"]["properties"]["photos"]["items"] == FILE
    assert [*schemas["LetterWithoutFiles"]["properties"]] == ["text"]


@pytest.mark.parametrize(
    ("field", "statuses"),
    [
        (QueryParameter(int, required=True), {"400"}),
        (Header(key="X-A", required=True), {"400"}),
        (Cookie(name="a", required=True), {"400"}),
        (Cookie(name="a", required=True, errorcode=401), {"400", "401"}),
        (JsonBody(), {"400", "413", "415"}),
        (BodyStream(max_size=1), {"413", "415"}),
        (BearerToken(), {"401"}),
        (IfMatch(), {"400", "412", "428"}),
    ],
)
def test_what_a_field_refuses_is_an_answer(field, statuses):
    made, _ = described(field)
    assert made["responses"].keys() == {"200"} | statuses
    for status in statuses:
        assert made["responses"][status]["content"] == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }


def test_what_a_route_raises_is_an_answer():
    made, document = described(raises=[DoesNotExist, Sold])
    assert made["responses"].keys() == {"200", "404", "409"}
    assert made["responses"]["409"]["description"] == "[Somebody was faster](https://mugs.example/problems/sold)"
    (content,) = made["responses"]["409"]["content"].values()
    assert content == {"schema": {"$ref": "#/components/schemas/Sold"}}
    sold = document["components"]["schemas"]["Sold"]["properties"]
    assert (sold["type"], sold["title"]) == ({"const": "https://mugs.example/problems/sold"}, {"const": "Sold"})


def test_what_any_route_raises_is_told_of_each():
    table = Routes()

    @table.get("/")
    @render_json
    async def handler(request): ...

    document = openapi(table, title="T", version="1", raises=[Sold])
    assert document["paths"]["/"]["get"]["responses"].keys() == {"200", "409"}


class Token(Field[str]):
    """A field of a user's own."""

    def __init__(self, *, required=True):
        super().__init__()
        self.required = required

    def extract(self, request: web.Request) -> str:
        return ""

    def describe(self):
        scheme = {"type": "openIdConnect", "openIdConnectUrl": "https://a.example/"}
        return Description("header", "X-Token", required=self.required, security=scheme, refusals=(403,))


@pytest.mark.parametrize(
    ("fields", "security", "schemes"),
    [
        ([BearerToken()], [{"bearerAuth": []}], {"bearerAuth": {"type": "http", "scheme": "bearer"}}),
        ([BasicCredentials()], [{"basicAuth": []}], {"basicAuth": {"type": "http", "scheme": "basic"}}),
        (
            [ApiKey(header="X-Key")],
            [{"X-KeyKey": []}],
            {"X-KeyKey": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        ),
        (
            [BearerToken(required=False)],
            [{"bearerAuth": []}, {}],
            {"bearerAuth": {"type": "http", "scheme": "bearer"}},
        ),
        (
            [Token(), BearerToken(required=False)],
            [{"openIdConnect": [], "bearerAuth": []}, {"openIdConnect": []}],
            {
                "bearerAuth": {"type": "http", "scheme": "bearer"},
                "openIdConnect": {"type": "openIdConnect", "openIdConnectUrl": "https://a.example/"},
            },
        ),
    ],
)
def test_who_may_ask_is_said_by_the_fields(fields, security, schemes):
    made, document = described(*fields)
    assert made["security"] == security
    assert document["components"]["securitySchemes"] == schemes
    assert "parameters" not in made


def test_a_field_of_ones_own_describes_itself():
    class Version(Field[str]):
        def extract(self, request: web.Request) -> str:
            return ""

        def describe(self):
            return Description(
                "header", "X-Version", schema={"type": "string"}, refusals=(428,), description="Seen", deprecated=True
            )

    made, _ = described(Version())
    assert made["parameters"] == [
        {
            "name": "X-Version",
            "in": "header",
            "description": "Seen",
            "required": True,
            "deprecated": True,
            "schema": {"type": "string"},
        }
    ]
    assert made["responses"].keys() == {"200", "428"}


def answered(returns, **options):
    """Return the schema of the answer of one route that returns this, and the document."""
    table = Routes()

    @table.get("/")
    @render_json(returns, **options)
    async def handler(request): ...

    document = openapi(table, title="T", version="1")
    (answer,) = document["paths"]["/"]["get"]["responses"].values()
    return answer, document


class Movie(TypedDict, total=False):
    title: str


class Struct(msgspec.Struct, rename="camel", omit_defaults=True):
    first_name: str
    last_name: str = ""
    seen: bool | msgspec.UnsetType = msgspec.UNSET


class Cat(msgspec.Struct, tag=True):
    lives: int


DECIMAL = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$"
BASE64 = {"pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", "examples": ["AAEC"]}


@pytest.mark.parametrize(
    ("tp", "schema"),
    [
        (int, {"type": "integer"}),
        (Any, {}),
        (decimal.Decimal, {"type": "string", "format": "decimal", "pattern": DECIMAL, "examples": ["1.50"]}),
        (bytes, {**BASE64, "type": "string", "format": "base64", "contentEncoding": "base64"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (set[int], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Colour, {"type": "string", "enum": ["red", "blue"], "x-enum-varnames": ["RED", "BLUE"]}),
        (Annotated[int, Annotation(minimum=1, title="One")], {"type": "integer", "minimum": 1, "title": "One"}),
    ],
)
def test_the_schema_of_an_answer_is_that_of_its_type(tp, schema):
    answer, _ = answered(tp, envelope=False)
    assert answer["content"]["application/json"]["schema"] == schema


@pytest.mark.parametrize(
    ("tp", "name", "properties", "required"),
    [
        (Mug, "Mug", ["colour", "handle", "litres"], ["colour", "handle", "litres"]),
        (Movie, "Movie", ["title"], None),
        (Struct, "Struct", ["firstName", "lastName", "seen"], ["firstName"]),
        (Cat, "Cat", ["type", "lives"], ["type", "lives"]),
    ],
)
def test_a_class_is_a_component_with_all_that_is_sent_of_it(tp, name, properties, required):
    answer, document = answered(tp, envelope=False)
    assert answer["content"]["application/json"]["schema"] == {"$ref": f"#/components/schemas/{name}"}
    schema = document["components"]["schemas"][name]
    assert ([*schema["properties"]], schema.get("required")) == (properties, required)


def test_a_stream_is_described_by_its_items():
    table = Routes()

    @table.get("/events")
    @render_events(Mug)
    async def events(request):
        yield Mug(Colour.RED, Handle("left"))

    document = openapi(table, title="T", version="1")
    assert document["paths"]["/events"]["get"]["responses"]["200"]["content"] == {
        "text/event-stream": {"schema": {"type": "string"}, "x-itemSchema": {"$ref": "#/components/schemas/Mug"}}
    }
    later = openapi(table, title="T", version="1", specification="3.2")
    assert later["openapi"] == "3.2.0"
    assert later["paths"]["/events"]["get"]["responses"]["200"]["content"] == {
        "text/event-stream": {"schema": {"type": "string"}, "itemSchema": {"$ref": "#/components/schemas/Mug"}}
    }
    assert {**later, "openapi": "3.1.0", "paths": 0} == {**document, "paths": 0}


def test_a_websocket_is_described_by_its_messages():
    table = Routes()

    class Empty(Request):
        pass

    @table.get("/socket")
    @expect(Empty)
    @accept_socket(Mug, int)
    async def socket(socket): ...

    document = openapi(table, title="T", version="1")
    answer = document["paths"]["/socket"]["get"]["responses"]["101"]
    assert answer == {
        "description": "Switching Protocols: a websocket",
        "x-messages": {"takes": {"$ref": "#/components/schemas/Mug"}, "sends": {"type": "integer"}},
    }


def test_an_answer_stands_in_the_envelope():
    answer, _ = answered(int)
    schema = answer["content"]["application/json"]["schema"]
    assert schema["properties"]["data"] == {"type": "integer"}
    assert schema["required"] == ["data", "elapsed", "now"]


@pytest.mark.parametrize(
    ("envelope", "schema"),
    [
        (
            lambda value: {"type": "object", "properties": {"result": value}},
            {"type": "object", "properties": {"result": {"type": "integer"}}},
        ),
        (False, {"type": "integer"}),
    ],
)
def test_an_application_may_have_an_envelope_of_its_own_or_none(envelope, schema):
    table = Routes()

    @table.get("/")
    @render_json(int)
    async def handler(request): ...

    document = openapi(table, title="T", version="1", envelope=envelope)
    (answer,) = document["paths"]["/"]["get"]["responses"].values()
    assert answer["content"]["application/json"]["schema"] == schema


@dataclasses.dataclass
class Wrong:
    errors: dict[str, list[str]]


class OrderMug(Request):
    mug = ParsedJsonBody(Mug)


ORDER = Routes()


@ORDER.post("/", raises=[Sold, ValidationError, DoesNotExist])
@expect(OrderMug)
@render_json(int)
async def order_mug(mug): ...


@pytest.mark.parametrize("status", [400, 422])
def test_an_application_may_answer_invalid_requests_with_a_status_of_its_own(status):
    answers = openapi(ORDER, title="T", version="1", answer_invalid=status)["paths"]["/"]["post"]["responses"]
    assert [*answers] == sorted(["200", str(status), "404", "409", "413", "415"])
    assert [*answers[str(status)]["content"]] == ["application/problem+json"]


def test_an_application_may_answer_errors_in_a_form_of_its_own():
    """What a server refuses, without asking the application, is a problem document even so."""
    document = openapi(ORDER, title="T", version="1", answer_invalid=422, problem=Wrong)
    answers = document["paths"]["/"]["post"]["responses"]
    for status in ("404", "409", "422"):
        assert answers[status]["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/Wrong"}}}
    for status in ("413", "415"):
        assert [*answers[status]["content"]] == ["application/json", "application/problem+json"]
    assert document["components"]["schemas"]["Wrong"]["required"] == ["errors"]
    assert "Somebody was faster" in answers["409"]["description"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"envelop": dict}, "openapi() has no option 'envelop'"),
        ({"answer_invalid": dict}, "must be a status; describe the answers of a function with problem="),
        ({"problem": complex}, "complex"),
    ],
)
def test_an_option_that_is_none_is_refused(options, words):
    with pytest.raises(TypeError, match=re.escape(words)):
        openapi(ORDER, title="T", version="1", **options)


def test_an_answer_without_content_has_none():
    table = Routes()

    @table.delete("/")
    @render_json(status=204)
    async def handler(request): ...

    document = openapi(table, title="T", version="1")
    assert document["paths"]["/"]["delete"]["responses"] == {"204": {"description": "No Content"}}


def test_headers_that_are_known_are_told():
    table = Routes()

    @table.get("/")
    @render_json(int, etag=True)
    async def show(request): ...

    @table.post("/")
    @render_json(int, status=201)
    async def make(request): ...

    item = openapi(table, title="T", version="1")["paths"]["/"]
    assert [*item["get"]["responses"]] == ["200", "304"]
    assert [*item["get"]["responses"]["200"]["headers"]] == ["ETag"]
    assert [each["name"] for each in item["get"]["parameters"]] == ["If-None-Match"]
    assert [*item["post"]["responses"]["201"]["headers"]] == ["Location"]


def test_a_schema_that_refers_to_itself_is_a_component():
    made, document = described(ParsedJsonBody(Node))
    (content,) = made["requestBody"]["content"].values()
    assert content == {"schema": {"$ref": "#/components/schemas/Node"}}
    assert document["components"]["schemas"]["Node"]["properties"]["children"]["items"] == {
        "$ref": "#/components/schemas/Node"
    }


def test_schemas_of_one_name_are_told_apart():
    """What is sent has the plain name, and what is taken of clients another where it differs."""

    def made_elsewhere():
        @dataclasses.dataclass
        class Handle:
            metal: bool

        return Handle

    class Takes(Request):
        mug = ParsedJsonBody(Mug)

    class TakesOther(Request):
        handle = ParsedJsonBody(made_elsewhere())

    class TakesHandle(Request):
        handle = ParsedJsonBody(Handle)

    table = Routes()

    @table.post("/a")
    @expect(Takes, whole=True)
    @render_json(Mug)
    async def first(request): ...

    @table.post("/b")
    @expect(TakesOther, whole=True)
    @render_json
    async def second(request): ...

    @table.post("/c")
    @expect(TakesHandle, whole=True)
    @render_json
    async def third(request): ...

    document = openapi(table, title="T", version="1")
    schemas = document["components"]["schemas"]
    names = [name for name in schemas if name.startswith(("Mug", "Handle"))]
    assert names == ["Handle", "HandleInput", "Mug", "MugInput"]
    assert schemas["MugInput"]["properties"]["handle"] == schemas["Mug"]["properties"]["handle"]
    assert "metal" in schemas["HandleInput"]["properties"]
    bodies = [document["paths"][path]["post"]["requestBody"]["content"] for path in ("/b", "/c")]
    references = [body["application/json"]["schema"]["$ref"] for body in bodies]
    assert [reference.rpartition("/")[2] for reference in references] == ["HandleInput", "Handle"]


def test_a_schema_of_ones_own_keeps_its_references():
    schema = {
        "definitions": {"day": {"type": "string"}},
        "properties": {"from": {"$ref": "#/definitions/day"}, "to": {"$ref": "#/properties/from"}},
    }
    made, document = described(ValidatedJsonBody(schema=schema))
    reference = made["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    component = document["components"]["schemas"][reference.rpartition("/")[2]]
    assert component["properties"] == {
        "from": {"$ref": f"{reference}/definitions/day"},
        "to": {"$ref": f"{reference}/properties/from"},
    }


def test_the_definitions_of_an_older_schema_are_components():
    schema = {"definitions": {"day": {"type": "string"}}, "items": {"$ref": "#/definitions/day"}}
    made, document = described(ValidatedJsonBody(schema=schema))
    (content,) = made["requestBody"]["content"].values()
    assert content["schema"] == {"items": {"$ref": "#/components/schemas/day"}}
    assert document["components"]["schemas"]["day"] == {"type": "string"}


def test_data_within_a_schema_is_no_schema():
    schema = {"const": {"$ref": "#/$defs/a"}, "properties": {"$ref": {"$ref": "#/$defs/a"}}, "$defs": {"a": {}}}
    made, _ = described(ValidatedJsonBody(schema=schema))
    (content,) = made["requestBody"]["content"].values()
    assert content["schema"]["const"] == {"$ref": "#/$defs/a"}
    assert content["schema"]["properties"] == {"$ref": {"$ref": "#/components/schemas/a"}}


def test_the_words_of_a_route():
    table = Routes(tags=["mugs"])

    @table.get("/a", tags=["old"], deprecated=True)
    @render_json
    async def from_docstring(request):
        """List mugs.

        All of *them*.
        """

    @table.get("/b", summary="Short", description="Long", operation_id="other")
    @render_json
    async def said(request):
        """Something else."""

    @table.get("/c", hidden=True)
    async def hidden(request): ...

    document = openapi(table, title="T", version="1", tags={"mugs": "To drink of"})
    assert [*document["paths"]] == ["/a", "/b"]
    first, second = (document["paths"][path]["get"] for path in ("/a", "/b"))
    assert (first["summary"], first["description"]) == ("List mugs", "All of *them*.")
    assert (first["tags"], first["deprecated"], first["operationId"]) == (["mugs", "old"], True, "from_docstring")
    assert (second["summary"], second["description"], second["operationId"]) == ("Short", "Long", "other")
    assert document["tags"] == [{"name": "mugs", "description": "To drink of"}, {"name": "old"}]


def test_operations_have_each_a_name_of_its_own():
    table = Routes()

    def add(path, **options):
        @table.get(path, **options)
        async def show(request): ...

    add("/a")
    add("/b")
    add("/c", operation_id="show_2")
    document = openapi(table, title="T", version="1")
    assert [item["get"]["operationId"] for item in document["paths"].values()] == ["show", "show_3", "show_2"]
    add("/d", operation_id="show_2")
    with pytest.raises(ValueError, match=r"GET /d: the operation_id 'show_2' is also that of GET /c"):
        openapi(table, title="T", version="1")


def test_paths_that_are_one_for_openapi_are_told_apart():
    table = Routes()

    def add(method, path):
        @table.route(method, path)
        async def handler(request): ...

    add("GET", r"/mugs/{id:\d+}")
    add("PUT", "/mugs/{name}")
    add("GET", "/mugs/{name:[a-z]+}")
    paths = openapi(table, title="T", version="1")["paths"]
    assert {path: [*item] for path, item in paths.items()} == {"/mugs/{id}": ["get", "put"], "/mugs/{name}": ["get"]}
    assert paths["/mugs/{id}"]["put"]["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    ]


def test_a_route_of_any_method_is_one_of_each_that_has_none():
    table = Routes()

    @table.route("*", "/")
    async def anything(request): ...

    @table.get("/")
    async def show(request): ...

    @table.route("PURGE", "/")
    async def purge(request): ...

    (item,) = openapi(table, title="T", version="1")["paths"].values()
    assert {*item} == {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    assert item["get"]["operationId"] == "show"
    assert item["put"]["operationId"] == "anything_put"


def test_handlers_of_bare_aiohttp_appear():
    table = web.RouteTableDef()

    @table.get(r"/plain/{id:\d+}")
    async def plain(request):
        """Say something."""

    @table.view("/view")
    class Look(web.View):
        async def post(self):
            """Look."""

    table.static("/files", ".")
    document = openapi(table, title="T", version="1")
    assert document["paths"] == {
        "/plain/{id}": {
            "get": {
                "operationId": "plain",
                "summary": "Say something",
                "parameters": [
                    {
                        "name": "id",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string", "pattern": r"^(?:\d+)$"},
                    }
                ],
                "responses": {"default": {"description": "The answer"}},
            }
        },
        "/view": {
            "post": {
                "operationId": "post",
                "summary": "Look",
                "responses": {"default": {"description": "The answer"}},
            }
        },
    }


def test_what_is_made_has_links_to_what_is_done_with_it():
    """By the name of the part of the path, or by `id`; what is no part of the answer cannot be linked by."""

    @dataclasses.dataclass
    class Made:
        id: int
        code: str

    table = Routes()

    @table.post("/mugs")
    @render_json(Made, status=201)
    async def make(request): ...

    @table.get("/mugs/{number}")
    @render_json(Made)
    async def show(request): ...

    @table.delete("/mugs/{code}")
    @render_json(status=204)
    async def remove(request): ...

    @table.get("/mugs/{number}/handle")
    @render_json(str)
    async def show_handle(request): ...

    document = openapi(table, title="T", version="1")
    assert document["paths"]["/mugs"]["post"]["responses"]["201"]["links"] == {
        "show": {"operationId": "show", "parameters": {"number": "$response.body#/data/id"}},
        "remove": {"operationId": "remove", "parameters": {"number": "$response.body#/data/id"}},
    }


def test_webhooks_are_described_and_have_a_place_of_their_own():
    hooks = Routes()

    class Sent(Request):
        mug = ParsedJsonBody(Mug)

    @hooks.post("/mug-sold")
    @expect(Sent, whole=True)
    @render_json(status=204)
    async def mug_sold(request): ...

    document = openapi(Routes(), title="T", version="1", webhooks=[hooks])
    assert document["paths"] == {}
    assert document["webhooks"]["mug-sold"]["post"]["requestBody"]["required"] is True


def test_the_document_says_what_it_is_of():
    document = openapi(
        Routes(),
        title="Mugs",
        version="1.2.3",
        summary="To drink of",
        description="*All* of them",
        servers=["https://a.example", {"url": "https://b.example", "description": "B"}],
        contact={"name": "Ann"},
    )
    assert document == {
        "openapi": "3.1.0",
        "info": {
            "title": "Mugs",
            "summary": "To drink of",
            "description": "*All* of them",
            "version": "1.2.3",
            "contact": {"name": "Ann"},
        },
        "servers": [{"url": "https://a.example"}, {"url": "https://b.example", "description": "B"}],
        "paths": {},
    }


def test_the_default_table_is_described_where_none_is_given(routes):
    @routes.get("/")
    async def handler(request): ...

    assert [*openapi(title="T", version="1")["paths"]] == ["/"]


def many(count):
    table = Routes()
    for number in range(count):
        cls = dataclasses.make_dataclass(f"Order{number}", [("mugs", list[Mug]), ("note", str | None)])
        fields = {"id": PosIntRouteParameter(), "since": QueryParameter(datetime.date, default=None)}
        request = type(f"Take{number}", (Request,), fields | {"body": ParsedJsonBody(cls)})

        @table.put(f"/orders{number}/{request.id}", raises=[DoesNotExist, Sold])
        @expect(request, whole=True)
        @render_json(cls)
        async def handler(request):
            """Put an order."""

    return table


def test_the_document_is_the_same_each_time():
    table = many(20)
    first, second = (json.dumps(openapi(table, title="T", version="1")) for _ in range(2))
    assert first == second


def calls_for(count):
    """Return how many functions are called to describe so many routes."""
    table = many(count)
    openapi(table, title="T", version="1")  # what is done once for a class is done
    calls = 0

    def counted(frame, event, argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(counted)
    try:
        document = openapi(table, title="T", version="1")
    finally:
        sys.setprofile(None)
    assert len(document["paths"]) == count
    return calls


def test_a_document_takes_as_long_as_it_has_routes():
    """So that 500 of them are described in less than a second."""
    few, more = calls_for(10), calls_for(80)
    assert more < 9 * few
    assert more < 80 * 4000
