"""The types whose JSON form is an object."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.compiled_types.class_arguments import init_arguments
from ponty.request.parsing.compiled_types.compiled_type import (
    REFUSALS,
    Build,
    CompiledType,
    ConstructionError,
    Entries,
    Faults,
    MsgspecForm,
    Schema,
)
from ponty.request.parsing.compiled_types.hash_flooding import refuse_collisions

_OBJECT = frozenset({"object"})
_INTEGER = frozenset({"integer"})
_STRING = frozenset({"string"})
_INTEGER_NAME: Schema = {"pattern": "^(0|-?[1-9][0-9]{0,17})$"}


def mapping(
    place: str, key: CompiledType, value: CompiledType, make: Callable[[dict[Any, Any]], Any] | None = None
) -> CompiledType:
    """Compile a dict, or a mapping that `make` makes from one.

    Raises:
        TypeError: The keys have no form as text.
    """
    schema: Schema = {"type": "object"}
    if key.json_types == _INTEGER and key.schema == {"type": "integer"}:
        schema["propertyNames"] = dict(_INTEGER_NAME)
    elif key.json_types == _STRING:
        if names := {name: keyword for name, keyword in key.schema.items() if name != "type"}:
            schema["propertyNames"] = names
    else:
        raise TypeError(f"{place}: the keys of a dict must be texts, integers, or of a type that JSON writes as texts")
    schema["additionalProperties"] = value.schema
    msgspec_form = value.msgspec_form if key.schema == {"type": "string"} else None
    build = _build_pairs(key.build, value.build, make)
    return CompiledType(
        schema,
        _OBJECT,
        build,
        hashable=False,
        msgspec_form=msgspec_form and _direct_pairs(msgspec_form, make),
        inside=Entries(value, make) if key.schema == {"type": "string"} and key.build is None else None,
    )


def _build_pairs(build_key: Build | None, build_value: Build | None, make: Build | None) -> Build | None:
    if build_key is None and build_value is None:
        return make

    def build(pairs: dict[str, Any]) -> dict[Any, Any]:
        keys: Iterable[Any] = pairs
        if build_key is not None:
            keys = [*map(build_key, pairs)]
            refuse_collisions(keys)
        out: dict[Any, Any] = {}
        faults = Faults()
        for key, (name, element) in zip(keys, pairs.items(), strict=True):
            try:
                out[key] = element if build_value is None else build_value(element)
            except REFUSALS as error:
                if faults.add(name, error):
                    break
        faults.raise_any()
        if len(out) < len(pairs):
            raise ConstructionError("has several names for one key", "repeated")
        return out if make is None else make(out)

    return build


def _direct_pairs(value: MsgspecForm, make: Build | None) -> MsgspecForm:
    read_value = value.read

    def read(pairs: dict[str, Any]) -> dict[str, Any]:
        return {name: read_value(element) for name, element in pairs.items()} if read_value else pairs

    form = dict[str, value.form]  # type: ignore[name-defined]
    return MsgspecForm(form, read_value and read, _build_pairs(None, value.make, make), value.contains_any)


def object_schema(properties: Mapping[str, Schema], required: list[str], keywords: Mapping[str, Json]) -> Schema:
    """Return the schema of an object with known properties; only `keywords` can admit others."""
    schema: Schema = {"type": "object", "properties": {**properties}}
    if required:
        schema["required"] = [*required]
    return {**schema, "additionalProperties": False, **keywords}


def build_object(
    properties: Mapping[str, CompiledType],
    required: list[str],
    make: Callable[..., Any] | None,
    *,
    ignore_unknown: bool,
    names: Mapping[str, str] | None = None,
) -> Build:
    """Make the builder of an object: it builds the properties in their places, and passes them to `make`.

    Args:
        properties: The properties, each with its compiled type.
        required: The properties that are always there.
        make: The function that is called with the properties as arguments; None leaves a dict.
        ignore_unknown: Whether there may be further properties, which are dropped.
        names: The argument names of the properties, by their names in JSON; None if all are the same. A property that
            is not among them, such as a tag, is no argument.
    """
    builds = [
        (name, compiled.build, name not in required)
        for name, compiled in properties.items()
        if compiled.build is not None
    ]

    def build(value: dict[str, Any]) -> Any:
        if ignore_unknown:
            value = {name: value[name] for name in properties if name in value}
        faults: Faults | None = None
        for name, build_property, may_lack in builds:
            if may_lack and name not in value:
                continue
            try:
                value[name] = build_property(value[name])
            except REFUSALS as error:
                faults = faults or Faults()
                faults.add(name, error)
        if faults is not None:
            faults.raise_any()
        if names is not None:
            value = {names[key]: element for key, element in value.items() if key in names}
        return value if make is None else make(**value)

    return build


def with_extra_items(build_known: Build, known: Collection[str], build_item: Build | None) -> Build:
    """Make the builder of an object with known properties, and with others that are kept.

    Args:
        build_known: Builds the known properties, and drops the others.
        known: The names of the known properties.
        build_item: Builds the value of another property.
    """

    def build(value: dict[str, Any]) -> Any:
        extra = {name: element for name, element in value.items() if name not in known}
        faults = Faults()
        for name, element in extra.items():
            if build_item is not None:
                try:
                    extra[name] = build_item(element)
                except REFUSALS as error:
                    if faults.add(name, error):
                        break
        faults.raise_any()
        return {**build_known(value), **extra}

    return build


def check_signature(cls: type, names: list[str], required: list[str]) -> None:
    """Check that a class can be called with its fields as arguments, both with all and with only the required ones.

    Raises:
        TypeError: Its own `__init__` does not take them.
    """
    known = init_arguments(cls)
    if known is not None and known.may_be(names) and known.required.issubset(required):
        return
    signature = inspect.signature(cls)
    for arguments in (names, required):
        try:
            signature.bind(**dict.fromkeys(arguments))
        except TypeError as error:
            raise TypeError(f"{cls.__qualname__}.__init__ does not take the fields of its class: {error}") from None
