"""Random pairs of schemas: where nothing is told to break, what was taken is taken, and what is sent is what was."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ponty.request import changes_between
from ponty.request.validation.validator import Validator

NAMES = "ab"
small = st.integers(0, 4)
bounded = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])},
    optional={
        "minimum": small,
        "exclusiveMinimum": small,
        "maximum": small,
        "exclusiveMaximum": small,
        "multipleOf": st.integers(1, 4),
    },
)
texts = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": st.integers(0, 2),
        "maxLength": st.integers(0, 2),
        "pattern": st.sampled_from(["^a", ".*", "b$"]),
    },
)
enums = st.lists(st.sampled_from(["a", "bb", 1, 4, None, [], {}]), min_size=1, max_size=3, unique_by=repr).map(
    lambda values: {"enum": values}
)
scalars = st.sampled_from([{}, {"type": "null"}, {"const": 1}, {"type": ["string", "null"]}]) | bounded | texts | enums


def arrays(inner):
    return st.fixed_dictionaries(
        {"type": st.just("array")},
        optional={
            "items": inner | st.just(False),
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(0, 2),
            "uniqueItems": st.booleans(),
            "contains": inner,
            "minContains": st.integers(0, 2),
            "maxContains": st.integers(0, 2),
            "unevaluatedItems": st.booleans(),
        },
    )


def objects(inner):
    return st.fixed_dictionaries(
        {"type": st.just("object")},
        optional={
            "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
            "required": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
            "minProperties": st.integers(0, 2),
            "maxProperties": st.integers(0, 2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, min_size=1, max_size=1),
            "propertyNames": st.sampled_from([{"maxLength": 1}, {"pattern": "^a"}, {"enum": ["a"]}]),
            "dependentRequired": st.sampled_from([{"a": ["b"]}, {"a": []}, {"b": ["a"]}]),
            "dependentSchemas": st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=1),
        },
    )


def combined(inner):
    several = st.lists(inner, min_size=1, max_size=3)
    return (
        several.map(lambda members: {"anyOf": members})
        | several.map(lambda members: {"oneOf": members})
        | several.map(lambda members: {"allOf": members})
        | inner.map(lambda member: {"not": member})
        | st.tuples(inner, several).map(lambda pair: {**pair[0], "allOf": pair[1]})
        | st.tuples(inner, several).map(lambda pair: {**pair[0], "anyOf": pair[1]})
        | st.fixed_dictionaries({"if": inner}, optional={"then": inner, "else": inner})
    )


def schemas_of(*makers):
    """Return a strategy of schemas that are three deep at most."""
    made = scalars
    for _ in range(2):
        made = scalars | st.one_of(*[maker(made) for maker in makers])
    return made


everything = schemas_of(arrays, objects, combined)


@st.composite
def pairs(draw, schemas):
    """Return two schemas that have much in common: one is the other with a part of it changed."""
    old = draw(schemas)
    if draw(st.booleans()):
        return old, draw(schemas)
    new = copy.deepcopy(old)
    change(draw, new, schemas)
    return (old, new) if draw(st.booleans()) else (new, old)


def change(draw, schema, schemas):
    """Change one keyword of a schema, or of one within it."""
    keywords = sorted(schema)
    if not keywords or draw(st.booleans()):
        schema.update(draw(schemas))
        return
    keyword = draw(st.sampled_from(keywords))
    inner: Any = schema[keyword]
    around = [inner, *(inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ())]
    within = [each for each in around if isinstance(each, dict)]
    if within and keyword not in {"enum", "const", "dependentRequired"} and draw(st.booleans()):
        chosen = draw(st.sampled_from(within))
        if not (chosen is inner and keyword in {"properties", "patternProperties", "dependentSchemas"}):
            change(draw, chosen, schemas)
    elif keyword != "type":
        del schema[keyword]


values = st.recursive(
    st.sampled_from(["", "a", "bb", "b", 0, 1, 2, 3, 4, 2.5, None, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)


def document(schema, *, on="taken"):
    content = {"application/json": {"schema": schema}}
    answer = {"description": "OK", **({"content": content} if on == "sent" else {})}
    operation = {"responses": {"200": answer}}
    if on == "taken":
        operation["requestBody"] = {"required": True, "content": content}
    return {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/mugs": {"post": operation}}}


def keeps(old, new, *, on):
    return not any(each.breaks for each in changes_between(document(old, on=on), document(new, on=on)))


def is_valid(schema, value):
    return Validator(schema, given=False).is_valid(value)


many = settings(suppress_health_check=[HealthCheck.too_slow])


@many
@given(pair=pairs(everything), tried=st.lists(values, min_size=1, max_size=8))
def test_what_was_taken_is_taken_where_nothing_is_told_to_break(pair, tried):
    old, new = pair
    if keeps(old, new, on="taken"):
        for value in tried:
            if is_valid(old, value):
                assert is_valid(new, value)


def closed(schema):
    """Return a schema whose objects have no property that is not named, where any is: so programs send."""
    return mapped(schema, lambda made: {"additionalProperties": False, **made} if "properties" in made else made)


def opened(schema):
    """Return a schema whose objects may have any property that is not named: so clients read."""

    def let_in(made):
        if made.get("additionalProperties") is False:
            del made["additionalProperties"]
        return made

    return mapped(schema, let_in)


def mapped(schema, function):
    made = {
        keyword: [mapped(each, function) for each in inner]
        if keyword in {"anyOf", "prefixItems"}
        else {name: mapped(each, function) for name, each in inner.items()}
        if keyword == "properties"
        else mapped(inner, function)
        if keyword in {"items", "additionalProperties"} and isinstance(inner, dict)
        else inner
        for keyword, inner in schema.items()
    }
    return function(made)


def plain_objects(inner):
    return st.fixed_dictionaries(
        {"type": st.just("object")},
        optional={
            "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
            "required": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
        },
    )


def plain_arrays(inner):
    return st.fixed_dictionaries(
        {"type": st.just("array")},
        optional={
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "maxItems": st.integers(0, 2),
        },
    )


def unions(inner):
    return st.lists(inner, min_size=1, max_size=3).map(lambda members: {"anyOf": members})


sendable = schemas_of(plain_arrays, plain_objects, unions)


@many
@given(pair=pairs(sendable), tried=st.lists(values, min_size=1, max_size=8))
def test_what_is_sent_is_what_clients_read_where_nothing_is_told_to_break(pair, tried):
    """A program sends no property that its schema does not name, and clients pass over those they do not know."""
    old, new = pair
    if keeps(old, new, on="sent"):
        for value in tried:
            if is_valid(closed(new), value):
                assert is_valid(opened(old), value)


@many
@given(schema=everything, on=st.sampled_from(["taken", "sent"]))
def test_a_schema_keeps_itself(schema, on):
    assert changes_between(document(schema, on=on), document(copy.deepcopy(schema), on=on)) == []


@pytest.mark.parametrize(("on", "keyword"), [("taken", "maxLength"), ("sent", "minLength")])
def test_a_bound_that_moves_is_found_by_such_values(on, keyword):
    """The properties above can fail: where a change is told to break, there are values that show it."""
    old, new = {"type": "string", keyword: 2}, {"type": "string", keyword: 1}
    assert not keeps(old, new, on=on)
    tried = ["", "a", "bb"]
    narrow, wide = (new, old) if on == "taken" else (old, new)
    assert [value for value in tried if is_valid(wide, value) and not is_valid(narrow, value)]
