"""Types are compiled, at import, to a JSON Schema and to functions that build values from the JSON that it admits.

Both come from one walk over a type, so that they agree: JSON that the schema admits can be built, and the meaning of a
type is written in one place. If the walk meets a class again inside itself, it makes a reference: the schema is a
`$ref`, and the builder is looked up when it is called.
"""

import collections
import copy
import enum
import types
import typing
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.annotations.annotation import DESCRIPTIVE
from ponty.request.parsing.annotations.constraints import keywords_of
from ponty.request.parsing.annotations.json_names import Alias
from ponty.request.parsing.annotations.qualifiers import is_wrapper
from ponty.request.parsing.annotations.type_hints import JSON, alias_value
from ponty.request.parsing.class_compiler import ClassCompiler, Describe
from ponty.request.parsing.classes.kinds import (
    is_array,
    is_pydantic_model,
    is_pydantic_type,
    is_struct,
    is_typed_dict,
    may_hash,
)
from ponty.request.parsing.compiled_types.arrays import array, fixed_array, open_tuple, unique_array
from ponty.request.parsing.compiled_types.collection_types import ARRAYS, MAPPINGS, SETS, default_dict
from ponty.request.parsing.compiled_types.compiled_type import JSON_TYPES, Build, CompiledType, Schema, is_hashable
from ponty.request.parsing.compiled_types.objects import mapping
from ponty.request.parsing.compiled_types.scalars import bounded_decimal, enumeration, flags, open_enumeration, scalar
from ponty.request.parsing.compiled_types.unions import UnionBuild, union
from ponty.request.parsing.definitions import Met, Names, as_name, definition_name
from ponty.request.parsing.msgspec_path.keywords import annotated
from ponty.request.validation.schemas.dialects import DIALECT
from ponty.request.validation.schemas.documents import Documents

_NUMERIC: set[str] = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}

_SIZES: set[str] = {"minItems", "maxItems"}

_MAX_WITHIN_ITSELF = 20
"""How often a class may be within itself, each time with other type arguments."""


