"""The types whose JSON form is neither an array nor an object."""

import datetime
import decimal
import enum
import functools
import ipaddress
import math
import operator
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.compiled_types.compiled_type import (
    JSON_TYPES,
    Build,
    CompiledType,
    ConstructionError,
    MsgspecForm,
    Schema,
)
from ponty.request.validation.explanations.messages import reason
from ponty.request.validation.schemas.formats import FORMATS


def _compiled(schema: Schema, msgspec_form: MsgspecForm, build: Build | None = None) -> CompiledType:
    kind = schema["type"]
    json_types: frozenset[str] = frozenset([kind] if isinstance(kind, str) else kind)  # type: ignore[arg-type]
    return CompiledType(schema, json_types, build, msgspec_form=msgspec_form)


def _text(name: str, **keywords: Json) -> CompiledType:
    read = FORMATS[name]
    return _compiled({"type": "string", "format": name, **keywords}, MsgspecForm(str, read), read)


def _text_of(name: str, make: Callable[[Any], Any], **keywords: Json) -> CompiledType:
    parse = FORMATS[name]

    def read(text: str) -> Any:
        return make(parse(text))

    compiled = _compiled({"type": "string", "format": name, **keywords}, MsgspecForm(str, read), read)
    return replace(compiled, hashable=False)


def _build_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ConstructionError("is too large for a float", "out_of_range") from None


def _build_int(value: float | str) -> int:
    # As a float, 1e23 is 99999999999999991611392; the shortest text for it is what the client wrote.
    return int(decimal.Decimal(repr(value))) if isinstance(value, float) else int(value)


def _build_decimal(value: Any) -> decimal.Decimal:
    if isinstance(value, str):
        return FORMATS["decimal"](value)  # type: ignore[return-value]
    # The shortest text for the float is what the client wrote; the exact value of the float is not.
    return decimal.Decimal(repr(value) if isinstance(value, float) else value)


def scalar(tp: object) -> CompiledType | None:
    """Compile a scalar type; return None if `tp` is not one."""
    if tp is Any or tp is object:
        return CompiledType({}, JSON_TYPES, hashable=False, msgspec_form=MsgspecForm(Any, contains_any=True))
    tp = type(None) if tp is None else tp
    plain = _PLAIN.get(tp)  # type: ignore[call-overload]
    if plain is not None:
        kind, json_types, build, msgspec_form = plain
        return CompiledType({"type": kind}, json_types, build, msgspec_form=msgspec_form)
    make = _SCALARS.get(tp)  # type: ignore[call-overload]
    return make() if make else None


_PLAIN: dict[type, tuple[str, frozenset[str], Build | None, MsgspecForm]] = {
    bool: ("boolean", frozenset({"boolean"}), None, MsgspecForm(bool)),
    int: ("integer", frozenset({"integer"}), _build_int, MsgspecForm(int)),
    float: ("number", frozenset({"number"}), _build_float, MsgspecForm(float)),
    str: ("string", frozenset({"string"}), None, MsgspecForm(str)),
    type(None): ("null", frozenset({"null"}), None, MsgspecForm(None)),
}
"""The parts of the compiled types of most members, ready without a call."""

_SCALARS: dict[type, Any] = {
    bytes: lambda: _text("base64", contentEncoding="base64"),
    datetime.datetime: lambda: _text("date-time"),
    # For dates, msgspec reads exactly the texts that `FORMATS` reads.
    datetime.date: lambda: _compiled({"type": "string", "format": "date"}, MsgspecForm(datetime.date), FORMATS["date"]),
    datetime.time: lambda: _text("time"),
    datetime.timedelta: lambda: _text("duration"),
    bytearray: lambda: _text_of("base64", bytearray, contentEncoding="base64"),
    uuid.UUID: lambda: _text("uuid"),
    ipaddress.IPv4Address: lambda: _text("ipv4"),
    ipaddress.IPv6Address: lambda: _text("ipv6"),
    ipaddress.IPv4Network: lambda: _text("ipv4-network"),
    ipaddress.IPv6Network: lambda: _text("ipv6-network"),
    ipaddress.IPv4Interface: lambda: _text("ipv4-interface"),
    ipaddress.IPv6Interface: lambda: _text("ipv6-interface"),
    decimal.Decimal: lambda: _compiled(
        {"type": ["number", "string"], "format": "decimal"},
        MsgspecForm(int | float | str, _build_decimal),
        _build_decimal,
    ),
}


