"""What a type is compiled to: the JSON Schema of its JSON form, and the function that builds its values from it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from ponty.core import PontyError
from ponty.request.content.json_decoder import Json
from ponty.request.errors import InvalidField, Violation, refusal
from ponty.request.validation.explanations.messages import NOT_VALID
from ponty.request.validation.explanations.pointer import token, within

Schema = dict[str, Json]
Build = Callable[[Any], Any]

JSON_TYPES: frozenset[str] = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})
"""The types of JSON values; an integer is a number, too."""


class CompiledType(msgspec.Struct, eq=False):
    """The compiled form of a type.

    Args:
        schema: The JSON Schema of the values that it admits.
        json_types: The JSON types of these values.
        build: Makes a value from an admitted JSON value, which it may change; None if the value is the JSON value
            itself.
        hashable: Whether the values have a hash, leaving their elements aside.
        elements: The types that must be hashable, too, if the values are in a set.
        msgspec_form: The shorter way from bytes to values, if there is one.
        inside: Its parts, if it can be built part by part.
        tp: The type from which it was compiled, if there is one.
    """

    schema: Schema
    json_types: frozenset[str]
    build: Build | None = None
    hashable: bool = True
    elements: Sequence["CompiledType"] = ()
    msgspec_form: "MsgspecForm | None" = None
    inside: "Inside | None" = None
    tp: Any = None


class Items(msgspec.Struct, frozen=True):
    """An array of items of one type.

    Args:
        item: The compiled type of an item.
        make: Makes the value from a list; None if the value is a list.
    """

    item: CompiledType
    make: Build | None


class Entries(msgspec.Struct, frozen=True):
    """An object with any names, and values of one type.

    Args:
        value: The compiled type of a value.
        make: Makes the value from a dict; None if the value is a dict.
    """

    value: CompiledType
    make: Build | None


class Members(msgspec.Struct, frozen=True):
    """An object with known properties.

    Args:
        properties: The properties, each with its compiled type.
        required: The properties that are always there.
        make: The function that is called with the properties as arguments; None if the object is a dict.
        is_open: Whether there may be further properties, which are dropped.
        names: The argument names of the properties, by their names in JSON; None if all are the same.
    """

    properties: Mapping[str, CompiledType]
    required: Sequence[str]
    make: Callable[..., Any] | None
    is_open: bool
    names: Mapping[str, str] | None


class Choice(msgspec.Struct, frozen=True):
    """One of several types, of which at most one is an array, and at most one an object.

    Args:
        array: The type that is an array.
        object: The type that is an object.
    """

    array: CompiledType | None
    object: CompiledType | None


Inside = Items | Entries | Members | Choice


def is_hashable(compiled: CompiledType) -> bool:
    """Return whether values can be elements of a set; to be called when everything is compiled."""
    seen: list[CompiledType] = [compiled]
    for each in seen:
        if not each.hashable:
            return False
        seen += [element for element in each.elements if element not in seen]
    return True


class MsgspecForm(msgspec.Struct, frozen=True):
    """A form that msgspec decodes and checks, and the steps that are left afterwards; see `msgspec_path`.

    Args:
        form: A type for msgspec.
        read: Checks and converts a value; raises ValueError if it is not valid. None if nothing is left to check.
        make: Builds the value after that, as `build` of a compiled type does; None if nothing is left to build.
        contains_any: Whether the form has JSON of any kind in it, and so of any depth.
    """

    form: Any
    read: Build | None = None
    make: Build | None = None
    contains_any: bool = False


MAX_FAULTS = 51
"""How many faults of one value are collected: one more than an answer lists."""


class ConstructionError(Exception):
    """An admitted value cannot be built: the class's own `__init__` has refused it, or it is out of range.

    Args:
        detail: What is wrong. It does not repeat the value.
        code: The kind of fault, for programs.
    """

    def __init__(self, detail: str = NOT_VALID.detail, code: str = NOT_VALID.code) -> None:
        super().__init__(detail)
        self.faults: list[Violation] = [Violation("", detail, code)]
        """The faults."""
        self.cause: InvalidField | None = None
        """The first `InvalidField` that the class itself has raised."""

    def at(self, step: str | int) -> Self:
        """Put all faults below `step`, and return this error."""
        self.faults = [Violation(within(token(step), pointer), *reason) for pointer, *reason in self.faults]
        return self

    def refusal(self) -> InvalidField:
        """Return the refusal for the client."""
        cause = self.cause
        status, headers = (400, None) if cause is None else (cause.status, cause.headers)
        return refusal(self.faults, status=status, headers=headers)


REFUSALS = (ConstructionError, InvalidField, PontyError, ValueError)
"""The errors with which a builder may refuse a value. Clients do not see the text of a ValueError."""


def construction_error(error: Exception) -> ConstructionError:
    """Return one of `REFUSALS` as a ConstructionError.

    Raises:
        PontyError: The error is one, which has its own answer.
    """
    if isinstance(error, PontyError):
        raise error
    if isinstance(error, ConstructionError):
        return error
    made = ConstructionError()
    if isinstance(error, InvalidField):
        made.faults, made.cause = [*error.violations], error
    return made


class Faults:
    """Collects the faults of the parts of a value."""

    def __init__(self) -> None:
        self._error: ConstructionError | None = None

    def add(self, step: str | int, error: Exception) -> bool:
        """Add the fault of the part at `step`, and return whether there are enough.

        Raises:
            PontyError: The error is one, which has its own answer; its faults in a body are put below `step`.
        """
        if isinstance(error, PontyError):
            raise _placed(error, step) from None
        made = construction_error(error).at(step)
        if self._error is None:
            self._error = made
        else:
            self._error.faults += made.faults
            self._error.cause = self._error.cause or made.cause
        return len(self._error.faults) >= MAX_FAULTS

    def raise_any(self) -> None:
        """Raise the faults that were added, if there are any.

        Raises:
            ConstructionError: There are some.
        """
        if self._error is not None:
            raise self._error


def _placed(error: PontyError, step: str | int) -> PontyError:
    """Return a copy of an error with its faults in a body below `step`; the program may raise the error again."""
    placed = type(error).__new__(type(error))
    vars(placed).update(vars(error))
    placed.args = error.args
    placed.faults = tuple(
        replace(fault, pointer=within(token(step), fault.pointer)) if fault.location == "body" else fault
        for fault in error.faults
    )
    return placed
