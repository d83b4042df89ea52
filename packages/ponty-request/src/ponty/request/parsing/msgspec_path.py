"""The shorter way of a body: msgspec decodes and checks it in one pass.

Most bodies are good, and most types are plain. For a plain type msgspec is given a form of its own, so strict that
whatever it decodes is valid under the type's schema and stands for the same value. The reverse need not hold: `1.0` is
an integer in JSON Schema, but not for msgspec. What msgspec refuses, and every type without such a form, goes the
longer way: it is decoded to plain JSON, validated and, where it is not valid, explained. So a form that is too strict
costs time and nothing else; one that is too lax would be wrong. `tests/test_differential.py` looks for such.

Three steps lead from bytes to a value:

1. msgspec decodes the form; of an object it makes a Struct, which has room for no further property.
2. `read` checks and reads what msgspec does not: formats, enums, unique items. Up to here a value may turn out not to
   be valid, so no constructor of a program has been called.
3. `make` calls the constructors. What these refuse is refused, as on the longer way.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import astuple, replace

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.class_arguments import InitArguments, arguments_of
from ponty.request.parsing.compiled_type import REFUSALS, Build, CompiledType, Faults, MsgspecForm
from ponty.request.validation.jsonschema_rs_backend import assertion


def make_reader(msgspec_form: MsgspecForm) -> Callable[[bytes], Any] | None:
    """Make what decodes and reads bytes; None if there are types in it that msgspec cannot have side by side.

    It raises ValueError (msgspec's own errors are such) for what must go the longer way.
    """
    try:
        decode: Callable[[bytes], Any] = msgspec.json.Decoder(msgspec_form.form).decode
    except (TypeError, ValueError):
        return None
    if msgspec_form.contains_any:
        decode = of_utf8(decode)
    read = msgspec_form.read
    return decode if read is None else lambda body: read(decode(body))


def of_utf8(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Make what decodes bytes that are UTF-8; in what it passes over, msgspec does not look for that."""

    def decode_utf8(body: bytes) -> Any:
        if not body.isascii():
            body.decode()
        return decode(body)

    return decode_utf8


_SIZES = {
    "minLength": (str, "min_length"),
    "maxLength": (str, "max_length"),
    "minItems": (list, "min_length"),
    "maxItems": (list, "max_length"),
}
_BOUNDS = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
_EXACT = 2**53
"""Below it, each integer is a float of its own, so that it does not matter as which of them a number is compared."""


def annotated(msgspec_form: MsgspecForm | None, keywords: Mapping[str, Json]) -> MsgspecForm | None:
    """Narrow a form by keywords of JSON Schema; None if there is one that msgspec does not have just so."""
    if msgspec_form is None or not keywords:
        return msgspec_form
    if msgspec_form.read is not None and any(
        keyword not in _SIZES or _SIZES[keyword][0] is str for keyword in keywords
    ):
        return None  # they would bound what is read, not what it is read of
    form = getattr(msgspec_form.form, "__origin__", msgspec_form.form)
    meta: dict[str, Any] = {}
    for keyword, value in keywords.items():
        size, name = _SIZES.get(keyword, (None, _BOUNDS.get(keyword, "")))
        of_size = size is form and type(value) is int
        of_bound = size is None and name and form in {int, float} and type(value) in {int, form}
        if of_size or (of_bound and -_EXACT < value < _EXACT):  # type: ignore[operator]
            meta[name] = value
        elif keyword != "pattern" or form is not str:
            return None
    try:
        read = _read_matching(str(keywords["pattern"])) if "pattern" in keywords else msgspec_form.read
        return replace(msgspec_form, form=Annotated[msgspec_form.form, msgspec.Meta(**meta)], read=read)
    except (TypeError, ValueError):
        return None


def _read_matching(pattern: str) -> Build:
    matches = assertion("pattern", pattern)

    def read(text: str) -> str:
        if not matches(text):
            raise ValueError("does not match")
        return text

    return read


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
        # An argument that is left out is given its own default, which may be a dataclass's mark of a factory.
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
    """Return the form of a class that takes its properties, and no others, as arguments.

    Args:
        cls: The class.
        properties: Its properties and what they are compiled to.
        required: Those that are always there.
        names: The arguments that the properties are.
        tag: A property that is no argument, and its one value.
        is_open: Whether there may be further properties, which are passed over.
        construct: What is called in the place of the class.
    """
    is_struct = issubclass(cls, msgspec.Struct)
    # A Struct may have a mark of a factory in the place of a default, which it does not take itself.
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
    """Return whether a default may be taken for what JSON held, though that is read as something else."""
    default, msgspec_form = argument.default, argument.msgspec_form
    if isinstance(default, list | dict | set | bytearray):
        return True  # msgspec would give each its own copy
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
        # A Struct decoded for a tag has one more value than there are arguments.
        named = zip(names, made, strict=False)
        return construct(**{name: each for name, each in named if not (without_unset and each is msgspec.UNSET)})

    return make
