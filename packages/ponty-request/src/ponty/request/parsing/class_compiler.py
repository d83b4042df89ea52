"""Classes are compiled to objects and arrays of their members: dataclasses, Structs, attrs classes, TypedDicts, tuples.

The types of the members are compiled by the walk that met the class.
"""

import collections.abc
import dataclasses
import inspect
import typing
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.annotations.annotation import DESCRIPTIVE, class_keywords
from ponty.request.parsing.annotations.json_names import json_names, without_alias
from ponty.request.parsing.annotations.qualifiers import required_keys
from ponty.request.parsing.annotations.type_hints import resolve_hints
from ponty.request.parsing.classes.kinds import is_attrs_class, is_struct, is_typed_dict, may_hash
from ponty.request.parsing.classes.members import Member, attrs_members, dataclass_members, struct_members
from ponty.request.parsing.compiled_types.arrays import fixed_array
from ponty.request.parsing.compiled_types.compiled_type import Build, CompiledType, Members, Schema
from ponty.request.parsing.compiled_types.objects import build_object, check_signature, object_schema, with_extra_items
from ponty.request.parsing.compiled_types.scalars import enumeration
from ponty.request.parsing.msgspec_path.class_forms import direct_object

Describe = collections.abc.Callable[[Any, Any], CompiledType]
"""Compiles a class, which is passed with its type arguments, and without them."""


