"""One walk explains every schema: a fault is told in the same words, at the same place, whatever stands beside it."""

import json

import pytest

from ponty.request.errors import InvalidField
from ponty.request.validation.schemas.formats import EXPECTED
from ponty.request.validation.schemas.jsonschema_rs_backend import Backend, Parts
from ponty.request.validation.validator import Validator


def violations(schema, value):
    with pytest.raises(InvalidField) as refusal:
        Validator(schema).check(value)
    return [each[:2] for each in refusal.value.violations]


RARE = [
    {},
    {"not": {"const": "nothing else"}},
    {"if": {"const": "nothing else"}, "then": False},
    {"propertyNames": {"maxLength": 100}},
    {"dependentRequired": {"nobody": ["sends"]}},
    {"unevaluatedProperties": True},
    {"patternProperties": {"^nobody": False}},
]


@pytest.mark.parametrize("rare", RARE, ids=lambda rare: next(iter(rare), "nothing"))
@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"prefixItems": [{"type": "string"}, False]}, ["a", 1], ("/1", "is not allowed")),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "a", ("", "is not of type 'integer', 'null'")),
        ({"properties": {"a": {"minimum": 1}}}, {"a": 0}, ("/a", "is less than the minimum of 1")),
        ({"additionalProperties": {"type": "null"}}, {"a/b": 0}, ("/a~1b", "is not of type 'null'")),
    ],
)
def test_what_stands_beside_a_fault_does_not_change_what_is_told(schema, value, expected, rare):
    assert violations({**schema, **rare}, value) == [expected]


LINK = {"properties": {"next": {"$ref": "#"}, "list": {"items": {"type": "integer"}}}}


def test_no_more_than_sixteen_levels_are_gone_into():
    value = {"list": [1, "x"]}
    for depth in range(1, 99):
        value = {"next": value, "list": [1]}
        if depth == 13:
            assert violations(LINK, value) == [("/next" * 13 + "/list/1", "is not of type 'integer'")]
    assert violations(LINK, value) == [("/next" * 16, "is not valid")]


def counted(monkeypatch):
    """Count what jsonschema-rs is asked, by how much there is of the value that it is asked about."""
    asked = []
    compile_ = Backend.compile

    def compile_counting(self, schema):
        is_valid = compile_(self, schema)

        def ask(value):
            asked.append(len(json.dumps(value)))
            return is_valid(value)

        return ask

    monkeypatch.setattr(Backend, "compile", compile_counting)
    return asked


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (LINK, lambda inner: {"next": inner, "list": list(range(600))}),
        ({"items": {"anyOf": [{"type": "integer"}, {"$ref": "#"}]}}, lambda inner: [*range(600), inner]),
        ({"additionalProperties": {"$ref": "#"}, "not": {"const": "x"}}, lambda inner: {"a": inner, "b": "b" * 2000}),
    ],
    ids=["object", "array", "map"],
)
def test_to_explain_a_deep_value_asks_of_it_a_bounded_number_of_times(schema, value, monkeypatch):
    """Each level asks of all below it, so without a bound on levels that would be the square of the body."""
    asked = counted(monkeypatch)
    validator = Validator(schema)
    body = "x"
    for _ in range(98):
        body = value(body)
    violations_ = validator.refusal(body)
    assert violations_ is not None or validator.is_valid(body)
    assert sum(asked) < 100 * len(json.dumps(body))


def test_a_long_list_is_asked_of_by_the_block(monkeypatch):
    asked = counted(monkeypatch)
    validator = Validator({"items": {"type": "integer"}})
    assert [each[:2] for each in validator.refusal([*range(100_000), "x"]).violations] == [
        ("/100000", "is not of type 'integer'")
    ]
    assert len(asked) < 100_000 / 32


def test_parts_are_compiled_together_and_each_is_asked_alone():
    parts = Parts(Backend({}).compile)
    checks = [parts.add({"const": number}) for number in range(600)]
    assert all(check(number) and not check(number + 1) for number, check in enumerate(checks))


def test_to_compile_parts_takes_no_square_of_the_schema(within_budget):
    definitions = {
        f"c{n}": {
            "type": "object",
            "properties": {f"p{step}": {"$ref": f"#/$defs/c{(n + step) % 300}"} for step in (1, 7, 13)},
        }
        for n in range(300)
    }
    with within_budget():
        assert violations({"$ref": "#/$defs/c0", "$defs": definitions}, {"p1": 1}) == [
            ("/p1", "is not of type 'object'")
        ]


