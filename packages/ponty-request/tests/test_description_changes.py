"""What is told of two descriptions: all that breaks a client of the first, and what does not break one as such.

`PONTY_EXAMPLES` says how many pairs of schemas are made at random.
"""

import copy
import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponty.core import DoesNotExist, Reply, Routes, render_json
from ponty.request import (
    BearerToken,
    ParsedJsonBody,
    PosIntRouteParameter,
    QueryParameter,
    Request,
    changes_between,
    conforms_to,
    expect,
    openapi,
)


def document(schema=None, *, on="taken", **operation):
    """Return a document of one operation, which takes or sends values of a schema."""
    answer = {"description": "OK"}
    content = {"application/json": {"schema": schema}}
    if on == "sent" and schema is not None:
        answer["content"] = content
    made = {"responses": {"200": answer}, **operation}
    if on == "taken" and schema is not None:
        made["requestBody"] = {"required": True, "content": content}
    return {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/mugs": {"post": made}}}


def told(old, new):
    return [(str(change), change.breaks) for change in changes_between(old, new)]


STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def closed(required=(), **properties):
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


@pytest.mark.parametrize(
    ("old", "new", "breaks_taken", "breaks_sent"),
    [
        (STRING, STRING, False, False),
        (STRING, INTEGER, True, True),
        ({}, STRING, True, False),
        (STRING, {}, False, True),
        (INTEGER, {"type": "number"}, False, True),
        ({"type": "number"}, INTEGER, True, False),
        (STRING, {"anyOf": [STRING, {"type": "null"}]}, False, True),
        ({"anyOf": [STRING, {"type": "null"}]}, STRING, True, False),
        ({"anyOf": [STRING, INTEGER]}, {"anyOf": [INTEGER, STRING]}, False, False),
        ({"enum": ["a", "b"]}, {"enum": ["b"]}, True, False),
        ({"enum": ["a"]}, {"enum": ["b", "a"]}, False, True),
        ({"const": "a"}, {"enum": ["a"]}, False, False),
        ({"minimum": 1}, {"minimum": 2}, True, False),
        ({"minimum": 2}, {"minimum": 1}, False, True),
        ({"maxLength": 1}, {"maxLength": 2}, False, True),
        ({"maxLength": 2}, {"maxLength": 1}, True, False),
        ({}, {"maxItems": 1}, True, False),
        (STRING, {**STRING, "pattern": "^a"}, True, False),
        ({**STRING, "pattern": "^a"}, STRING, False, True),
        ({**STRING, "pattern": "^a"}, {**STRING, "pattern": "^b"}, True, True),
        (STRING, {**STRING, "title": "A text", "default": "a"}, False, False),
        ({"not": STRING}, {"not": INTEGER}, True, True),
        (closed(a=STRING), closed(a=STRING, b=STRING), False, False),
        (closed(a=STRING), closed(["b"], a=STRING, b=STRING), True, False),
        (closed(["a"], a=STRING), closed(a=STRING), False, True),
        (closed(a=STRING), closed(["a"], a=STRING), True, False),
        (closed(["a"], a=STRING), closed(), True, True),
        (closed(a=closed(b=STRING)), closed(a=closed(b=INTEGER)), True, True),
        ({"type": "array", "items": STRING}, {"type": "array", "items": INTEGER}, True, True),
        ({"type": "array"}, {"type": "array", "items": STRING}, True, False),
        ({"type": "array", "prefixItems": [STRING]}, {"type": "array", "prefixItems": [INTEGER]}, True, True),
        (
            {"type": "object", "additionalProperties": STRING},
            {"type": "object", "additionalProperties": {}},
            False,
            True,
        ),
    ],
)
def test_a_schema_that_is_taken_may_widen_and_one_that_is_sent_may_narrow(old, new, breaks_taken, breaks_sent):
    for on, breaks in (("taken", breaks_taken), ("sent", breaks_sent)):
        changes = changes_between(document(old, on=on), document(new, on=on))
        assert any(change.breaks for change in changes) is breaks, (on, [*map(str, changes)])


MUG = {"name": "id", "in": "query", "schema": STRING}


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({}, {"parameters": [MUG]}, [("POST /mugs, query id: is new", False)]),
        ({}, {"parameters": [{**MUG, "required": True}]}, [("POST /mugs, query id: is new", True)]),
        ({"parameters": [MUG]}, {}, [("POST /mugs, query id: is gone", True)]),
        (
            {"parameters": [MUG]},
            {"parameters": [{**MUG, "required": True}]},
            [("POST /mugs, query id: is required now", True)],
        ),
        (
            {"parameters": [{**MUG, "required": True}]},
            {"parameters": [MUG]},
            [("POST /mugs, query id: is optional now", False)],
        ),
        (
            {"parameters": [MUG]},
            {"parameters": [{**MUG, "explode": False}]},
            [("POST /mugs, query id: is written in another way", True)],
        ),
        (
            {"responses": {"200": {"description": "OK"}}},
            {"responses": {"201": {"description": "OK"}}},
            [("POST /mugs, 200: is gone", True), ("POST /mugs, 201: is new", True)],
        ),
        (
            {"responses": {"200": {"description": "OK"}}},
            {"responses": {"200": {"description": "Good"}, "404": {"description": "No"}}},
            [("POST /mugs, 404: is new", False)],
        ),
        (
            {"requestBody": {"content": {"application/json": {}, "text/plain": {}}}},
            {"requestBody": {"content": {"application/json": {}}, "required": True}},
            [("POST /mugs, body: is required now", True), ("POST /mugs, body: has no text/plain now", True)],
        ),
        ({"summary": "a"}, {"summary": "b"}, []),
        ({"summary": "a"}, {"deprecated": True}, [("POST /mugs: is deprecated now", False)]),
    ],
)
def test_each_part_of_an_operation_is_compared(old, new, changes):
    assert told(document(**old), document(**new)) == changes