class Compiler:
    """One walk over a type, and the definitions that it meets.

    Args:
        ignore_unknown: Whether objects may have further properties, whatever their class says; they are dropped.
        opaque: Further types, each with its compiled type.
    """

    def __init__(
        self, root: Any, *, ignore_unknown: bool = False, opaque: Mapping[type, CompiledType] | None = None
    ) -> None:
        self._root: Any = root
        self._classes = ClassCompiler(self._compile, ignore_unknown=ignore_unknown)
        self._opaque: Mapping[type, CompiledType] = opaque or {}
        self._references = Met[CompiledType]()
        self._names = Names()
        self._within: list[Any] = []
        self._aliases = Met[CompiledType]()
        self._refers_to_alias = False
        self._sets: list[tuple[str, CompiledType]] = []
        self._definitions: dict[str, Schema] = {}
        self._read_elsewhere: dict[str, Schema] = {}
        self.unions: list[UnionBuild] = []

    def whole(self) -> tuple[CompiledType, Schema]:
        """Compile the root, and return it with its whole schema.

        Raises:
            TypeError: JSON Schema cannot express the type, or JSON cannot hold its values.
            ValueError: JSON cannot hold a default.
        """
        compiled = self._compile(self._root, getattr(self._root, "__qualname__", str(self._root)))
        for place, item in self._sets:
            if not is_hashable(item):
                raise TypeError(f"{place}: the elements of a set must be hashable")
        definitions: dict[str, Json] = {"$defs": {**self._definitions}} if self._definitions else {}
        schema: Schema = {"$schema": DIALECT, **compiled.schema, **definitions}
        if self._refers_to_alias:
            _refuse_circle(self._root, schema)
        return compiled, schema

    def validated(self, schema: Schema) -> Schema:
        """Return the part of the whole schema that validates, without the types that pydantic reads and validates."""
        if not self._read_elsewhere:
            return schema
        if "" in self._read_elsewhere:
            return {"$schema": DIALECT, **self._read_elsewhere[""]}
        return {**schema, "$defs": {**self._definitions, **self._read_elsewhere}}

    def _compile(self, tp: Any, place: str) -> CompiledType:
        compiled = self._compiled(tp, place)
        if compiled.tp is None:
            compiled.tp = tp
        return compiled

    def _compiled(self, tp: Any, place: str) -> CompiledType:  # noqa: PLR0911 - one for each form of type
        compiled = self._known(tp, place)
        if compiled is not None:
            return compiled
        origin = typing.get_origin(tp)
        arguments = typing.get_args(tp)
        if origin is typing.Annotated:
            return self._annotated(arguments[0], tp.__metadata__, place)
        if is_wrapper(origin):
            return self._compile(arguments[0], place)
        if origin is typing.Union or origin is types.UnionType:
            return self._union(arguments, place)
        if origin is typing.Literal:
            return enumeration(place, arguments)
        if isinstance(tp, typing.NewType):
            return self._compile(tp.__supertype__, place)
        if isinstance(tp, typing.TypeVar):
            return self._type_variable(tp, place)
        if getattr(tp, "__unpacked__", False) or origin is typing.Unpack or isinstance(tp, typing.TypeVarTuple):
            raise TypeError(f"{place}: an unpacked tuple or TypeVarTuple has no form in JSON")
        if hasattr(origin or tp, "__value__"):
            return self._alias(tp, origin or tp, arguments, place)
        return self._class(tp, origin or tp, arguments, place)

    def _known(self, tp: Any, place: str) -> CompiledType | None:
        if type(tp) is type and tp not in self._opaque and tp is not msgspec.UnsetType:
            return scalar(tp)  # the usual case; the others take more steps
        if type(tp) is type(JSON) and tp == JSON:
            return scalar(Any)
        if tp is typing.LiteralString:
            return scalar(str)  # JSON does not say where a text comes from
        if tp is msgspec.UnsetType:
            raise TypeError(f"{place}: UnsetType can be used only for a field that may be absent, beside its type")
        if tp is typing.Self and self._within:
            return self._compile(self._within[-1], "")
        if isinstance(tp, type) and tp in self._opaque:
            return self._opaque[tp]
        return scalar(tp) if isinstance(tp, type | None) or tp is Any else None

    def _class(  # noqa: PLR0911 - one for each kind of class
        self, tp: Any, cls: Any, arguments: tuple[Any, ...], place: str
    ) -> CompiledType:
        if cls in ARRAYS:
            return array(self._argument(arguments, 0, place), ARRAYS[cls])
        if cls in SETS:
            item = self._argument(arguments, 0, place)
            self._sets.append((place, item))
            return unique_array(item, SETS[cls])
        if cls is tuple:
            return self._tuple(tp, arguments, place)
        if cls in MAPPINGS:
            return self._mapping(cls, arguments, place)
        if is_pydantic_model(cls):
            return self._of_pydantic(tp, cls.__name__, place)
        if isinstance(cls, type):
            if issubclass(cls, enum.Enum):
                return self._enum(cls, place)
            describe = self._classes.describer(cls)
            if describe is not None:
                return self._reference(tp, cls, describe)
        if is_pydantic_type(cls):
            return self._of_pydantic(tp, cls.__name__, place)
        from ponty.request.parsing.formless import no_form  # noqa: PLC0415 - for an error only

        raise TypeError(f"{place}: {no_form(tp, cls)}")

    def _mapping(self, cls: Any, arguments: tuple[Any, ...], place: str) -> CompiledType:
        key = self._compile(arguments[0] if arguments else str, place)
        if cls is collections.Counter:
            return mapping(place, key, self._compile(int, place), collections.Counter)
        make = MAPPINGS[cls]
        if cls is collections.defaultdict:
            make = default_dict(place, arguments[1] if arguments else None)
        return mapping(place, key, self._argument(arguments, 1, place), make)

    def _of_pydantic(self, tp: Any, stem: str, place: str) -> CompiledType:
        """Compile a type that pydantic reads; its schema is a reference, so that `validated` can replace it."""
        from ponty.request.parsing.classes.pydantic_types import (  # noqa: PLC0415 - few programs have one
            compile_pydantic,
            renamed_references,
        )

        if (known := self._references.get(tp)) is not None:
            return known
        found = compile_pydantic(tp, place)
        is_root = bool(tp == self._root)
        name = "" if is_root or found.itself else self._names.take(as_name([stem]))
        names = {inner: self._names.take(as_name([inner])) for inner in found.definitions}
        if not is_root and found.itself:
            name = names[found.itself]
        for inner, schema in found.definitions.items():
            self._definitions[names[inner]] = renamed_references(schema, names)
            self._read_elsewhere[names[inner]] = {}
        schema = renamed_references(found.schema, names)
        is_of_all = found.json_types == JSON_TYPES
        self._read_elsewhere[name] = {} if is_of_all else {"type": next(iter(found.json_types))}
        hashable = isinstance(tp, type) and may_hash(tp)
        if is_root:
            return CompiledType(schema, found.json_types, found.build, hashable=hashable)
        self._definitions[name] = schema
        compiled = CompiledType({"$ref": f"#/$defs/{name}"}, found.json_types, found.build, hashable=hashable)
        self._references.add(tp, compiled)
        return compiled

    def _enum(self, cls: Any, place: str) -> CompiledType:
        if issubclass(cls, enum.Flag):
            return flags(place, cls)
        if any("_missing_" in vars(base) for base in cls.__mro__ if base.__module__ != "enum"):
            return open_enumeration(place, cls)
        return enumeration(place, cls)

    def _argument(self, arguments: tuple[Any, ...], index: int, place: str) -> CompiledType:
        return self._compile(arguments[index] if arguments else Any, place)

    def _annotated(self, tp: Any, metadata: tuple[object, ...], place: str) -> CompiledType:
        if _is_of_models(tp) and any(type(item).__module__.startswith("pydantic.") for item in metadata):
            # For example, a union with a discriminator.
            return self._of_pydantic(typing.Annotated[(tp, *metadata)], "Union", place)
        cls = typing.get_origin(tp) or tp
        if isinstance(cls, type) and is_typed_dict(cls):
            keywords = keywords_of(metadata, frozenset({"object"}), place)
            if not keywords.keys() <= DESCRIPTIVE:
                return self._typed_dict_here(tp, cls, metadata, keywords)
        compiled = self._compile(tp, place)
        if any(isinstance(item, Alias) for item in metadata):
            raise TypeError(f"{place}: an Alias can be used only for a field of a class")
        keywords = keywords_of(
            metadata, compiled.json_types, place, has_offset=compiled.schema.get("format") == "date-time"
        )
        own = dict(compiled.schema)
        if (bounds := {name: keywords[name] for name in _NUMERIC & keywords.keys()}) and _has_decimal(own):
            compiled = replace(compiled, build=bounded_decimal(compiled.build, bounds), msgspec_form=None)
        for name in keywords.keys() - DESCRIPTIVE:
            opens = name == "additionalProperties" and "$ref" in own
            if name in own or name.startswith("$") or opens:
                raise TypeError(f"{place}: Annotation({name}=…) would change what the type says itself")
        if not keywords:
            return compiled
        narrowing = {name: value for name, value in keywords.items() if name not in DESCRIPTIVE}
        return replace(
            compiled,
            schema={**own, **keywords},
            msgspec_form=annotated(compiled.msgspec_form, narrowing),
            inside=compiled.inside if narrowing.keys() <= _SIZES else None,
            tp=None,
        )

    def _typed_dict_here(
        self, tp: Any, cls: Any, metadata: tuple[object, ...], keywords: Mapping[str, Json]
    ) -> CompiledType:
        """Compile a TypedDict with keywords from its place; it has another definition than without them."""
        here = typing.Annotated[(tp, *metadata)]
        return self._reference(here, cls, lambda _, cls: self._classes.typed_dict(tp, cls, keywords))

    def _union(self, arguments: tuple[Any, ...], place: str) -> CompiledType:
        if models := [member for member in arguments if is_pydantic_model(typing.get_origin(member) or member)]:
            others = [member for member in arguments if member not in {*models, None, type(None)}]
            if not others and len(models) > 1:
                union_of_models: Any = typing.Union[arguments]  # noqa: UP007 - made of a tuple
                stem = "_".join(model.__name__ for model in models)
                return self._of_pydantic(union_of_models, stem, place)
            if any("object" in self._compile(member, place).json_types for member in others):
                raise TypeError(
                    f"{place}: pydantic reads its models itself, so no other member of their union can be an object; "
                    "make them all models"
                )
        compiled = union([self._compile(argument, place) for argument in arguments])
        if compiled.msgspec_form is None and any(map(is_struct, arguments)):
            from ponty.request.parsing.msgspec_path.own_types import own_form  # noqa: PLC0415 - only for Structs

            compiled = replace(compiled, msgspec_form=own_form(typing.Union[arguments]))  # noqa: UP007 - made of a tuple
        self.unions.append(typing.cast("UnionBuild", compiled.build))
        return compiled

    def _type_variable(self, variable: typing.TypeVar, place: str) -> CompiledType:
        default = getattr(variable, "__default__", None)  # since Python 3.13, or of typing_extensions
        if default is not None and type(default).__name__ != "NoDefaultType":
            return self._compile(default, place)
        if variable.__constraints__:
            return self._union(variable.__constraints__, place)
        return self._compile(Any if variable.__bound__ is None else variable.__bound__, place)

    def _alias(self, tp: Any, alias: Any, arguments: tuple[Any, ...], place: str) -> CompiledType:
        """Compile the type that an alias stands for; if the alias is met again inside itself, refer to it."""
        if (known := self._aliases.get(tp)) is not None:
            if not known.schema:
                name = self._names.take(definition_name(tp))
                known.schema = {"$ref": f"#/$defs/{name}"}
                self._definitions[name] = {}
            return known
        if len(self._aliases) >= _MAX_WITHIN_ITSELF:
            raise TypeError(
                f"{place}: the type alias {alias.__name__!r} contains itself with other arguments each time"
            )
        reference = CompiledType({}, JSON_TYPES, lambda value: compiled.build(value) if compiled.build else value)
        self._aliases.add(tp, reference)
        compiled = self._compile(alias_value(alias, arguments), place)
        self._aliases.pop()
        if not reference.schema:
            return compiled
        name = str(reference.schema["$ref"]).rpartition("/")[2]
        self._definitions[name] = compiled.schema
        self._refers_to_alias = True
        reference.json_types, reference.elements, reference.inside = compiled.json_types, [compiled], compiled.inside
        return reference

    def _tuple(self, tp: Any, arguments: tuple[Any, ...], place: str) -> CompiledType:
        if tp is tuple or (len(arguments) == 2 and arguments[1] is Ellipsis):
            return open_tuple(self._argument(arguments, 0, place))
        items = [self._compile(argument, place) for argument in arguments]
        return fixed_array(items, len(items), tuple)

    def _reference(self, tp: Any, cls: type, describe: Describe) -> CompiledType:
        """Compile a class once, and refer to it wherever it is used."""
        if (known := self._references.get(tp)) is not None:
            return known
        is_root = bool(tp == self._root)
        if sum((typing.get_origin(outer) or outer) is cls for outer in self._within) >= _MAX_WITHIN_ITSELF:
            raise TypeError(f"{cls.__qualname__}: the class contains itself with other type arguments each time")
        name = "" if is_root else self._names.take(definition_name(tp))
        json_types = frozenset({"array" if is_array(cls) else "object"})
        reference = CompiledType({"$ref": f"#/$defs/{name}" if name else "#"}, json_types, hashable=may_hash(cls))
        self._references.add(tp, reference)

        build: Build

        def build_later(value: Any) -> Any:  # for places that meet the class inside itself
            return build(value)

        reference.build = build_later
        if name:
            self._definitions[name] = {}  # keeps the order in which classes are met
        self._within.append(tp)
        compiled = describe(tp, cls)
        self._within.pop()
        build = typing.cast("Build", compiled.build)
        reference.build = build
        reference.elements = [compiled]
        reference.msgspec_form = compiled.msgspec_form
        reference.inside = compiled.inside
        if is_root:
            return compiled
        self._definitions[name] = compiled.schema
        return reference


def _refuse_circle(root: Any, schema: Schema) -> None:
    """Refuse an alias that refers to itself directly, as `type A = A | int` does."""
    try:
        Documents(copy.deepcopy(schema))
    except ValueError:
        raise TypeError(f"{root}: a type alias refers to itself, with nothing in between") from None


def _is_of_models(tp: Any) -> bool:
    """Return whether a type is a model of pydantic, or a union of such models."""
    is_union = typing.get_origin(tp) in {typing.Union, types.UnionType}
    members = typing.get_args(tp) if is_union else (tp,)
    return all(is_pydantic_model(typing.get_origin(member) or member) for member in members)


def _has_decimal(schema: Schema) -> bool:
    branches: Any = schema.get("anyOf", ())
    return schema.get("format") == "decimal" or any(map(_has_decimal, branches))