def flags(place: str, cls: type[enum.Flag]) -> CompiledType:
    """Compile a Flag: the numbers of its members, and of all their combinations.

    Raises:
        TypeError: There are too many combinations, with gaps between them.
    """
    bits = [member.value for member in cls if member.value & (member.value - 1) == 0]
    every = functools.reduce(operator.or_, [int(member.value) for member in cls.__members__.values()], 0)
    if bits == [1 << index for index in range(len(bits))] and every == (1 << len(bits)) - 1:
        schema: Schema = {"type": "integer", "minimum": 0, "maximum": every}
    elif len(bits) <= 10 and sum(bits) == every:
        numbers = [0]
        for bit in bits:
            numbers += [bit | number for number in numbers]
        schema = {"enum": [*sorted(numbers)]}
    else:
        raise TypeError(f"{place}: {cls.__qualname__!r} has more combinations than a schema can list")
    return CompiledType(schema, frozenset({"integer"}), lambda value: cls(int(value)))


def open_enumeration(place: str, cls: type[enum.Enum]) -> CompiledType:
    """Compile an Enum that may accept further values, through its own `_missing_`."""
    closed = enumeration(place, cls)
    build_known: Any = closed.build
    types: Json = [*sorted(closed.json_types)]
    schema: Schema = {"type": types, "examples": closed.schema["enum"]}
    why = reason("enum", closed.schema["enum"])

    def build(value: object) -> object:
        try:
            return build_known(value)
        except ValueError:
            try:
                return cls(value)
            except ValueError:
                raise ConstructionError(*why) from None

    return CompiledType(schema, closed.json_types, build)


def bounded_decimal(build: Build | None, bounds: Mapping[str, Json]) -> Build:
    """Make the builder of a decimal with bounds; in a schema, the bounds apply to numbers, and not to text.

    Args:
        build: Builds the decimal without bounds.
        bounds: The keywords and their limits.
    """
    tests = [(_COMPARISONS[name], decimal.Decimal(repr(limit)), reason(name, limit)) for name, limit in bounds.items()]

    def build_bounded(value: Any) -> Any:
        built = value if build is None else build(value)
        if isinstance(value, str) and isinstance(built, decimal.Decimal):
            for holds, limit, why in tests:
                if not holds(built, limit):
                    raise ConstructionError(*why)
        return built

    return build_bounded


def _is_multiple(value: decimal.Decimal, factor: decimal.Decimal) -> bool:
    from fractions import Fraction  # noqa: PLC0415 - few types need it, and it imports much

    return (Fraction(value) / Fraction(factor)).denominator == 1


_COMPARISONS: dict[str, Callable[[decimal.Decimal, decimal.Decimal], bool]] = {
    "minimum": operator.ge,
    "maximum": operator.le,
    "exclusiveMinimum": operator.gt,
    "exclusiveMaximum": operator.lt,
    "multipleOf": _is_multiple,
}


def enumeration(place: str, members: Iterable[object]) -> CompiledType:
    """Compile an Enum or a Literal by its values; for enum members in a Literal, these are the members' values.

    Raises:
        TypeError: There is no value, or one is not a scalar of JSON.
    """
    values: list[Json] = []
    json_types: set[str] = set()
    booleans: dict[object, object] = {}
    others: dict[object, object] = {}
    for member in members:
        value = member.value if isinstance(member, enum.Enum) else member
        for kind, types in _ENUMERABLE.items():
            if isinstance(value, types) and not (isinstance(value, bool) and kind != "boolean"):
                json_types.add(kind)
                break
        else:
            raise TypeError(f"{place}: {value!r} is not a text, number, boolean or null")
        if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, str) and not _is_text(value)):
            raise TypeError(f"{place}: JSON cannot hold {value!r}")
        plain = _plain(value)
        table = booleans if isinstance(plain, bool) else others
        if plain not in table:
            values.append(plain)
            table[plain] = member
    if not values:
        raise TypeError(f"{place}: there are no values to choose from")

    def build(value: object) -> object:
        # In Python, 1 equals True; in JSON, it does not.
        table = booleans if value is True or value is False else others
        try:
            return table[value]
        except KeyError:
            raise ValueError("none of the values") from None

    form = _FORMS.get("".join(json_types))
    schema: Schema = {"enum": values}
    if isinstance(members, enum.EnumType):
        named: Iterable[Any] = members
        schema["x-enum-varnames"] = [member.name for member in named]  # pyright: ignore[reportAttributeAccessIssue]  # members of an Enum have
    return CompiledType(schema, frozenset(json_types), build, msgspec_form=MsgspecForm(form, build) if form else None)


_FORMS: dict[str, type] = {"string": str, "integer": int, "boolean": bool}


_ENUMERABLE: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (float,),
    "null": (type(None),),
}


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(value: Any) -> Json:
    """Return a value without its subclass, such as the mixed-in type of an enum."""
    for base in (bool, str, int, float):
        if isinstance(value, base):
            return base(value) if not isinstance(value, enum.Enum) else base(value.value)
    return None
