"""One catalogue of messages, and nothing of a client's value in it."""

import json

import pytest

from ponty.request.errors import InvalidField
from ponty.request.validation.validator import Validator


def violations(schema, value):
    with pytest.raises(InvalidField) as refusal:
        Validator(schema).check(value)
    return list(refusal.value.violations)


A, B = (
    {"type": "object", "properties": {"kind": {"enum": ["a"]}, "x": {"type": "integer"}}},
    {
        "type": "object",
        "properties": {"kind": {"enum": ["b"]}, "y": {"type": "integer"}},
    },
)
SECRET = "secret"

CASES = [
    ({"type": "integer"}, SECRET, [("", "is not of type 'integer'", "type")]),
    ({"type": ["integer", "null"]}, SECRET, [("", "is not of type 'integer', 'null'", "type")]),
    ({"required": ["a", "b"]}, {}, [("/a", "is required", "required"), ("/b", "is required", "required")]),
    (
        {"additionalProperties": False, "properties": {"a": {}}},
        {"a": 1, "b": 2, "c/~": 3},
        [
            ("/b", "additional properties are not allowed", "additionalProperties"),
            ("/c~1~0", "additional properties are not allowed", "additionalProperties"),
        ],
    ),
    ({"additionalProperties": {"type": "null"}}, {"a": SECRET}, [("/a", "is not of type 'null'", "type")]),
    ({"properties": {"a": {"minimum": 0}}}, {"a": -1}, [("/a", "is less than the minimum of 0", "minimum")]),
    ({"maximum": 1.5}, 2, [("", "is greater than the maximum of 1.5", "maximum")]),
    ({"exclusiveMinimum": 1}, 1, [("", "is not greater than the exclusive minimum of 1", "exclusiveMinimum")]),
    ({"exclusiveMaximum": 1}, 1, [("", "is not less than the exclusive maximum of 1", "exclusiveMaximum")]),
    ({"multipleOf": 0.1}, 0.25, [("", "is not a multiple of 0.1", "multipleOf")]),
    ({"minLength": 10}, SECRET, [("", "is shorter than 10 characters", "minLength")]),
    ({"maxLength": 3}, SECRET, [("", "is longer than 3 characters", "maxLength")]),
    ({"pattern": "^[a-c]+$"}, SECRET, [("", "does not match '^[a-c]+$'", "pattern")]),
    ({"format": "date"}, SECRET, [("", "must be a date, as 2026-02-28", "format")]),
    ({"enum": ["a", 1, None]}, SECRET, [("", "is not one of 'a', 1, null", "enum")]),
    ({"const": True}, 1, [("", "is not true", "const")]),
    ({"minItems": 2}, [1], [("", "has fewer than 2 items", "minItems")]),
    ({"maxItems": 1}, [1, 2], [("", "has more than 1 items", "maxItems")]),
    ({"uniqueItems": True}, [1, 1.0], [("", "has items that are not unique", "uniqueItems")]),
    (
        {"prefixItems": [{"type": "string"}], "items": False},
        [1, 2],
        [("/0", "is not of type 'string'", "type"), ("/1", "is an additional item, which is not allowed", "items")],
    ),
    ({"items": {"type": "string"}}, ["a", 1], [("/1", "is not of type 'string'", "type")]),
    ({"minProperties": 1}, {}, [("", "has fewer than 1 properties", "minProperties")]),
    ({"maxProperties": 0}, {SECRET: 1}, [("", "has more than 0 properties", "maxProperties")]),
    (
        {"propertyNames": {"maxLength": 1}},
        {SECRET: 1},
        [("", "has a property whose name is not valid", "propertyNames")],
    ),
    ({"patternProperties": {"^s": {"type": "null"}}}, {"s": 1, "t": 1}, [("/s", "is not of type 'null'", "type")]),
    ({"properties": {"a": False}}, {"a": 1}, [("/a", "is not allowed", "false")]),
    (False, 1, [("", "is not allowed", "false")]),
    ({"not": {"type": "string"}}, SECRET, [("", "matches a schema that it must not match", "not")]),
    ({"contains": {"type": "null"}}, [1], [("", "does not contain a matching item", "contains")]),
    (
        {"contains": {"type": "null"}, "minContains": 2},
        [None],
        [("", "contains fewer than 2 matching items", "minContains")],
    ),
    (
        {"contains": {}, "maxContains": 1},
        [1, 2],
        [("", "contains more than 1 matching items", "maxContains")],
    ),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, [("/b", "is required beside 'a'", "dependentRequired")]),
    ({"dependentSchemas": {"a": {"required": ["z"]}}}, {"a": 1}, [("/z", "is required", "required")]),
    ({"if": {"type": "integer"}, "then": {"minimum": 5}}, 1, [("", "is less than the minimum of 5", "minimum")]),
    ({"if": {"type": "integer"}, "else": False}, SECRET, [("", "is not allowed", "false")]),
    (
        {"unevaluatedProperties": False},
        {"a": 1},
        [("/a", "unevaluated properties are not allowed", "unevaluatedProperties")],
    ),
    ({"unevaluatedItems": False}, [1], [("/0", "unevaluated items are not allowed", "unevaluatedItems")]),
    (
        {"allOf": [{"type": "string"}, {"maximum": 1}]},
        3,
        [("", "is not of type 'string'", "type"), ("", "is greater than the maximum of 1", "maximum")],
    ),
    (
        {"anyOf": [{"type": "integer"}, {"type": ["null", "boolean"]}]},
        SECRET,
        [("", "is not of type 'integer', 'null', 'boolean'", "type")],
    ),
    ({"anyOf": [A, {"type": "null"}]}, {"x": SECRET}, [("/x", "is not of type 'integer'", "type")]),
    ({"anyOf": [A, B]}, {"kind": "b", "y": SECRET}, [("/y", "is not of type 'integer'", "type")]),
    (
        {"anyOf": [{"minimum": 5}, {"multipleOf": 2}]},
        3,
        [("", "is not valid under any of the allowed schemas", "anyOf")],
    ),
    (
        {"oneOf": [{"type": "integer"}, {"minimum": 1}]},
        3,
        [("", "is valid under more than one of the allowed schemas", "oneOf")],
    ),
    (
        {"oneOf": [{"minimum": 5}, {"multipleOf": 2}]},
        3,
        [("", "is not valid under any of the allowed schemas", "anyOf")],
    ),
    ({"oneOf": [{"type": "string"}, {"type": "null"}]}, 3, [("", "is not of type 'string', 'null'", "type")]),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}, SECRET, [("", "is not of type 'null'", "type")]),
    (
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}]},
        [1],
        [("/0", "is not of type 'null'", "type")],
    ),
    (
        {"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}},
        {"a": 1},
        [("/b", "is required beside 'a'", "dependentRequired")],
    ),
]