CAT = {"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["kind"]}
DOG = {"type": "object", "properties": {"kind": {"enum": ["dog", "wolf"]}, "barks": {"type": "boolean"}}}
DOG |= {"required": ["kind"], "additionalProperties": False}
NULL = {"type": "null"}


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"kind": "cow"}, ("/pet/kind", "is not one of 'cat', 'dog', 'wolf'")),
        ({"kind": 1, "lives": 1}, ("/pet/kind", "is not one of 'cat', 'dog', 'wolf'")),
        ({}, ("/pet/kind", "is required")),
        ({"kind": "cat", "lives": "x"}, ("/pet/lives", "is not of type 'integer'")),
        ({"kind": "wolf", "barks": 1}, ("/pet/barks", "is not of type 'boolean'")),
        ({"kind": "dog", "x": 1}, ("/pet/x", "additional properties are not allowed")),
        (1, ("/pet", "is not of type 'object', 'null'")),
    ],
)
@pytest.mark.parametrize("nest", [lambda *pets: [*pets, NULL], lambda *pets: [{"anyOf": [*pets]}, NULL]])
def test_a_union_with_a_tag_says_which_tags_there_are(keyword, value, expected, nest):
    schema = {"properties": {"pet": {keyword: nest(CAT, {"$ref": "#/$defs/dog"})}}, "$defs": {"dog": DOG}}
    assert violations(schema, {"pet": value}) == [expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1, "b": 2}, ("", "is valid under more than one of the allowed schemas")),
        ({"c": 1}, ("", "is not valid under any of the allowed schemas")),
        ({"a": "x"}, ("/a", "is not of type 'integer'")),
    ],
)
def test_one_of_says_whether_none_or_several_match(value, expected):
    schemas = [{"properties": {name: {"type": "integer"}}, "required": [name]} for name in ("a", "b")]
    assert violations({"oneOf": schemas}, value) == [expected]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"allOf": [{"properties": {"a": {}}}]}, {"a": 1, "b": 1, "c": 1}, ["/b", "/c"]),
        ({"anyOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {}}}]}, {"a": 2}, ["/a"]),
        ({"if": {"properties": {"a": {}}}, "then": {"properties": {"b": {}}}}, {"a": 1, "b": 1, "c": 1}, ["/c"]),
        ({"dependentSchemas": {"a": {"properties": {"a": {}, "b": {}}}}}, {"b": 1, "c": 1}, ["/b", "/c"]),
        ({"patternProperties": {"^a": {}}}, {"ab": 1, "b": 1}, ["/b"]),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"a": {}}}}}, {"a": 1, "b": 1}, ["/b"]),
    ],
)
def test_what_is_unevaluated_is_named(schema, value, expected):
    found = violations({**schema, "unevaluatedProperties": False}, value)
    assert found == [(place, "unevaluated properties are not allowed") for place in expected]


def test_what_is_unevaluated_is_explained_by_its_schema():
    schema = {"prefixItems": [{}], "contains": {"const": 5}, "unevaluatedItems": {"type": "string"}}
    assert violations(schema, [1, 5, "a", 2]) == [("/3", "is not of type 'string'")]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("duration", ["P1Y", "P1Y2M3DT4H5M6S", "P4W", "PT36H"], ["P", "1Y", "P1Y1W", "PT", "P-1D"]),
        ("time", ["23:59:60Z", "10:00:00Z", "10:00:00+01:00"], ["10:00:00", "24:00:00Z", "10:00Z"]),
        ("date-time", ["1998-12-31T23:59:60Z", "9999-12-31T23:59:59-23:59"], ["1998-12-31T23:58:60Z", "x"]),
        ("date", ["2024-02-29"], ["2023-02-29", "2024-2-29"]),
        ("email", ["a@example.com"], ["a", "@b"]),
        ("ipv4", ["127.0.0.1"], ["127.0.0.256", "127.1", "0x7f.0.0.1"]),
        ("ipv6", ["::1"], ["::1::", "1"]),
        ("hostname", ["example.com"], ["-a", "a..b"]),
        ("uri", ["https://example.com/a"], ["/a", "a b"]),
        ("uri-reference", ["/a"], ["\\\\a"]),
        ("uuid", ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"], ["2eb8aa08"]),
        ("regex", ["^a+$"], ["("]),
        ("json-pointer", ["/a~0"], ["a", "/~"]),
        ("uri-template", ["/{a}"], ["/{a"]),
    ],
)
def test_formats_of_a_given_schema_mean_what_their_standards_say(name, good, bad):
    validator = Validator({"format": name})
    detail = f"must be {EXPECTED[name]}" if name in EXPECTED else f"is not of the format '{name}'"
    for text in good:
        validator.check(text)
    for text in bad:
        assert validator.refusal(text).violations == (("", detail, "format"),)
    validator.check(1)


@pytest.mark.parametrize(("value", "is_refused"), [(-2, False), (1, True), (None, False)])
def test_an_any_of_is_one_alternative_of_a_one_of(value, is_refused):
    """However many of its own fit: -2 has any number of properties, and any length."""
    schema = {"oneOf": [{"anyOf": [{"minProperties": 1}, {"minLength": 1}]}, {"type": "integer", "minimum": 0}]}
    assert (Validator(schema).refusal(value) is not None) == is_refused
