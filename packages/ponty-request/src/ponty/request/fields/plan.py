"""The order in which the fields of a request are read; it is decided once, at import.

A field may use others, so the fields are a graph. Each field is a *step*, which comes after the fields that it uses.
The steps are taken in three turns:

1. *guards* and the fields that they use, in the order of the class. The first refusal ends the request.
2. *checks*: all other fields that use no scope; first those that do not wait for anything, then those that do. All of
   them are tried, except those that use a field which has refused; so one answer names all faults.
3. *scopes*, and the fields that use one. By then the request is valid.

The values are in a list, in which each step has a slot.
"""

import functools
import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from aiohttp import web

from ponty.request.fields.base import Description, Field, annotations_of
from ponty.request.fields.scoped import Scoped
from ponty.request.fields.value_types import takes
from ponty.request.parsing.annotations.written import written_signature
from ponty.request.texts.plain_texts import type_name


class Step(msgspec.Struct, frozen=True, eq=False):
    """A field in the plan, with everything that is needed to read it.

    Args:
        name: The name of the field; if the field is only used by another, the name that it has there.
        field: The field.
        extract: Reads the field.
        attempt: Reads the field as `extract` does, but may return a `Refused` instead of raising.
        waits: Whether `extract` must be awaited.
        uses: The fields that it uses: their names in `extract`, and their slots.
        slot: The place of its value.
        describe: Returns the description of the field.
    """

    name: str
    field: Field[Any]
    extract: Callable[..., Any]
    attempt: Callable[..., Any]
    waits: bool
    uses: tuple[tuple[str, int], ...]
    slot: int
    describe: Callable[[], Description | None]

    @property
    def is_scope(self) -> bool:
        """Whether the field is a scope, which is opened, and left later on."""
        return isinstance(self.field, Scoped)


class Plan(msgspec.Struct, frozen=True, eq=False):
    """The steps of a request.

    Args:
        steps: All steps.
        guards: The steps of the first turn.
        checks: The steps of the second turn.
        scopes: The steps of the third turn.
        named: The slots of the fields of the class, by name.
    """

    steps: tuple[Step, ...]
    guards: tuple[Step, ...]
    checks: tuple[Step, ...]
    scopes: tuple[Step, ...]
    named: Mapping[str, int]

    @property
    def is_flat(self) -> bool:
        """Whether all fields are checks, and none uses another."""
        return not self.guards and not self.scopes and all(not step.uses for step in self.steps)

    def descriptions(self) -> Iterator[Description]:
        """Yield the descriptions of the parts of a request that fields read."""
        for step in self.steps:
            if (description := step.describe()) is not None:
                yield description


def make_plan(place: str, fields: Mapping[str, Field[Any]], stand_ins: Mapping[Any, Any] | None = None) -> Plan:
    """Decide the order of the fields of a class.

    Args:
        place: The name of the class, for messages.
        fields: Its fields, by name.
        stand_ins: The replacements of fields: for a field or a class of fields, another field or a value.

    Raises:
        TypeError: A field does not take the fields that it uses, or its `extract` is a generator.
    """
    steps: list[Step] = []
    slots: dict[int, int] = {}

    def visit(name: str, original: Field[Any]) -> int:
        if id(original) in slots:
            return slots[id(original)]
        field = _stand_in(original, stand_ins or {})
        if not field.name:
            field.__set_name__(type(field), name)
        uses = tuple((keyword, visit(keyword, used)) for keyword, used in field.uses.items())
        _check(f"{place}.{name}", field)
        slot = slots[id(original)] = len(steps)
        extract = field.open if isinstance(field, Scoped) else field.extract
        waits = _taken(getattr(extract, "__func__", extract)).waits
        describe = functools.cache(field.describe)
        steps.append(Step(name, field, extract, _attempt(field, extract), waits, uses, slot, describe))
        return slot

    named = {name: visit(name, field) for name, field in fields.items()}
    guards = _below(steps, (step.slot for step in steps if step.field.guard))
    scoped: set[int] = set()
    slow: set[int] = set()
    for step in steps:
        used = {slot for _, slot in step.uses}
        if step.slot not in guards and (step.is_scope or used & scoped):
            scoped.add(step.slot)
        if step.waits or used & slow - guards:
            slow.add(step.slot)
    rest = [step for step in steps if step.slot not in guards and step.slot not in scoped]
    return Plan(
        steps=tuple(steps),
        guards=tuple(step for step in steps if step.slot in guards),
        checks=(*(s for s in rest if s.slot not in slow), *(s for s in rest if s.slot in slow)),
        scopes=tuple(step for step in steps if step.slot in scoped),
        named=named,
    )


