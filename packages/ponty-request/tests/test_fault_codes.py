"""Each fault has a code; the documentation lists them all, and no others."""

import ast
import dataclasses
import json
import pathlib
import uuid
from typing import Annotated, Any, Literal

import pytest

import ponty.request
from ponty.core import post, render_json
from ponty.request import (
    Annotation,
    BearerToken,
    Field,
    Header,
    InvalidField,
    JsonBody,
    ParsedForm,
    ParsedJsonBody,
    QueryParameter,
    Request,
    TextBody,
    Upload,
    ValidatedJsonBody,
    Violation,
    expect,
)
from ponty.request.validation.explanations.messages import TEXTS

PACKAGE = pathlib.Path(ponty.request.__file__).parent
A = str(uuid.UUID(int=10))
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=X"}


@dataclasses.dataclass
class Form:
    text: str = ""
    number: int = 0
    file: Upload | None = None


@dataclasses.dataclass
class Refused:
    number: int

    def __post_init__(self):
        raise ValueError


def schema(value, **keywords):
    """Return a field with a schema, and what is sent to it."""
    return ValidatedJsonBody(schema=keywords), {"data": json.dumps(value), "headers": JSON}


def part(head, text=b"1"):
    return b'--X\r\nContent-Disposition: form-data; name="text"%b\r\n\r\n%b\r\n--X--\r\n' % (head, text)


PROVOKED: dict[str, tuple[Any, dict[str, Any]]] = {
    "additionalProperties": schema({"a": 1}, additionalProperties=False),
    "anyOf": schema(1, anyOf=[{"minimum": 5}, {"multipleOf": 2}]),
    "const": schema(1, const=2),
    "contains": schema([], contains={"type": "null"}),
    "dependentRequired": schema({"a": 1}, dependentRequired={"a": ["b"]}),
    "enum": schema(1, enum=[2, 3]),
    "exclusiveMaximum": schema(1, exclusiveMaximum=1),
    "exclusiveMinimum": schema(1, exclusiveMinimum=1),
    "false": schema({"a": 1}, properties={"a": False}),
    "format": schema("x", format="date"),
    "items": schema([1], items=False),
    "maxContains": schema([1, 1], contains={"type": "integer"}, maxContains=1),
    "maxItems": schema([1], maxItems=0),
    "maxLength": schema("a", maxLength=0),
    "maxProperties": schema({"a": 1}, maxProperties=0),
    "maximum": schema(1, maximum=0),
    "minContains": schema([1], contains={"type": "integer"}, minContains=2),
    "minItems": schema([], minItems=1),
    "minLength": schema("", minLength=1),
    "minProperties": schema({}, minProperties=1),
    "minimum": schema(0, minimum=1),
    "multipleOf": schema(1, multipleOf=2),
    "not": schema(1, **{"not": {"type": "integer"}}),
    "oneOf": schema(1, oneOf=[{"minimum": 0}, {"multipleOf": 1}]),
    "pattern": schema("a", pattern="b"),
    "propertyNames": schema({"a": 1}, propertyNames={"maxLength": 0}),
    "required": schema({}, required=["a"]),
    "type": schema(1, type="string"),
    "unevaluatedItems": schema([1], unevaluatedItems=False),
    "unevaluatedProperties": schema({"a": 1}, unevaluatedProperties=False),
    "uniqueItems": schema([1, 1], uniqueItems=True),
    "cast": (QueryParameter(int, required=True), {"params": {"value": "x"}}),
    "charset": (JsonBody(), {"data": "1", "headers": {"Content-Type": "application/json; charset=latin-1"}}),
    "content_encoding": (JsonBody(), {"data": b"1", "headers": {**JSON, "Content-Encoding": "rot13"}}),
    "encoding": (TextBody(), {"data": b"\xff"}),
    "file": (ParsedForm(Form), {"data": b"file=text", "headers": FORM}),
    "invalid": (ParsedJsonBody(Refused), {"data": b'{"number": 1}', "headers": JSON}),
    "json": (JsonBody(), {"data": b"{", "headers": JSON}),
    "malformed": (ParsedForm(Form), {"data": b"--X", "headers": MULTIPART}),
    "media_type": (JsonBody(), {"data": b"1", "headers": {"Content-Type": "text/plain"}}),
    "missing": (Header(key="X-Here", required=True), {}),
    "out_of_range": (ParsedJsonBody(float), {"data": b"1" + b"0" * 400, "headers": JSON}),
    "repeated": (QueryParameter(int, required=True), {"params": [("value", "1"), ("value", "2")]}),
    "text": (ParsedForm(Form), {"data": part(b'; filename="a"'), "headers": MULTIPART}),
    "too_deep": (JsonBody(), {"data": b"[" * 101 + b"]" * 101, "headers": JSON}),
    "too_large": (ParsedForm(Form, max_field_size=3), {"data": b"text=abcd", "headers": FORM}),
    "unknown": (QueryParameter(int, default=1), {"params": {"other": "1"}}),
    "unreadable": (JsonBody(), {"data": b"1", "headers": {**JSON, "Content-Encoding": "x-gzip"}}),
}

