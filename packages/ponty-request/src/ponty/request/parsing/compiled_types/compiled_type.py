"""What a type is compiled to: the JSON Schema of its JSON form, and what builds its values from that form."""

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
        schema: The JSON Schema of the values it admits.
        json_types: The types of JSON values among them.
        build: Makes a value of an admitted JSON value, and may take that one apart; None where it is the value itself.
        hashable: Whether the values have a hash of their own, that of their elements aside.
        elements: What else must be hashable for them to be elements of a set.
        msgspec_form: The shorter way from bytes to values, where there is one.
        inside: What it is made of, where it can be built part by part.
        tp: The type that it was compiled of, where there is one.
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
        item: What an item is compiled to.
        make: Makes of a list what the array is; None where it is a list.
    """

    item: CompiledType
    make: Build | None


class Entries(msgspec.Struct, frozen=True):
    """An object whose names are any texts, and whose values are of one type.

    Args:
        value: What a value is compiled to.
        make: Makes of a dict what the object is; None where it is a dict.
    """

    value: CompiledType
    make: Build | None


class Members(msgspec.Struct, frozen=True):
    """An object of known properties.

    Args:
        properties: The properties and what they are compiled to.
        required: Those that are always there.
        make: Is called with the properties as arguments; None where the object is a dict.
        is_open: Whether there may be further properties, which are dropped.
        names: The arguments that the properties are, by their names in JSON, where one is not its own name.
    """

    properties: Mapping[str, CompiledType]
    required: Sequence[str]
    make: Callable[..., Any] | None
    is_open: bool
    names: Mapping[str, str] | None


class Choice(msgspec.Struct, frozen=True):
    """One of several types, of which one at most is an array, and one an object.

    Args:
        array: The one that is an array.
        object: The one that is an object.
    """

    array: CompiledType | None
    object: CompiledType | None


Inside = Items | Entries | Members | Choice


def is_hashable(compiled: CompiledType) -> bool:
    """Return whether values can be elements of a set; to be asked when all is compiled."""
    seen: list[CompiledType] = [compiled]
    for each in seen:
        if not each.hashable:
            return False
        seen += [element for element in each.elements if element not in seen]
    return True


class MsgspecForm(msgspec.Struct, frozen=True):
    """A form that msgspec decodes and checks, and what is left to do with what it decodes; see `msgspec_path`.

    Args:
        form: A type for msgspec.
        read: Checks and reads; raises ValueError where a value is not valid. None where nothing is left to check.
        make: Builds of what was read, as `build` of a compiled type does; None where nothing is left to build.
        contains_any: Whether the form has JSON of any kind in it, hence of any depth.
    """

    form: Any
    read: Build | None = None
    make: Build | None = None
    contains_any: bool = False


MAX_FAULTS = 51
"""How many faults of one value are looked for: one more than an answer lists."""


class ConstructionError(Exception):
    """An admitted value that does not build: the class's own `__init__` refused it, or it is out of range.

    Args:
        detail: What is wrong, in words that hold nothing of the value.
        code: The kind of fault, for programs.
    """

    def __init__(self, detail: str = NOT_VALID.detail, code: str = NOT_VALID.code) -> None:
        super().__init__(detail)
        self.faults: list[Violation] = [Violation("", detail, code)]
        """What is wrong."""
        self.cause: InvalidField | None = None
        """The refusal of the class's own that came first."""

    def at(self, step: str | int) -> Self:
        """Put all of the faults below `step`, and return this."""
        self.faults = [Violation(within(token(step), pointer), *reason) for pointer, *reason in self.faults]
        return self

    def refusal(self) -> InvalidField:
        """Return the refusal for the client."""
        cause = self.cause
        status, headers = (400, None) if cause is None else (cause.status, cause.headers)
        return refusal(self.faults, status=status, headers=headers)


REFUSALS = (ConstructionError, InvalidField, PontyError, ValueError)
"""What a builder may raise of a value. Of a ValueError, the client is not told the words."""


def construction_error(error: Exception) -> ConstructionError:
    """Return one of `REFUSALS` as a ConstructionError.

    Raises:
        PontyError: It is one, which is an answer of its own.
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
    """Gathers what is wrong with the parts of a value."""

    def __init__(self) -> None:
        self._error: ConstructionError | None = None

    def add(self, step: str | int, error: Exception) -> bool:
        """Add what is wrong with the part at `step`, and return whether that is enough.

        Raises:
            PontyError: The error is one: an answer of its own, whose faults in a body are at `step`.
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
        """Raise what was added.

        Raises:
            ConstructionError: Something was.
        """
        if self._error is not None:
            raise self._error


def _placed(error: PontyError, step: str | int) -> PontyError:
    """Return a copy of an error, which a program may keep and raise again, with its faults in a body at `step`."""
    placed = type(error).__new__(type(error))
    vars(placed).update(vars(error))
    placed.args = error.args
    placed.faults = tuple(
        replace(fault, pointer=within(token(step), fault.pointer)) if fault.location == "body" else fault
        for fault in error.faults
    )
    return placed
