"""What the type of a value alone tells is what a validator would say of every value of that type."""

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponty.request.validation.outlook import Outlook, never, outlook

VALUES = [None, True, False, 0, 1, -7, 2.0, 2.5, "", "abc", [], [1, 1], ["a"], {}, {"a": 1}, {"b": "x"}]

TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"]
KEYWORDS = {
    "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, unique=True),
    "minimum": st.integers(-2, 3),
    "multipleOf": st.just(2),
    "maxLength": st.integers(0, 3),
    "minItems": st.integers(0, 3),
    "items": st.just({"type": "integer"}) | st.booleans(),
    "properties": st.just({"a": {"type": "string"}}),
    "required": st.just(["a"]),
    "additionalProperties": st.booleans(),
    "enum": st.just([1, "abc", []]),
    "anyOf": st.just([{"type": "string"}, {"minimum": 2}]),
    "title": st.just("a title"),
}
SCHEMAS = st.fixed_dictionaries({}, optional=KEYWORDS) | st.booleans()


@given(SCHEMAS)
def test_it_is_true_of_every_value_of_a_type(schema):
    valid, asked, wrong = outlook(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for value in VALUES:
        if type(value) in valid:
            assert validator.is_valid(value)
        elif type(value) not in asked:
            (error,) = validator.iter_errors(value)
            assert wrong == ("is not allowed" if schema is False else wrong)
            assert schema is False or error.validator == "type"


@pytest.mark.parametrize(
    ("schema", "valid", "asked"),
    [
        ({"type": "string"}, {str}, set()),
        ({"type": "string", "maxLength": 3}, set(), {str}),
        ({"type": ["string", "null"], "maxLength": 3}, {type(None)}, {str}),
        ({"type": "integer"}, {int}, {float}),
        ({"type": "integer", "minimum": 0}, set(), {int, float}),
        ({"type": "array", "items": {}}, set(), {list}),
        (True, {bool, dict, float, int, list, str, type(None)}, set()),
    ],
)
def test_it_tells_as_much_as_can_be_told(schema, valid, asked):
    told = outlook(schema)
    assert (told.valid, told.asked) == (valid, asked)


def test_what_is_never_valid():
    assert never("is not allowed") == outlook(False) == Outlook(frozenset(), frozenset(), "is not allowed")
