"""The forms of classes: msgspec makes a Struct from an object, with a field for each argument of the class."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import astuple

from ponty.request.parsing.compiled_types.class_arguments import InitArguments, arguments_of
from ponty.request.parsing.compiled_types.compiled_type import REFUSALS, Build, CompiledType, Faults, MsgspecForm


class _Argument(msgspec.Struct, frozen=True):
    """An argument of a class, and the field of a Struct that is decoded for it."""

    index: int
    name: str
    key: str
    msgspec_form: MsgspecForm
    default: Any
    required: bool

    @property
    def place(self) -> str:
        return f"f{self.index}"

    @property
    def field(self) -> tuple[str, Any] | tuple[str, Any, Any]:
        form = self.msgspec_form.form
        # An argument that is left out gets its own default, which may be a dataclass's marker for a factory.
        return (self.place, form) if self.required else (self.place, form, self.default)


def direct_object(
    cls: Any,
    properties: Mapping[str, CompiledType],
    required: list[str],
    names: Mapping[str, str],
    *,
    tag: tuple[str, str | int] | None = None,
    is_open: bool = False,
    construct: Callable[..., Any] | None = None,
) -> MsgspecForm | None:
    """Return the form of a class that takes its properties, and no others, as arguments; None if it has none.

    Args:
        cls: The class.
        properties: Its properties, each with its compiled type.
        required: The properties that are always there.
        names: The argument names of the properties.
        tag: A property that is no argument, and its only value.
        is_open: Whether there may be further properties, which are ignored.
        construct: The function that is called instead of the class.
    """
    is_struct = issubclass(cls, msgspec.Struct)
    # A Struct may have a marker for a factory instead of a default, and does not take that as an argument.
    unset = dict.fromkeys(cls.__struct_fields__, msgspec.UNSET) if is_struct else {}
    taken = InitArguments(unset, by_position=False) if is_struct else arguments_of(cls)
    defaults = taken.defaults
    keys = {name: key for key, name in names.items()}
    arguments = [
        _Argument(index, name, keys[name], msgspec_form, default, keys[name] in required)
        for index, (name, default) in enumerate(defaults.items())
        if name in keys and (msgspec_form := properties[keys[name]].msgspec_form) is not None
    ]
    if not len(arguments) == len(defaults) == len(names) or any(map(_is_ambiguous, arguments)):
        return None
    renamed = {argument.place: argument.key for argument in arguments}
    fields: list[Any] = [argument.field for argument in arguments]
    if tag is not None:
        renamed["tag"] = tag[0]
        fields.append(("tag", Literal[tag[1]]))
    try:
        form = msgspec.defstruct(
            cls.__name__, fields, forbid_unknown_fields=not is_open, gc=False, kw_only=True, rename=renamed
        )
    except (TypeError, ValueError):
        return None
    make = _make_object(construct or cls, arguments, by_position=taken.by_position, without_unset=is_struct)
    contains_any = is_open or any(argument.msgspec_form.contains_any for argument in arguments)
    return MsgspecForm(form, _read_object(arguments), make, contains_any)


def _is_ambiguous(argument: _Argument) -> bool:
    """Return whether a default may be mistaken for a value from JSON that is yet to be converted."""
    default, msgspec_form = argument.default, argument.msgspec_form
    if isinstance(default, list | dict | set | bytearray):
        return True  # msgspec would copy it for each value
    if type(default) not in {str, int, float, bool} or msgspec_form.read is msgspec_form.make is None:
        return False
    try:
        return msgspec_form.make is not None or msgspec_form.read is None or msgspec_form.read(default) != default
    except (TypeError, ValueError):
        return True


def _read_object(arguments: list[_Argument]) -> Build | None:
    reads = [(a.place, read_one, a.default) for a in arguments if (read_one := a.msgspec_form.read)]
    if not reads:
        return None

    def read(value: Any) -> Any:
        for place, read_one, default in reads:
            element = getattr(value, place)
            if element is not default:
                setattr(value, place, read_one(element))
        return value

    return read


def _make_object(
    construct: Callable[..., Any], arguments: list[_Argument], *, by_position: bool, without_unset: bool
) -> Build:
    makes = [(a.index, a.key, make_one, a.default) for a in arguments if (make_one := a.msgspec_form.make)]
    names = [argument.name for argument in arguments]
    if by_position and not makes:
        return lambda value: construct(*astuple(value))

    def make(value: Any) -> Any:
        made = [*astuple(value)]
        faults: Faults | None = None
        for index, key, make_one, default in makes:
            if made[index] is not default:
                try:
                    made[index] = make_one(made[index])
                except REFUSALS as error:
                    faults = faults or Faults()
                    faults.add(key, error)
        if faults is not None:
            faults.raise_any()
        if by_position:
            return construct(*made)
        # A Struct that was decoded with a tag has one more value than there are arguments.
        named = zip(names, made, strict=False)
        return construct(**{name: each for name, each in named if not (without_unset and each is msgspec.UNSET)})

    return make