@pytest.mark.parametrize(("schema", "value", "expected"), CASES)
def test_a_violation_says_where_it_is_and_what_would_be_right(schema, value, expected):
    found = violations(schema, value)
    assert found == expected
    assert "secret" not in str(found)


def test_a_pointer_is_cut_to_an_ancestor():
    name = "x" * 100
    schema = {"additionalProperties": {"$ref": "#"}, "type": "object"}
    ((place, _, _),) = violations(schema, {name: {name: {name: {name: 1}}}})
    assert place == f"/{name}/{name}"
    assert violations({"additionalProperties": False}, {"y" * 1000: 1})[0][0] == ""


def test_a_message_is_bounded_whatever_the_schema():
    ((_, detail, _),) = violations({"enum": ["x" * 100] * 1 + [str(n) for n in range(1000)]}, 1)
    assert len(detail) < 210


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": {"type": "integer"}}, ["x"] * 300_000),
        ({"anyOf": [{"items": {"type": "integer"}}, {"type": "null"}]}, ["x"] * 300_000),
        ({"items": {"anyOf": [{"required": [str(n) for n in range(10)], "type": "object"}] * 5}}, [{}] * 100_000),
        ({"additionalProperties": {"type": "integer"}}, {str(n): "x" for n in range(100_000)}),
        ({"additionalProperties": False}, {str(n): "x" for n in range(100_000)}),
        ({"uniqueItems": True}, [{"a": n} for n in range(50_000)] + [{"a": 1}]),
    ],
    ids=["items", "anyOf", "items of anyOf", "values", "names", "unique"],
)
def test_to_explain_a_large_value_takes_no_longer_than_a_small_one_s_share(schema, value, within_budget):
    validator = Validator(schema)
    with within_budget(), pytest.raises(InvalidField) as refusal:
        validator.check(value)
    assert 1 <= len(refusal.value.violations) <= 51


@pytest.mark.parametrize(
    "schema",
    [
        3,
        None,
        [],
        {"type": "text"},
        {"minimum": "0"},
        {"$schema": 3},
        {"$schema": "https://example.com/unknown"},
        {"$schema": "http://json-schema.org/draft-03/schema#"},
        {"$ref": "#/$defs/missing"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "file:///etc/hostname"},
        {"$ref": "other.json"},
        {"properties": {"a": {"items": {"$ref": "#nowhere"}}}},
        {"$dynamicRef": "#nowhere"},
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"pattern": "("},
        {"pattern": r"(a)\1"},
        {"patternProperties": {"(?=a)": {}}},
        {"$defs": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}},
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_at_import(schema):
    with pytest.raises(ValueError, match=r"JSON Schema|pattern"):
        Validator(schema)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (True, 1, None),
        ({"components": {"a": {"pattern": "^a$"}}, "$ref": "#/components/a"}, "a", "b"),
        (
            {"properties": {"default": {"pattern": "^a$"}, "enum": {"$ref": "#/properties/default"}}},
            {"enum": "a"},
            {"enum": "b"},
        ),
        ({"$id": "https://example.com/a", "$ref": "a#/$defs/x", "$defs": {"x": {"type": "null"}}}, None, 1),
        (
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "items": {"$ref": "#"}, "uniqueItems": True},
            [[]],
            [[1, 1]],
        ),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "contentEncoding": "base64", "maxLength": 3},
            "***",
            "****",
        ),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 3, "exclusiveMinimum": True}, 4, 3),
        ({"const": {"$schema": "x"}}, {"$schema": "x"}, {}),
        ({"format": "ipv4"}, "127.0.0.1", "anything"),
        ({"format": "unheard of"}, "anything", None),
    ],
)
def test_a_schema_of_another_s_making_is_used_as_it_is(schema, good, bad):
    validator = Validator(schema)
    text = json.dumps(schema)
    validator.check(good)
    if bad is not None:
        with pytest.raises(InvalidField):
            validator.check(bad)
    assert json.dumps(schema) == text
