"""Unions: a value belongs to the first member that admits it.

If the JSON type of a value leaves only one member, that member builds it. If it leaves several (two dataclasses), each
of them has its own validator. The checks that tell the members apart are made for the first value.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ponty.request.parsing.compiled_types.compiled_type import Build, Choice, CompiledType, MsgspecForm, Schema
from ponty.request.validation.explanations.alternatives import Alternative
from ponty.request.validation.explanations.pointer import find
from ponty.request.validation.schemas.jsonschema_rs_backend import IsValid, assertion

_KINDS: dict[type, tuple[str, ...]] = {
    str: ("string",),
    bool: ("boolean",),
    type(None): ("null",),
    dict: ("object",),
    list: ("array",),
    int: ("integer", "number"),
    float: ("number", "integer"),
}
"""The JSON types of decoded values, the nearest first."""


class _Choice(NamedTuple):
    """A member to which a value of a JSON type may belong."""

    build: Build | None
    excludes: IsValid
    is_valid: IsValid | None


class _Candidate(NamedTuple):
    """A member that may admit values of a JSON type; it surely does if it is the last one, or admits all of them."""

    compiled: CompiledType
    is_sure: bool


class UnionBuild:
    """Builds a value with the member that admits it."""

    def __init__(self, members: list[CompiledType]) -> None:
        self._members = members
        self._choices: dict[type, list[_Choice]] | None = None
        self.prepare_all: Callable[[], None] | None = None
        """Prepares all unions of the type that this one is a part of; called for the first value."""

    def unsure(self) -> list[CompiledType]:
        """Return the members that only a validator tells apart; to be called when all of them are compiled."""
        return [candidate.compiled for tp in _KINDS for candidate in self._candidates(tp) if not candidate.is_sure]

    def prepare(self, root: Schema, validators: Mapping[int, IsValid]) -> None:
        """Prepare the checks that tell the members apart.

        Args:
            root: The whole schema.
            validators: The validators of the members that are not sure, by their `id`.
        """
        self._choices = {
            tp: [
                _Choice(
                    compiled.build,
                    Alternative(_follow(root, compiled.schema), assertion).excludes,
                    None if is_sure else validators[id(compiled)],
                )
                for compiled, is_sure in self._candidates(tp)
            ]
            for tp in _KINDS
        }

    def _candidates(self, tp: type) -> list[_Candidate]:
        json_types = _KINDS[tp]
        several: list[CompiledType] = []
        for kind in json_types:
            several += [
                compiled for compiled in self._members if kind in compiled.json_types and compiled not in several
            ]
        candidates: list[_Candidate] = []
        for compiled in several:
            is_sure = compiled is several[-1] or compiled.schema == {"type": json_types[0]} or not compiled.schema
            candidates.append(_Candidate(compiled, is_sure))
            if is_sure:
                break
        return candidates

    def __call__(self, value: Any) -> Any:
        """Build a value that some member admits."""
        if self._choices is None and self.prepare_all is not None:
            self.prepare_all()
        choices = (self._choices or {}).get(type(value))
        if choices is None:
            return value  # no JSON value: an upload of a form, which is built already
        if len(choices) > 1:
            choices = [choice for choice in choices if not choice.excludes(value)]
        for choice in choices:
            # The last one needs no check, as nothing else is left; checking it would take longer with each level.
            if choice is choices[-1] or choice.is_valid is None or choice.is_valid(value):
                return value if choice.build is None else choice.build(value)
        raise ValueError("of no member")


def _follow(root: Schema, schema: Any) -> Mapping[str, Any]:
    for _ in range(10):
        if not (isinstance(schema, dict) and "$ref" in schema):
            break
        schema = find(root, schema["$ref"])
    return schema if isinstance(schema, dict) else {}


def union(members: list[CompiledType]) -> CompiledType:
    """Compile a union; `prepare_all` of its build must be set before it is used."""
    json_types = frozenset(kind for member in members for kind in member.json_types)
    schema: Schema = {"anyOf": [member.schema for member in members]}
    inside = Choice(_only(members, "array"), _only(members, "object"))
    return CompiledType(
        schema, json_types, UnionBuild(members), elements=members, msgspec_form=_optional(members), inside=inside
    )


def _only(members: list[CompiledType], json_type: str) -> CompiledType | None:
    """Return the only member that has values of a JSON type; None if there is none, or if there are several."""
    found = [member for member in members if json_type in member.json_types]
    return found[0] if len(found) == 1 else None


def _optional(members: list[CompiledType]) -> MsgspecForm | None:
    """Return the msgspec form of a type or None; None for several other types, which only a validator tells apart."""
    others = [member for member in members if member.schema != {"type": "null"}]
    if len(others) != 1 or "null" in others[0].json_types or (msgspec_form := others[0].msgspec_form) is None:
        return None
    return MsgspecForm(
        msgspec_form.form | None,
        _unless_null(msgspec_form.read),
        _unless_null(msgspec_form.make),
        msgspec_form.contains_any,
    )


def _unless_null(build: Build | None) -> Build | None:
    return build and (lambda value: None if value is None else build(value))
