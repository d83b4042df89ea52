"""`dataclass_to_jsonschema`, and `Parser`, which reads a value of a type from a body."""

import asyncio
import copy
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ponty.request.content.json_decoder import MAX_DEPTH, Json, decode_json, not_json
from ponty.request.errors import Refused
from ponty.request.parsing.classes.members import is_class_of_members
from ponty.request.parsing.compiled_types.compiled_type import (
    REFUSALS,
    Build,
    CompiledType,
    MsgspecForm,
    Schema,
    construction_error,
)
from ponty.request.parsing.compiled_types.unions import UnionBuild
from ponty.request.parsing.compiler import Compiler
from ponty.request.parsing.msgspec_path.decoder import make_reader
from ponty.request.validation.validator import Validator

if TYPE_CHECKING:
    from ponty.request.parsing.msgspec_path.own_types import OwnType


def dataclass_to_jsonschema(cls: type) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a dataclass, a `msgspec.Struct`, an attrs class or a pydantic model.

    The schema says what the class means: the types of its fields, at every depth, and that there are no other
    properties. From a value that it admits, an instance can be built.

    ::

        @dataclasses.dataclass
        class Mug:
            colour: str
            litres: float = 0.25

        assert dataclass_to_jsonschema(Mug)["properties"] == {
            "colour": {"type": "string"},
            "litres": {"type": "number", "default": 0.25},
        }

    Args:
        cls: The class.

    Raises:
        ValueError: `cls` is no such class, or JSON cannot hold a default.
        TypeError: A field has a type that has no form in JSON.
    """
    if not (isinstance(cls, type) and is_class_of_members(cls)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"{getattr(cls, '__qualname__', cls)!r} is not a dataclass")
    compiler = Compiler(cls)
    _, schema = compiler.whole()
    _validator(cls, compiler.validated(schema))
    return copy.deepcopy(schema)


class Parser:
    """A type that is ready to be read: its schema, its validator, and the function that builds its values.

    Args:
        tp: The type.
        ignore_unknown: Whether objects may have further properties, whatever their class says; they are dropped.
        opaque: Further types, each with its compiled type.

    Raises:
        TypeError: The type has no form in JSON.
        ValueError: JSON cannot hold a default, or an Annotation is not valid.
    """

    def __init__(
        self, tp: Any, *, ignore_unknown: bool = False, opaque: Mapping[type, CompiledType] | None = None
    ) -> None:
        compiler = Compiler(tp, ignore_unknown=ignore_unknown, opaque=opaque)
        compiled, schema = compiler.whole()
        self.schema: Schema = schema
        validated = compiler.validated(schema)
        self.validator: Validator = _validator(tp, validated)
        self._unions: list[UnionBuild] = compiler.unions
        for union in compiler.unions:
            union.prepare_all = self._prepare_unions
        self._validated: Schema = validated
        self.compiled: CompiledType = compiled
        """The compiled type."""
        self._build: Build | None = compiled.build
        self._form: MsgspecForm | None = compiled.msgspec_form
        self._make: Build | None = self._form.make if self._form else None
        # It does not matter how deep ignored values are.
        self._may_be_deep: bool = self._form is not None and self._form.contains_any and not ignore_unknown
        self._own: Any = _NO_TYPE if ignore_unknown or opaque else tp
        if self._form == MsgspecForm(tp, contains_any=self._may_be_deep) and (own := _own_type(tp)) is not None:
            self._may_be_deep = not own.is_bounded
            self._read = self._read_long = _own_reader(own, self._read)
        self.is_read_shortly: bool = not (ignore_unknown or opaque)
        """Whether its values may be read part by part, on the shorter way."""
        form = self._form
        self.visits_values: bool = form is None or form.read is not None or form.make is not None
        """Whether Python visits each value, to check it or to build from it; that takes longer than to decode it."""

    @property
    def has_alternatives(self) -> bool:
        """Whether it has types that only a validator tells apart."""
        return any(union.unsure() for union in self._unions)

    def _prepare_unions(self) -> None:
        unsure = [compiled for union in self._unions for compiled in union.unsure()]
        validators = self.validator.of_parts([compiled.schema for compiled in unsure])
        for union in self._unions:
            union.prepare(self._validated, dict(zip(map(id, unsure), validators, strict=True)))

    @functools.cached_property
    def _read(self) -> Callable[[bytes], Any] | None:
        """The reader of short bodies; None if all of them go the longer way. It is made when it is first needed."""
        return make_reader(self._form) if self._form else None

    @functools.cached_property
    def _read_long(self) -> Callable[[bytes], Any] | None:
        """The reader of long bodies; None if they are read like short ones. It is made when it is first needed."""
        own = None if self._own is _NO_TYPE else _own_type(self._own)
        return None if own is None else _own_reader(own, self._read)

    def read(self, body: bytes) -> Any:
        """Decode and validate a body, and build its value.

        Raises:
            InvalidField: The body is not JSON, or not valid, or the class's own `__init__` refuses it.
        """
        value = self.attempt(body)
        if type(value) is Refused:
            raise value.error()
        return value

    def attempt(self, body: bytes, longer: Callable[[bytes, bool], Any] | None = None) -> Any:
        """Do the same as `read`, but return a `Refused` for faults that may come in floods, which must cost little.

        Args:
            body: The body.
            longer: Called with a body that must go the longer way, and with whether the shorter way has refused it.

        Raises:
            InvalidField: The body is not valid, for a reason that is not expected in floods.
        """
        read, make = self._read, self._make
        if len(body) > _SHORT and self._read_long is not None:
            read, make = self._read_long, None
        if read is None or (self._may_be_deep and body.count(b"[") + body.count(b"{") > MAX_DEPTH):
            return (longer or self._longer)(body, False)
        try:
            value = read(body)
        except msgspec.ValidationError:
            pass
        except msgspec.DecodeError:
            if body.isascii():
                return not_json(body)
            # A value that msgspec ignores may not be UTF-8; if that fault comes first, it is reported first.
        except (ValueError, RecursionError):
            pass
        else:
            return value if make is None else _built(make, value)
        return (longer or self._longer)(body, True)

    def _longer(self, body: bytes, was_refused: bool) -> Any:
        value = decode_json(body)
        if not was_refused or len(body) > _LONG:
            return self.parse(value)
        refused = self.validator.refused(value)
        return self.build(value) if refused is None else refused

    async def attempt_in_turns(self, body: bytes) -> Any:
        """Do the same as `attempt` for a large body, and let other requests have their turn between the steps.

        Raises:
            InvalidField: The body is not valid.
        """
        await asyncio.sleep(0)  # it took time already to put the body together
        value = self.attempt(body, _leave)
        await asyncio.sleep(0)
        if value is not _LEFT:
            return value
        value = decode_json(body)
        await asyncio.sleep(0)
        is_valid = self.validator.is_valid(value)
        await asyncio.sleep(0)
        return self.build(value) if is_valid else self.validator.refused(value)

    def parse(self, value: Json) -> Any:
        """Validate a value, and build from it; the value may be changed.

        Raises:
            InvalidField: The value is not valid, or the class's own `__init__` refuses it.
        """
        self.validator.check(value)
        return self.build(value)

    def build(self, value: Json) -> Any:
        """Build from a valid value, which may be changed.

        Raises:
            InvalidField: The class's own `__init__` refuses it.
        """
        return value if self._build is None else _built(self._build, value)


_NO_TYPE = object()
"""Stands for a type that msgspec must not read by itself, since other values are admitted than it says."""

_LEFT = object()
"""Stands for a value: the body must go the longer way."""


def _leave(_body: bytes, _was_refused: bool) -> object:
    return _LEFT


_SHORT = 512
"""Up to this many bytes, a body is better checked and built object by object: its columns would have few values."""

_LONG = 4096
"""From this many bytes on, a refused body is validated before it is explained: with 1.0 instead of 1, it is valid."""


def _own_type(tp: Any) -> "OwnType | None":
    from ponty.request.parsing.msgspec_path.own_types import own_type  # noqa: PLC0415 - for Structs and for long bodies

    try:
        return own_type(tp)
    except TypeError:  # a name in an annotation no longer exists
        return None


def _own_reader(own: "OwnType", strict: Callable[[bytes], Any] | None) -> Callable[[bytes], Any]:
    from ponty.request.parsing.msgspec_path.own_reader import make_own_reader  # noqa: PLC0415 - likewise

    return make_own_reader(own, strict)


def _validator(tp: Any, schema: Schema) -> Validator:
    try:
        return Validator(schema, given=False)
    except ValueError as error:
        raise ValueError(f"{getattr(tp, '__qualname__', tp)}: {error}") from None


def _built(build: Build, value: Any) -> Any:
    try:
        return build(value)
    except REFUSALS as error:
        raise construction_error(error).refusal() from None