ALSO: list[tuple[str, Any, dict[str, Any]]] = [
    ("cast", ParsedForm(Form), {"data": b"number=x", "headers": FORM}),
    ("enum", QueryParameter(Literal["a", "b"], required=True), {"params": {"value": "c"}}),
    ("enum", QueryParameter(cast_func=str, required=True, values=["a"]), {"params": {"value": "c"}}),
    ("encoding", QueryParameter(cast_func=str, required=True), {"path": "/?value=%ff"}),
    ("encoding", JsonBody(), {"data": b'"\xff"', "headers": JSON}),
    ("malformed", BearerToken(), {"headers": {"Authorization": "Bearer ,"}}),
    ("maximum", QueryParameter(Annotated[int, Annotation(maximum=3)], default=1), {"params": {"value": "4"}}),
    ("minLength", Header(Annotated[str, Annotation(minLength=2)], key="X-A", default="aa"), {"headers": {"X-A": "a"}}),
    ("missing", BearerToken(), {}),
    ("missing", JsonBody(), {"data": b"", "headers": JSON}),
    ("out_of_range", JsonBody(), {"data": b"1" + b"0" * 5000, "headers": JSON}),
    ("repeated", ParsedJsonBody(dict[uuid.UUID, int]), {"data": json.dumps({A: 1, A.upper(): 2}), "headers": JSON}),
    ("repeated", ParsedForm(Form), {"data": b"number=1&number=2", "headers": FORM}),
    ("text", ParsedForm(Form), {"data": part(b"\r\nContent-Type: multipart/mixed"), "headers": MULTIPART}),
]


def in_source():
    """Return the codes that the sources name: the keywords in the catalogue, and what stands in calls."""
    yield from TEXTS
    places = {"Violation": 2, "Reason": 1, "ConstructionError": 1, "_refuse": 1, "refuse": 2}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                given += node.args[places[function] :][:1] if function in places else []
            elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "code":
                given = [node.value]
            else:
                given = []
            yield from (each.value for each in given if isinstance(each, ast.Constant))


def test_the_documentation_lists_the_codes_that_the_sources_name(fault_codes):
    assert {*in_source()} == fault_codes


def test_each_code_is_provoked(fault_codes):
    assert PROVOKED.keys() == fault_codes


@pytest.mark.parametrize(
    ("code", "field", "options"),
    [*((code, *case) for code, case in PROVOKED.items()), *ALSO],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_request_that_is_refused_says_why_in_a_code(ask, code, field, options):
    """The one request provokes this code, and nothing else."""

    class OneField(Request):
        value = field

    @post("/")
    @expect(OneField, others="refuse")
    @render_json
    async def handler(value): ...

    status, document = await ask(**{"path": "/", "method": "POST", **options})
    assert status >= 400
    assert [fault["code"] for fault in document["errors"]] == [code]


async def test_a_field_of_one_s_own_names_its_codes_or_none(ask):
    class Mug(Field[str]):
        def __init__(self, *arguments, **options):
            super().__init__()
            self.refusal = arguments, options

        def extract(self, request) -> str:
            raise InvalidField(*self.refusal[0], **self.refusal[1])

        def describe(self):
            return ponty.request.Description("query", "mug")

    class Mugs(Request):
        plain = Mug("is not a mug")
        named = Mug("is sold out", code="sold_out")
        several = Mug("a", pointer="/a", code="x", more=[("/b", "b"), ("/c", "c", "y"), Violation("/d", "d", "z")])

    @post("/")
    @expect(Mugs)
    @render_json
    async def handler(plain: str, named: str, several: str) -> None: ...

    _, document = await ask("/", method="POST")
    found = [(fault["pointer"], fault["detail"], fault["code"]) for fault in document["errors"]]
    assert found == [
        ("", "is not a mug", "invalid"),
        ("", "is sold out", "sold_out"),
        *(("/a", "a", "x"), ("/b", "b", "invalid"), ("/c", "c", "y"), ("/d", "d", "z")),
    ]
