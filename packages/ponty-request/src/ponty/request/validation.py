"""JSON Schemas as validators, made at import.

jsonschema is the reference, and what explains why a value is not valid. Where jsonschema-rs is installed (the extra
`speedups`), it tells first whether a value is valid, hundreds of times faster, matches patterns in linear time, and
leads the explanation past what is valid. So a client cannot tell which of them is installed. jsonschema-rs does not
explain itself, since it makes all violations of a value at once: a body of 300 kB could hold the server for a minute.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import jsonschema
import referencing
from jsonschema import validators

from ponty.request.decoding import Json
from ponty.request.explaining import Explainer, Violation
from ponty.request.field import InvalidField
from ponty.request.formats import FORMATS, checker
from ponty.request.keywords import IsValid, Keywords, Matches
from ponty.request.messages import NOT_VALID, TOO_DEEP
from ponty.request.patterns import UnsafePatternError, compile_bounded
from ponty.request.reachable import reachable

try:
    from ponty.request import speedups
except ImportError:
    speedups = None  # type: ignore[assignment]

_T = TypeVar("_T")

MAX_VIOLATIONS = 51
"""How many violations of one body are looked for: one more than an answer lists."""


class Validator:
    """A JSON Schema, draft 2020-12 unless its `$schema` says otherwise.

    Args:
        schema: The schema.
        fast: Whether to use jsonschema-rs; by default, where it is installed.

    Raises:
        ValueError: It is no valid schema, a `$ref` leads nowhere or around in a circle, or a pattern may backtrack
            without end.
    """

    def __init__(self, schema: Any, *, fast: bool | None = None) -> None:
        draft = _draft(schema)
        reached = reachable(schema, draft.META_SCHEMA.get("$schema"))
        parts = reached.parts
        # jsonschema would leave our keywords behind wherever it meets a `$schema` on its way.
        explained = _without_dialect(schema, parts)
        matches = _bounded_matches
        is_valid: IsValid | None = None
        faster: Mapping[int, IsValid] = {}
        accelerate: Any = speedups if fast is None or fast else None
        if accelerate is not None:
            is_valid, faster = accelerate.make_validators(schema, explained)
            matches = accelerate.make_matches
        known: dict[str, Matches] = {text: matches(text) for text in sorted(_patterns(parts))}
        # A dynamic reference may lead elsewhere the next time.
        told: dict[tuple[int, int], bool] = {}
        dynamic = any(not _DYNAMIC.isdisjoint(part) for part in parts)
        explain: Any = _extend(draft, Keywords(faster, known, None if dynamic else told).table(draft.VALIDATORS))
        engine = explain(explained, format_checker=_FORMAT_CHECKER, registry=referencing.Registry())
        explainer = Explainer(
            explained,
            engine,
            formats=_FORMATS,
            matches=known,
            is_valid_under=faster,
            told=told,
            alone=draft is _DEFAULT_DRAFT and not any("$id" in part for part in parts),
            recursive=reached.recursive,
            limit=MAX_VIOLATIONS,
        )
        self._schema = schema
        self._fast = is_valid is not None
        self._told = told
        self._explainer = explainer
        self._explain: Callable[[object], list[Violation]] = _forgetting(told, explainer.explain)
        self.is_valid: IsValid = is_valid or _forgetting(told, explainer.validity(explained))

    def of_part(self, part: dict[str, Json]) -> IsValid:
        """Make what tells whether a value is valid under a schema whose references are those of this one."""
        if not self._fast:
            return _forgetting(self._told, self._explainer.validity(part))
        whole = {**self._schema, "$id": "urn:ponty:root", "$defs": {**self._schema.get("$defs", {}), "-": part}}
        return Validator({"$ref": "urn:ponty:root#/$defs/-", "$defs": {"root": whole}}).is_valid

    def check(self, value: Json) -> None:
        """Refuse a value that is not valid.

        Raises:
            InvalidField: It is not; the first 51 violations are named.
        """
        try:
            if self.is_valid(value):
                return
            found = self._explain(value)
        except RecursionError:
            raise InvalidField(TOO_DEEP) from None
        (pointer, detail), *more = dict.fromkeys((pointer, detail) for pointer, detail in found) or [("", NOT_VALID)]
        raise InvalidField(detail, pointer=pointer, more=more)


def _forgetting(told: dict[tuple[int, int], bool], function: Callable[[object], _T]) -> Callable[[object], _T]:
    """Forget, after each call, what was told of a value that may be gone by the next."""

    def call(value: object) -> _T:
        try:
            return function(value)
        finally:
            told.clear()

    return call


_FORMATS = {name: checker(name) for name in FORMATS}
_FORMAT_CHECKER = jsonschema.FormatChecker(formats=())
for _name, _check in _FORMATS.items():
    _FORMAT_CHECKER.checks(_name)(_check)


_DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef"})
_DEFAULT_DRAFT: Any = jsonschema.Draft202012Validator
_UNKNOWN: Any = None
_extend: Any = validators.extend


def _draft(schema: Any) -> Any:
    """Find the draft of a schema, and check the schema against it."""
    if not isinstance(schema, dict | bool):
        raise ValueError(f"a JSON Schema is an object or a boolean, not {type(schema).__qualname__!r}")
    dialect: Any = schema.get("$schema") if isinstance(schema, dict) else None
    named = isinstance(dialect, str)
    draft: Any = validators.validator_for(schema if named else {}, default=_UNKNOWN if named else _DEFAULT_DRAFT)
    if draft is _UNKNOWN or draft is jsonschema.Draft3Validator:
        raise ValueError(f"the JSON Schema is of the unknown dialect {dialect!r}")
    try:
        draft.check_schema(schema, format_checker=jsonschema.FormatChecker(formats=()))
    except jsonschema.SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        raise ValueError(f"not a valid JSON Schema, at {place!r}: {error.message}") from None
    return draft


def _without_dialect(schema: Any, parts: Iterable[dict[str, Any]]) -> Any:
    marked = {id(part) for part in parts if "$schema" in part}

    def copy(value: Any) -> Any:
        if isinstance(value, dict):
            drop = "$schema" if id(value) in marked else None
            return {name: copy(element) for name, element in value.items() if name != drop}
        return [copy(element) for element in value] if isinstance(value, list) else value

    return copy(schema)


def _patterns(parts: Iterable[dict[str, Any]]) -> set[str]:
    single = {part["pattern"] for part in parts if "pattern" in part}
    return single.union(*(part["patternProperties"] for part in parts if "patternProperties" in part))


def _bounded_matches(pattern: str) -> Matches:
    try:
        search = compile_bounded(pattern).search
    except UnsafePatternError as error:
        raise ValueError(
            f"the pattern {pattern!r} cannot be used, since {error}; ponty-request[speedups] takes any pattern "
            "without look-around and back references"
        ) from None

    def matches(text: str) -> bool:
        return search(text) is not None

    return matches
