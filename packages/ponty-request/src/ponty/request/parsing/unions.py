"""Unions: a value is of the first member that admits it.

Where the JSON type of a value leaves one member only, that member builds it. Where it leaves several (two
dataclasses), each of them has a validator of its own, made at import.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from ponty.request.parsing.compiled_type import Build, Direct, Node, Schema
from ponty.request.validation.alternatives import Branch, follow
from ponty.request.validation.assertions import IsValid

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
    """A member that a value of a JSON type may be of."""

    build: Build | None
    excludes: IsValid
    is_valid: IsValid | None


class UnionBuild:
    """Builds a value by the member that admits it."""

    def __init__(self, members: list[Node]) -> None:
        self._members = members
        self._choices: dict[type, list[_Choice]] = {}

    def prepare(self, root: Schema, make_validator: Callable[[Schema], IsValid]) -> None:
        """Tell the members apart, when all of them are compiled.

        Args:
            root: The whole schema.
            make_validator: Makes the validator of a part of it.
        """
        validators: dict[int, IsValid] = {}
        for tp, kinds in _KINDS.items():
            candidates: list[Node] = []
            for kind in kinds:
                candidates += [node for node in self._members if kind in node.kinds and node not in candidates]
            choices: list[_Choice] = []
            for node in candidates:
                sure = node is candidates[-1] or node.schema == {"type": kinds[0]} or not node.schema
                if not sure and id(node) not in validators:
                    validators[id(node)] = make_validator(node.schema)
                branch = Branch(follow(root, node.schema))
                choices.append(_Choice(node.build, branch.excludes, None if sure else validators[id(node)]))
                if sure:
                    break
            self._choices[tp] = choices

    def __call__(self, value: Any) -> Any:
        """Build `value`, which some member admits."""
        choices = self._choices[type(value)]
        if len(choices) > 1:
            choices = [choice for choice in choices if not choice.excludes(value)]
        for choice in choices:
            # Nothing is left to choose from at the last; to validate it again would take longer with each level.
            if choice is choices[-1] or choice.is_valid is None or choice.is_valid(value):
                return value if choice.build is None else choice.build(value)
        raise ValueError("of no member")


def union(members: list[Node]) -> Node:
    """Compile a union; `prepare` of its build must be called before it is used."""
    kinds = frozenset(kind for member in members for kind in member.kinds)
    schema: Schema = {"anyOf": [member.schema for member in members]}
    return Node(schema, kinds, UnionBuild(members), elements=members, direct=_optional(members))


def _optional(members: list[Node]) -> Direct | None:
    """Give the direct form of a type or None; what is of several other types, only a validator tells apart."""
    others = [member for member in members if member.schema != {"type": "null"}]
    if len(others) != 1 or "null" in others[0].kinds or (direct := others[0].direct) is None:
        return None
    return Direct(direct.form | None, _unless_null(direct.read), _unless_null(direct.make), direct.free)


def _unless_null(build: Build | None) -> Build | None:
    return build and (lambda value: None if value is None else build(value))
