"""What of a type's schema need not be compiled at the start, and that no faulty one is let through by that."""

import json
import subprocess
import sys
from typing import Annotated, Any

import pytest

from ponty.request import Annotation, ParsedJsonBody
from ponty.request.validation.schemas.jsonschema_rs_backend import Backend
from ponty.request.validation.schemas.sure_schemas import is_surely_valid

SURE: list[dict[str, Any]] = [
    {},
    {"type": "string", "format": "date"},
    {"type": ["number", "string"], "format": "decimal", "minimum": -1.5},
    {"type": "array", "items": {"type": "integer", "exclusiveMaximum": 7}, "minItems": 0, "uniqueItems": True},
    {"anyOf": [{"$ref": "#"}, {"$ref": "#/$defs/A"}], "$defs": {"A": {"enum": [1, "a", None]}}},
    {"type": "object", "properties": {"ä": True}, "required": ["ä"], "additionalProperties": False, "title": "ö"},
    {"type": "array", "prefixItems": [{"type": "null", "description": "nothing"}], "items": False},
    {"default": 10**400, "enum": [10**400, 1.5]},
]
DOUBTFUL: list[dict[str, Any]] = [
    {"pattern": "("},
    {"pattern": "a"},
    {"properties": {"a": {"items": {"anyOf": [{"pattern": "("}]}}}},
    {"patternProperties": {"(": True}},
    {"$ref": "#/$defs/A"},
    {"properties": {"a": {"$ref": "elsewhere"}}, "$defs": {"A": True}},
    {"type": "text"},
    {"type": ["string", "string"]},
    {"type": []},
    {"minimum": "1"},
    {"minimum": True},
    {"minimum": float("nan")},
    {"minLength": -1},
    {"minLength": 1.5},
    {"required": "a"},
    {"required": ["a", "a"]},
    {"items": 1},
    {"anyOf": []},
    {"anyOf": {"type": "string"}},
    {"properties": [True]},
    {"properties": {"\ud800": True}},
    {"title": "\ud800"},
    {"title": 1},
    {"deprecated": "yes"},
    {"enum": "a"},
    {"examples": ["\ud800"]},
    {"oneOf": [True]},
    {"surely": "none"},
]


@pytest.mark.parametrize("schema", SURE, ids=str)
def test_what_is_sure_compiles(schema):
    """Nothing that is held to be valid fails at the first request."""
    assert is_surely_valid(schema)
    Backend({}).compile(schema)


@pytest.mark.parametrize("schema", DOUBTFUL, ids=ascii)
def test_what_is_doubtful_is_compiled_to_see(schema):
    """Whatever may be faulty is not held to be sure."""
    assert not is_surely_valid(schema)


@pytest.mark.parametrize(
    "keywords",
    [{"pattern": "("}, {"pattern": "(a)\\1"}, {"allOf": [{"pattern": "("}]}, {"minLength": -1}, {"title": 1}],
    ids=str,
)
def test_a_faulty_keyword_is_an_error_at_the_start(keywords):
    """A program learns of it where it declares the body, and not by its first request."""
    with pytest.raises(ValueError, match="cannot be used"):
        ParsedJsonBody(Annotated[str, Annotation(**keywords)])


COUNTED = """
import dataclasses, json, sys
from typing import Annotated
from ponty.request import Annotation, InvalidField, ParsedJsonBody

@dataclasses.dataclass
class Item:
    name: str
    size: Annotated[int, Annotation(minimum=0)]
    tags: list[str] | None = None

body = ParsedJsonBody(Item)
loaded = ["jsonschema_rs" in sys.modules]
assert body.read(b'{"name": "a", "size": 1, "tags": null}') == Item("a", 1)
loaded.append("jsonschema_rs" in sys.modules)
try:
    body.read(b'{"name": "a", "size": -1}')
except InvalidField as error:
    said = str(error.violations)
loaded.append("jsonschema_rs" in sys.modules)
print(json.dumps([loaded, said]))
"""


def test_the_validator_is_loaded_for_the_first_body_that_needs_it():
    """Good bodies of plain types never do; what is wrong with a bad one is said all the same."""
    printed = subprocess.run([sys.executable, "-c", COUNTED], check=True, capture_output=True, text=True).stdout
    loaded, said = json.loads(printed)
    assert loaded == [False, False, True]
    assert "size" in said
