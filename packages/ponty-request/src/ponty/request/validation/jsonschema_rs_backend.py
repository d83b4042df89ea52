"""jsonschema-rs, where it is installed: the same answers as jsonschema's, sooner.

Its regular expressions are those that match in linear time, and it fetches nothing.
"""

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from ponty.request.validation.assertions import IsValid, Matches
from ponty.request.validation.formats import FORMATS, checker
from ponty.request.validation.pointer import find

# A format of its own that it does not share with jsonschema is not checked by either.
_UNCHECKED = [
    *["email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "regex"],
    *["uri", "uri-reference", "iri", "iri-reference", "uri-template", "json-pointer", "relative-json-pointer"],
]


class _Annotates:
    """A keyword that says something, and checks nothing."""

    def __init__(self, *_: object) -> None: ...

    def validate(self, _: object) -> None: ...


_OPTIONS: dict[str, Any] = {
    "formats": {**dict.fromkeys(_UNCHECKED, lambda _: True), **{name: checker(name) for name in FORMATS}},
    "validate_formats": True,
    "pattern_options": jsonschema_rs.RegexOptions(),
    "offline": True,
    "keywords": {"contentEncoding": _Annotates, "contentMediaType": _Annotates},
}


def make_validators(schema: Any, twin: Any) -> tuple[IsValid, Mapping[int, IsValid]]:
    """Make the validator of a schema, and those of its subschemas by the identity of their twins.

    Args:
        schema: The schema.
        twin: A copy of it, perhaps without a keyword or two.

    Raises:
        ValueError: It has a pattern that cannot be matched in linear time, or is otherwise refused.
    """
    try:
        whole: IsValid = jsonschema_rs.validator_for(schema, **_OPTIONS).is_valid
        parts = jsonschema_rs.validator_map_for(schema, **_OPTIONS)
    except jsonschema_rs.ValidationError as error:
        raise ValueError(f"the JSON Schema cannot be used: {error.message}") from None
    found: dict[int, IsValid] = {}
    for key in parts.keys():  # noqa: SIM118 - it is no mapping
        subschema = find(twin, key)
        if isinstance(subschema, dict):
            found[id(subschema)] = parts[key].is_valid
    return whole, found


def make_matches(pattern: str) -> Matches:
    """Compile a pattern, to be searched for."""
    schema = {"pattern": pattern}
    return make_validators(schema, schema)[0]
