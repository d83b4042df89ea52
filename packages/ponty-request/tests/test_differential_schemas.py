"""jsonschema, jsonschema-rs and Ponty's explainer agree on schemas that no type was compiled to.

`PONTY_PAIRS=50000 pytest …` makes as many pairs of a schema and a value.
"""

import os
import random

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ponty.request import InvalidField
from ponty.request.validation.validator import Validator

PAIRS = int(os.environ.get("PONTY_PAIRS", "1500"))
VALUES = 20
NAMES = ["a", "b", "c~/", ""]
SCALARS = [None, True, False, 0, 1, 1.0, 1.5, -2, 7, 1e16, "", "a", "ab", "b", "é"]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]


def make_value(rng, depth=0):
    match rng.randrange(6 if depth < 3 else 4):
        case 4:
            return [make_value(rng, depth + 1) for _ in range(rng.randrange(4))]
        case 5:
            return {rng.choice(NAMES): make_value(rng, depth + 1) for _ in range(rng.randrange(4))}
        case _:
            return rng.choice(SCALARS)


def make_schema(rng, depth=0):
    if rng.random() < 0.1:
        return rng.random() < 0.7
    if rng.random() < 0.15 and depth:
        return {"$ref": rng.choice(["#", "#/$defs/x"])} if depth > 1 else {"$ref": "#/$defs/x"}

    def inner():
        return make_schema(rng, depth + 1) if depth < 3 else {"type": rng.choice(TYPES)}

    makers = {
        "type": lambda: rng.choice([rng.choice(TYPES), rng.sample(TYPES, 2)]),
        "enum": lambda: [make_value(rng, 2) for _ in range(1, 4)],
        "const": lambda: make_value(rng, 2),
        "minimum": lambda: rng.choice([0, 1, 1.5]),
        "maximum": lambda: rng.choice([1, 5.5]),
        "exclusiveMinimum": lambda: rng.choice([0, 1]),
        "exclusiveMaximum": lambda: rng.choice([1, 7.0]),
        "multipleOf": lambda: rng.choice([0.5, 2]),
        "minLength": lambda: rng.choice([1, 2]),
        "maxLength": lambda: 1,
        "pattern": lambda: rng.choice(["^a", "^[ab]*$"]),
        "minItems": lambda: rng.randrange(1, 3),
        "maxItems": lambda: rng.randrange(3),
        "uniqueItems": lambda: rng.random() < 0.8,
        "items": inner,
        "prefixItems": lambda: [inner(), inner()],
        "contains": inner,
        "properties": lambda: {name: inner() for name in rng.sample(NAMES, 2)},
        "patternProperties": lambda: {"^a": inner()},
        "additionalProperties": inner,
        "propertyNames": lambda: {"maxLength": 1},
        "required": lambda: rng.sample(NAMES, 1),
        "minProperties": lambda: 1,
        "maxProperties": lambda: 2,
        "dependentRequired": lambda: {"a": ["b"]},
        "anyOf": lambda: [inner(), inner()],
        "oneOf": lambda: [inner(), inner()],
        "allOf": lambda: [inner()],
        "not": inner,
        "if": inner,
        "then": inner,
        "unevaluatedProperties": inner,
        "unevaluatedItems": inner,
    }
    chosen = rng.sample(sorted(makers), rng.randrange(1, 4))
    schema = {keyword: makers[keyword]() for keyword in chosen}
    return schema if depth else {**schema, "$defs": {"x": {"type": rng.sample(TYPES, 3)}}}


def violations(validator, value):
    try:
        validator.check(value)
    except InvalidField as invalid:
        return invalid.violations
    return ()


@settings(max_examples=max(PAIRS // VALUES, 1), deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_the_validators_agree_on_any_schema(seed):
    rng = random.Random(seed)
    schema = make_schema(rng)
    try:
        validator = Validator(schema)
    except ValueError:
        return  # it refers to itself in place
    reference = jsonschema.Draft202012Validator(schema)
    for _ in range(VALUES):
        value = make_value(rng)
        expected = reference.is_valid(value)
        assert validator.is_valid(value) is expected, (schema, value)
        assert (validator.refusal(value) is None) is expected, (schema, value)
        assert (not violations(validator, value)) is expected, (schema, value)