class ClassCompiler:
    """Compiles classes.

    Args:
        compile_: Compiles the type of a member; the second argument is its name in messages.
        ignore_unknown: Whether objects may have further properties, whatever their class says; they are dropped.
    """

    def __init__(self, compile_: collections.abc.Callable[[Any, str], CompiledType], *, ignore_unknown: bool) -> None:
        self._compile = compile_
        self._ignore_unknown = ignore_unknown

    def describer(self, cls: type) -> Describe | None:
        """Return the compiler of a class that has members; None for any other class."""
        if is_typed_dict(cls):
            return self.typed_dict
        if issubclass(cls, tuple) and hasattr(cls, "_fields"):
            return self.named_tuple
        if issubclass(cls, msgspec.Struct):
            return self.struct
        if dataclasses.is_dataclass(cls):
            return self.dataclass
        return self.attrs_class if is_attrs_class(cls) else None

    def dataclass(self, tp: Any, cls: Any) -> CompiledType:
        """Compile a dataclass."""
        return self._object(cls, dataclass_members(tp, cls))

    def attrs_class(self, tp: Any, cls: Any) -> CompiledType:
        """Compile a class of attrs."""
        from ponty.request.parsing.classes.attrs_classes import AttrsConstructor  # noqa: PLC0415 - few programs have one

        members = attrs_members(tp, cls)
        construct = AttrsConstructor(cls, {member.name: member.key for member in members})
        return self._object(cls, members, construct=construct)

    def struct(self, tp: Any, cls: Any) -> CompiledType:
        """Compile a `msgspec.Struct`."""
        config = cls.__struct_config__
        members = struct_members(tp, cls)
        tag = None if config.tag is None else (config.tag_field, config.tag)
        if config.array_like:
            return self._struct_array(cls, members, tag)
        compiled = self._object(cls, members, is_open=not config.forbid_unknown_fields, tag=tag)
        from ponty.request.parsing.msgspec_path.own_types import own_form  # noqa: PLC0415 - only for Structs

        is_narrowed = not class_keywords(cls).keys() <= DESCRIPTIVE
        own = None if is_narrowed or self._ignore_unknown else own_form(tp)
        return replace(compiled, msgspec_form=own or compiled.msgspec_form)

    def _struct_array(self, cls: Any, members: list[Member], tag: tuple[str, str | int] | None) -> CompiledType:
        if class_keywords(cls).keys() - DESCRIPTIVE:
            raise TypeError(f"{cls.__qualname__}.JsonSchema: an array_like Struct takes only keywords that describe it")
        for member in members:
            if member.may_be_unset:
                raise TypeError(f"{member.place}: no member of an array can be absent; write None instead of UNSET")
        items = [self._compile(member.hint, member.place) for member in members]
        first = 0 if tag is None else 1
        if tag is not None:
            items.insert(0, enumeration(cls.__qualname__, [tag[1]]))
        required = max((index + 1 for index, member in enumerate(members) if member.required), default=0) + first
        names = [member.name for member in members]
        compiled = fixed_array(items, required, lambda value: cls(**dict(zip(names, value[first:], strict=False))))
        if not cls.__struct_config__.forbid_unknown_fields:
            schema = {name: keyword for name, keyword in compiled.schema.items() if name != "items"}
            return replace(compiled, schema=schema, build=_first_items(compiled.build, len(items)), msgspec_form=None)
        return compiled

    def _object(
        self,
        cls: Any,
        members: list[Member],
        *,
        is_open: bool = False,
        tag: tuple[str, str | int] | None = None,
        construct: collections.abc.Callable[..., Any] | None = None,
    ) -> CompiledType:
        """Compile a class with members.

        Args:
            cls: The class.
            members: Its members.
            is_open: Whether the class itself admits further properties.
            tag: A property that tells the class from others, and its value.
            construct: The function that makes an instance, if it is not the class.
        """
        keywords = class_keywords(cls)
        for name in keywords.keys() - DESCRIPTIVE:
            says = name == "additionalProperties" and issubclass(cls, msgspec.Struct)
            if name.startswith("$") or name in {"type", "properties", "required"} or says:
                raise TypeError(f"{cls.__qualname__}.JsonSchema: Annotation({name}=…) would change what the class says")
        properties = {} if tag is None else {tag[0]: enumeration(cls.__qualname__, [tag[1]])}
        schemas: dict[str, Schema] = {key: compiled.schema for key, compiled in properties.items()}
        required = [*properties]
        for member in members:
            compiled = properties[member.key] = self._compile(member.hint, member.place)
            schemas[member.key] = {**compiled.schema, **member.default}
            if member.required:
                required.append(member.key)
        if not is_struct(cls):
            check_signature(
                cls, [member.name for member in members], [member.name for member in members if member.required]
            )
        if inspect.isabstract(cls):
            missing = ", ".join(sorted(cls.__abstractmethods__))  # pyright: ignore[reportAttributeAccessIssue]  # it is abstract
            raise TypeError(f"{cls.__qualname__} is abstract, so no instance can be made of it: it lacks {missing}")
        ignore_unknown = self._ignore_unknown or keywords.get("additionalProperties", False) is not False
        ignore_unknown = ignore_unknown or is_open or "patternProperties" in keywords
        names = {member.key: member.name for member in members}
        is_renamed = tag is not None or any(key != name for key, name in names.items())
        schema = object_schema(schemas, required, keywords)
        return CompiledType(
            {**schema, "additionalProperties": True} if is_open or self._ignore_unknown else schema,
            frozenset({"object"}),
            build_object(
                properties,
                required,
                construct or cls,
                ignore_unknown=ignore_unknown,
                names=names if is_renamed else None,
            ),
            msgspec_form=direct_object(
                cls,
                properties,
                required,
                names,
                tag=tag,
                is_open=is_open or self._ignore_unknown,
                construct=construct,
            )
            if keywords.keys() <= DESCRIPTIVE
            else None,
            hashable=may_hash(cls),
            elements=[*properties.values()] if _hashes_fields(cls) else (),
            inside=Members(properties, required, construct or cls, ignore_unknown, names if is_renamed else None)
            if keywords.keys() <= DESCRIPTIVE
            else None,
        )

    def typed_dict(self, tp: Any, cls: Any, more: Mapping[str, Json] | None = None) -> CompiledType:
        """Compile a TypedDict.

        Args:
            tp: The class with its type arguments.
            cls: The class.
            more: Keywords from the place where the class is used.
        """
        keywords = {**class_keywords(cls), **(more or {})}
        for name in keywords.keys() - DESCRIPTIVE:
            if name.startswith("$") or name in {"type", "properties", "required"}:
                raise TypeError(f"{cls.__qualname__}: Annotation({name}=…) would change what the class says")
        hints = resolve_hints(tp, inspect.get_annotations(cls))
        names = json_names(cls, {name: without_alias(hint)[1] for name, hint in hints.items()})
        properties = {
            names[name]: self._compile(without_alias(hint)[0], f"{cls.__qualname__}.{name}")
            for name, hint in hints.items()
        }
        required = [names[name] for name in hints if name in required_keys(cls, hints)]
        schemas = {key: compiled.schema for key, compiled in properties.items()}
        is_renamed = any(key != name for name, key in names.items())
        extra = self._extra_items(cls)
        if extra is not None:
            keywords = {"additionalProperties": extra.schema, **keywords}
        elif getattr(cls, "__closed__", None) is False:
            keywords = {"additionalProperties": True, **keywords}
        is_open = keywords.get("additionalProperties", False) is not False or "patternProperties" in keywords
        build = build_object(
            properties,
            required,
            dict if is_renamed else None,
            ignore_unknown=self._ignore_unknown or is_open,
            names={key: name for name, key in names.items()} if is_renamed else None,
        )
        if extra is not None and not self._ignore_unknown:
            build = with_extra_items(build, properties.keys(), extra.build)
        schema = self._open(object_schema(schemas, required, keywords))
        inside = None
        if keywords.keys() <= DESCRIPTIVE | {"additionalProperties"} and extra is None:
            renamed = {key: name for name, key in names.items()} if is_renamed else None
            make = dict if is_renamed else None
            inside = Members(properties, required, make, self._ignore_unknown or is_open, renamed)
        return CompiledType(schema, frozenset({"object"}), build, hashable=False, inside=inside)

    def _extra_items(self, cls: Any) -> CompiledType | None:
        """Compile the type of extra items (PEP 728); return None if there are none."""
        items = getattr(cls, "__extra_items__", None)
        if items is None or items is typing.Never or _is_no_extra_items(items):
            return None
        return self._compile(items, f"{cls.__qualname__}: the extra items")

    def named_tuple(self, tp: Any, cls: Any) -> CompiledType:
        """Compile a NamedTuple."""
        defaults: Mapping[str, object] = cls._field_defaults
        hints = resolve_hints(tp, cls._fields)
        items = [self._compile(hint, f"{cls.__qualname__}.{name}") for name, hint in hints.items()]
        return fixed_array(items, len(items) - len(defaults), lambda value: cls(*value))

    def _open(self, schema: Schema) -> Schema:
        return {**schema, "additionalProperties": True} if self._ignore_unknown else schema


def _is_no_extra_items(items: object) -> bool:
    """Return whether this is `NoExtraItems`, of Python 3.15 or of typing_extensions, which is not imported for it."""
    return repr(items).rpartition(".")[2] == "NoExtraItems" or "NoExtraItems" in type(items).__name__


def _first_items(build: Build | None, count: int) -> Build | None:
    """Make a builder that takes the first items of an array, and drops the others."""
    return build and (lambda value: build(value[:count]))


def _hashes_fields(cls: Any) -> bool:
    """Return whether the hash of a class is made from its fields, as for dataclasses and tuples."""
    parameters = getattr(cls, "__dataclass_params__", None)
    return parameters is None or (parameters.eq and (parameters.frozen or parameters.unsafe_hash))
