"""The JSON Schema of answers: of the values that `render_json(returns)` sends.

It differs from the schema of a body of the same type. All members of a class are sent, even those that have a default
or that no constructor sets; a Decimal is sent as text; an object has no other members than those of its class.
"""

import collections
import collections.abc
import enum
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from ponty.request.parsing.annotations.annotation import Annotation, class_keywords
from ponty.request.parsing.annotations.constraints import keywords_of
from ponty.request.parsing.annotations.type_hints import JSON, alias_value
from ponty.request.parsing.classes.members import SentMember, sent_members
from ponty.request.parsing.compiled_types.compiled_type import JSON_TYPES, CompiledType
from ponty.request.parsing.compiled_types.objects import mapping, object_schema
from ponty.request.parsing.compiled_types.scalars import enumeration, flags, open_enumeration, scalar
from ponty.request.parsing.definitions import Met, Names, definition_name

Schema = dict[str, Any]

_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_SETS = (set, frozenset, collections.abc.Set)
_WRAPPERS: set[object] = {
    getattr(typing, name) for name in ("Required", "NotRequired", "ReadOnly", "Final") if hasattr(typing, name)
}


def answer_schema(tp: Any) -> Schema:
    """Return the schema of the answers of a type, with its definitions.

    Raises:
        TypeError: The type has no form in JSON.
    """
    writer = _Writer()
    schema = writer.write(tp)
    return {**schema, "$defs": writer.definitions} if writer.definitions else schema


class _Writer:
    """One walk over a type, and the definitions that it meets."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._known = Met[str]()
        self._names = Names()

    def write(self, tp: Any) -> Schema:  # noqa: PLR0911 - a table of forms
        """Return the schema of a type."""
        if tp == JSON:
            return {}
        if get_origin(tp) is Annotated:
            return self._annotated(get_args(tp)[0], tp.__metadata__)
        origin, arguments = get_origin(tp), get_args(tp)
        if origin in _WRAPPERS:
            return self.write(arguments[0])
        if isinstance(tp, typing.NewType):
            return self.write(tp.__supertype__)
        if isinstance(tp, typing.TypeVar):
            return self.write(_of_variable(tp))
        if hasattr(origin or tp, "__value__"):
            return self._once(tp, lambda: self.write(alias_value(origin or tp, arguments)))
        if origin is Literal:
            return dict(enumeration("Literal", arguments).schema)
        if origin in {typing.Union, types.UnionType}:
            parts = [self.write(argument) for argument in arguments if argument is not msgspec.UnsetType]
            return {"anyOf": parts} if len(parts) > 1 else parts[0]
        return self._class(tp, origin or tp, arguments)

    def _annotated(self, tp: Any, metadata: Sequence[object]) -> Schema:
        schema = self.write(tp)
        kinds: Any = schema.get("type", [*JSON_TYPES])
        json_types = frozenset([kinds] if isinstance(kinds, str) else kinds)
        try:
            keywords = keywords_of(metadata, json_types, "")
        except TypeError:  # unknown metadata of another library says nothing about an answer
            keywords = keywords_of([item for item in metadata if isinstance(item, Annotation)], json_types, "")
        return {**schema, **keywords}

    def _class(self, tp: Any, cls: Any, arguments: Sequence[Any]) -> Schema:  # noqa: C901, PLR0911 - a table of kinds
        if cls is typing.LiteralString:
            cls = str
        if cls is Any or cls is object or cls is None:
            return dict(_scalar(cls) or {})
        if not isinstance(cls, type):
            raise TypeError(f"{tp!r} has no form in JSON")
        if issubclass(cls, enum.Enum):
            return _enumeration(cls)
        if (members := sent_members(tp, cls)) is not None:
            if hasattr(cls, "_fields") and issubclass(cls, tuple):
                return self._once(tp, lambda: _row([self.write(member.hint) for member in members]))
            return self._once(tp, lambda: self._object(cls, members))
        for base in cls.__mro__:
            if base is not object and (compiled := _scalar(base)):
                return dict(compiled)
        if issubclass(cls, tuple) and arguments and arguments[-1] is not Ellipsis:
            return _row([self.write(argument) for argument in arguments if argument != ()])
        if cls in _MAPPINGS or issubclass(cls, Mapping):
            value = int if issubclass(cls, collections.Counter) else arguments[1] if len(arguments) > 1 else Any
            return self._mapping(arguments[0] if arguments else str, value)
        if issubclass(cls, Iterable):
            items = self.write(arguments[0] if arguments else Any)
            unique = {"uniqueItems": True} if issubclass(cls, _SETS) else {}
            return {"type": "array", "items": items, **unique}
        raise TypeError(f"{cls.__qualname__!r} has no form in JSON")

    def _mapping(self, key: Any, value: Any) -> Schema:
        written = self.write(key)
        kinds = written.get("type", "")
        schema = CompiledType(self.write(value), JSON_TYPES)
        try:
            return dict(mapping("", CompiledType(written, frozenset({kinds})), schema).schema)
        except TypeError:
            return {"type": "object", "additionalProperties": schema.schema}

    def _object(self, cls: Any, members: Sequence[SentMember]) -> Schema:
        properties: dict[str, Schema] = {member.name: self.write(member.hint) for member in members}
        required = [member.name for member in members if member.required]
        config = getattr(cls, "__struct_config__", None)
        if config is not None and config.array_like:
            return _row([*properties.values()])
        if config is not None and config.tag is not None:
            properties = {config.tag_field: {"enum": [config.tag]}, **properties}
            required = [config.tag_field, *required]
        try:
            keywords = dict(class_keywords(cls))
        except TypeError:
            keywords = {}
        return object_schema(properties, required, keywords | {"additionalProperties": False})

    def _once(self, tp: Any, write: "collections.abc.Callable[[], Schema]") -> Schema:
        """Write the schema of a type once, and return a reference to it."""
        name = self._known.get(tp)
        if name is None:
            name = self._names.take(definition_name(tp))
            self._known.add(tp, name)
            self.definitions[name] = {}
            self.definitions[name] = write()
        return {"$ref": f"#/$defs/{name}"}


def _of_variable(variable: typing.TypeVar) -> Any:
    default = getattr(variable, "__default__", None)
    if default is not None and type(default).__name__ != "NoDefaultType":
        return default
    return Any if variable.__bound__ is None else variable.__bound__


def _scalar(cls: Any) -> Schema | None:
    if cls is Decimal:
        return {"type": "string", "format": "decimal"}
    if cls in {bytearray, memoryview}:
        cls = bytes
    compiled = scalar(cls)
    return None if compiled is None else compiled.schema


def _enumeration(cls: type[enum.Enum]) -> Schema:
    if issubclass(cls, enum.Flag):
        return dict(flags("", cls).schema)
    if any("_missing_" in vars(base) for base in cls.__mro__ if base.__module__ != "enum"):
        return dict(open_enumeration("", cls).schema)
    return dict(enumeration("", cls).schema)


def _row(items: Sequence[Schema]) -> Schema:
    prefix = {"prefixItems": [*items]} if items else {}
    return {"type": "array", **prefix, "items": False, "minItems": len(items)}