def _attempt(field: Field[Any], extract: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that reads a field; it may return a refusal, which costs less than raising it."""
    attempt = getattr(getattr(extract, "__func__", None), "__ponty_attempt__", None)
    return extract if attempt is None else types.MethodType(attempt, field)


def _below(steps: list[Step], slots: Iterable[int]) -> set[int]:
    """Return these slots, and the slots of all steps that they use, at any depth."""
    found: set[int] = set()
    left = [*slots]
    while left:
        slot = left.pop()
        if slot not in found:
            found.add(slot)
            left += [used for _, used in steps[slot].uses]
    return found


def _check(place: str, field: Field[Any]) -> None:
    cls = type(field).__qualname__
    function: Callable[..., Any]
    if isinstance(field, Scoped):
        function, first = field.open, "open"
    else:
        function, first = field.extract, "extract"
        if _taken(getattr(function, "__func__", function)).is_generator:
            raise TypeError(f"{place}: {cls}.extract is a generator, whose value nobody would read; return the value")
    taken = _taken(getattr(function, "__func__", function))
    if taken.names is None:
        return
    if missing := taken.needed - field.uses.keys():
        raise TypeError(f"{place}: {cls}.{first} takes {quoted(missing)}; give {cls} fields of these names")
    if not taken.is_open and (more := field.uses.keys() - taken.names):
        raise TypeError(f"{place}: {cls} is given {quoted(more)}, which its {first} does not take")
    annotations = annotations_of(function) if field.uses else {}
    for name, used in field.uses.items():
        tp = used.value_type()
        if name in annotations and not takes(annotations[name], tp):
            raise TypeError(
                f"{place}: {cls}.{first} takes {name!r} as {type_name(annotations[name])}, "
                f"and {type(used).__qualname__} gives {type_name(tp)}"
            )


class _Taken(msgspec.Struct, frozen=True):
    """The properties of a function that reads fields.

    Args:
        waits: Whether it must be awaited.
        is_generator: Whether it yields.
        names: The names of its parameters; None if they are not known.
        needed: The parameters that are passed by name only, and have no default.
        is_open: Whether it takes any names.
    """

    waits: bool
    is_generator: bool
    names: frozenset[str] | None = None
    needed: frozenset[str] = frozenset()
    is_open: bool = False


@functools.lru_cache(maxsize=256)
def _taken(function: Callable[..., Any]) -> _Taken:
    """Inspect a function; the result is kept, since many fields of one class share the function."""
    waits = inspect.iscoroutinefunction(function)
    is_generator = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    try:
        parameters = written_signature(function).parameters
    except (TypeError, ValueError):
        return _Taken(waits, is_generator)
    return _Taken(
        waits,
        is_generator,
        frozenset(parameters),
        frozenset(
            name
            for name, parameter in parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
        ),
        any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()),
    )


class Constant(Field[Any]):
    """A field that always has the same value; it replaces another field."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self._value = value

    def extract(self, request: web.Request) -> Any:
        """Return the value."""
        del request
        return self._value


def key_of_stand_in(field: Field[Any], stand_ins: Mapping[Any, Any]) -> Any:
    """Return the key under which a field is replaced: the field, or its nearest class; None if it is not replaced."""
    keys = [key for key in stand_ins if key is field]
    keys += [cls for cls in type(field).__mro__ for key in stand_ins if key is cls]
    return keys[0] if keys else None


def _stand_in(field: Field[Any], stand_ins: Mapping[Any, Any]) -> Field[Any]:
    key = key_of_stand_in(field, stand_ins)
    if key is None:
        return field
    value = next(value for other, value in stand_ins.items() if other is key)
    return value if isinstance(value, Field) else Constant(value)


def quoted(names: Iterable[str]) -> str:
    """Return names as one text, sorted and quoted."""
    return ", ".join(map(repr, sorted(names)))