def test_operations_come_and_go():
    old, new = document(), document()
    new["paths"]["/mugs"]["get"] = new["paths"]["/mugs"].pop("post")
    assert told(old, new) == [("POST /mugs: is gone", True), ("GET /mugs: is new", False)]


def test_what_a_part_of_a_path_is_called_makes_no_difference():
    def one(name):
        parameter = {"name": name, "in": "path", "required": True, "schema": INTEGER}
        return {"paths": {f"/mugs/{{{name}}}": {"get": {"parameters": [parameter], "responses": {}}}}}

    assert told(one("id"), one("number")) == []


def test_who_may_ask_is_compared_by_what_the_schemes_are():
    schemes = {"a": {"type": "http", "scheme": "bearer"}, "b": {"type": "http", "scheme": "basic"}}

    def secured(*alternatives, names=schemes):
        return {**document(security=[*alternatives]), "components": {"securitySchemes": names}}

    renamed = {"token": schemes["a"]}
    words = "POST /mugs: has other security requirements"
    assert told(secured({"a": []}), secured({"token": []}, names=renamed)) == []
    assert told(secured({"a": []}), secured({"a": []}, {"b": []})) == [(words, False)]
    assert told(secured({"a": []}), secured({"b": []})) == [(words, True)]
    assert told(secured(), secured({"a": []})) == [(words, True)]
    assert told(secured({"a": []}), secured()) == [(words, False)]


def test_schemas_that_refer_to_themselves_are_compared():
    def tree(leaf):
        node = {"type": "object", "properties": {"leaf": leaf, "next": {"$ref": "#/components/schemas/Node"}}}
        return {**document({"$ref": "#/components/schemas/Node"}), "components": {"schemas": {"Node": node}}}

    assert told(tree(STRING), tree(STRING)) == []
    leaf = "POST /mugs, body, application/json, leaf"
    assert (f"{leaf}: lacks a value that it had", True) in told(tree(STRING), tree({"enum": ["a"]}))


scalars = st.sampled_from([{"type": "string"}, {"type": "integer"}, {"type": "null"}, {"enum": ["a", 1, None]}, {}])
bounded = st.builds(
    lambda low, high: {"type": "integer", "minimum": low, "maximum": high}, st.integers(0, 3), st.integers(2, 5)
)
schemas = st.recursive(
    scalars | bounded,
    lambda inner: (
        st.builds(lambda items: {"type": "array", "items": items}, inner)
        | st.builds(lambda members: {"anyOf": members}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(
            lambda properties, required, rest: {
                "type": "object",
                "properties": properties,
                "required": sorted(required),
                "additionalProperties": rest,
            },
            st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            st.sets(st.sampled_from("ab")),
            st.booleans() | inner,
        )
    ),
    max_leaves=4,
)
values = st.recursive(
    st.sampled_from(["a", "b", 0, 1, 4, None]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=4,
)


@given(old=schemas, new=schemas, value=values)
def test_what_was_taken_is_taken_where_nothing_is_told_to_break(old, new, value):
    if any(change.breaks for change in changes_between(document(old), document(new))):
        return
    if jsonschema.Draft202012Validator(old).is_valid(value):
        assert jsonschema.Draft202012Validator(new).is_valid(value)


@given(schema=schemas, on=st.sampled_from(["taken", "sent"]))
def test_what_is_the_same_is_no_change(schema, on):
    assert told(document(schema, on=on), document(copy.deepcopy(schema), on=on)) == []


class OneMug(Request):
    id = PosIntRouteParameter()
    token = BearerToken()
    size = QueryParameter(int, default=1)


class NewMug(Request):
    names = ParsedJsonBody(list[str])


def program():
    table = Routes()

    @table.get(f"/mugs/{OneMug.id}", raises=[DoesNotExist])
    @expect(OneMug, whole=True)
    @render_json(list[str])
    async def show(request: OneMug) -> list[str]: ...

    @table.post("/mugs")
    @expect(NewMug, whole=True)
    @render_json(int, status=201)
    async def make(request: NewMug) -> Reply[int]: ...

    return table


def test_a_program_conforms_to_its_own_document_however_that_was_written_down():
    contract = json.loads(json.dumps(openapi(program(), title="Another", version="2")))
    assert conforms_to(contract, program()) == []


def test_where_a_program_differs_from_a_contract_is_told():
    contract = openapi(program(), title="T", version="1")
    show, make = contract["paths"]["/mugs/{id}"]["get"], contract["paths"]["/mugs"]["post"]
    contract["paths"]["/cups"] = {"get": {"responses": {}}}
    show["parameters"][1]["name"] = "litres"
    show["responses"]["410"] = {"description": "Gone"}
    make["requestBody"]["content"]["application/json"]["schema"]["maxItems"] = 3
    assert [(str(change), change.breaks) for change in conforms_to(contract, program())] == [
        ("GET /mugs/{id}, query litres: is gone", True),
        ("GET /mugs/{id}, query size: is new", False),
        ("GET /mugs/{id}, 410: is gone", False),
        ("POST /mugs, body, application/json: has another maxItems", False),
        ("GET /cups: is gone", True),
    ]
