"""JSON Schemas as validators, made at import.

What most schemas are made of is explained by Ponty's own steps, and anything else by jsonschema, the reference for
both. Where jsonschema-rs is installed (the extra `speedups`), it tells first whether a value is valid, matches patterns
in linear time, and leads the explanation past what is valid; elsewhere, what finds no violation to explain is valid. So
a client cannot tell whether it is installed. jsonschema-rs does not explain itself, since it makes all violations of a
value at once: a body of 300 kB could hold the server for a minute.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ponty.request.content.json_decoder import Json
from ponty.request.errors import InvalidField
from ponty.request.validation.assertions import IsValid
from ponty.request.validation.explainer import Explainer
from ponty.request.validation.formats import FORMATS, checker
from ponty.request.validation.matching import make_matches, speedups
from ponty.request.validation.messages import NOT_VALID, TOO_DEEP
from ponty.request.validation.plain import plain_reach
from ponty.request.validation.steps import Violation

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
        accelerate: Any = speedups if fast is None or fast else None
        told: dict[tuple[int, int], bool] = {}
        reached, explained, engine = plain_reach(schema), schema, None
        if reached is None or accelerate is None:
            from ponty.request.validation.engine import Engine, draft_of  # noqa: PLC0415 - it imports jsonschema, which takes a while

            draft = draft_of(schema)
            if reached is None:
                engine = Engine(schema, draft)
                reached, explained = engine.reached, engine.schema
        is_valid, faster = accelerate.make_validators(schema, explained) if accelerate else (None, {})
        known = {text: make_matches(text, fast=accelerate is not None) for text in sorted(_patterns(reached.parts))}
        explainer = Explainer(
            explained,
            engine and engine.validator(faster, known, told),
            formats=_FORMATS,
            matches=known,
            is_valid_under=faster,
            told=told,
            alone=engine is None or engine.is_usual,
            recursive=reached.recursive,
            limit=MAX_VIOLATIONS,
        )
        self._schema = schema
        self._fast = is_valid is not None
        self._told = told
        self._explainer = explainer
        self._explain: Callable[[object], list[Violation]] = explainer.explain
        self.is_valid: IsValid = is_valid or _forgetting(told, explainer.validity(explained))

    def of_part(self, part: dict[str, Json]) -> IsValid:
        """Make what tells whether a value is valid under a schema whose references are those of this one."""
        if not self._fast:
            return _forgetting(self._told, self._explainer.validity(part))
        root = {**self._schema, "$id": "urn:ponty:root", "$defs": {**self._schema.get("$defs", {}), "-": part}}
        whole = {"$ref": "urn:ponty:root#/$defs/-", "$defs": {"root": root}}
        is_valid: IsValid = speedups.make_validators(whole, whole)[0]
        return is_valid

    def check(self, value: Json) -> None:
        """Refuse a value that is not valid.

        Raises:
            InvalidField: It is not; the first 51 violations are named.
        """
        try:
            if self.is_valid(value):
                return
        except RecursionError:
            raise InvalidField(TOO_DEEP) from None
        raise self.refusal(value) or InvalidField(NOT_VALID)

    def refusal(self, value: Json) -> InvalidField | None:
        """Say at once what is wrong with a value, where that is to be expected; None if nothing is."""
        try:
            found = self._explain(value)
            if not found:
                return None if self.is_valid(value) else InvalidField(NOT_VALID)
        except RecursionError:
            return InvalidField(TOO_DEEP)
        pairs: Any = map(tuple, found)
        (pointer, detail), *more = dict.fromkeys(pairs)
        return InvalidField(detail, pointer=pointer, more=more)


def _forgetting(told: dict[tuple[int, int], bool], function: Callable[[object], _T]) -> Callable[[object], _T]:
    """Forget, after each call, what was told of a value that may be gone by the next."""

    def call(value: object) -> _T:
        try:
            return function(value)
        finally:
            told.clear()

    return call


_FORMATS = {name: checker(name) for name in FORMATS}


def _patterns(parts: Iterable[dict[str, Any]]) -> set[str]:
    single = {part["pattern"] for part in parts if "pattern" in part}
    return single.union(*(part["patternProperties"] for part in parts if "patternProperties" in part))
