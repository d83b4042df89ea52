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
    """Return the JSON Schema (draft 2020-12) of a dataclass, or of what may stand in its place, as a `msgspec.Struct`.

    It says what the class means: the types of its fields, at every depth, and that there are no other properties.
    What it admits builds.

    ::

        @dataclasses.dataclass
        class Mug:
            colour: str
            litres: float = 0.25

        assert dataclass_to_jsonschema(Mug)["properties"] == {
            "colour": {"type": "string"},
            "litres": {"type": "number", "default": 0.25},
        }

    Raises:
        ValueError: `cls` is no such class, or JSON cannot hold a default.
        TypeError: A field is of a type that has no form in JSON.
    """
    if not (isinstance(cls, type) and is_class_of_members(cls)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"{getattr(cls, '__qualname__', cls)!r} is not a dataclass")
    compiler = Compiler(cls)
    _, schema = compiler.whole()
    _validator(cls, compiler.validated(schema))
    return copy.deepcopy(schema)


class Parser:
    """A type made ready: its schema, its validator and what builds its values.

    Args:
        tp: The type.
        ignore_unknown: Whether objects may have further properties, which are dropped, whatever their class says.
        opaque: Further types, and what they are compiled to.

    Raises:
        TypeError: It has no form in JSON.
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
        """What the type is compiled to."""
        self._build: Build | None = compiled.build
        self._form: MsgspecForm | None = compiled.msgspec_form
        self._make: Build | None = self._form.make if self._form else None
        # Of what is dropped, nobody asks how deep it is.
        self._may_be_deep: bool = self._form is not None and self._form.contains_any and not ignore_unknown
        self._own: Any = _NO_TYPE if ignore_unknown or opaque else tp
        if self._form == MsgspecForm(tp, contains_any=self._may_be_deep) and (own := _own_type(tp)) is not None:
            self._may_be_deep = not own.is_bounded
            self._read = self._read_long = _own_reader(own, self._read)
        self.is_read_shortly: bool = not (ignore_unknown or opaque)
        """Whether its values may be read by the shorter way part by part."""
        form = self._form
        self.visits_values: bool = form is None or form.read is not None or form.make is not None
        """Whether Python looks at each value, to check it or to build of it: that takes longer than to decode it."""

    @property
    def has_alternatives(self) -> bool:
        """Whether it holds types that only a validator tells apart."""
        return any(union.unsure() for union in self._unions)

    def _prepare_unions(self) -> None:
        unsure = [compiled for union in self._unions for compiled in union.unsure()]
        validators = self.validator.of_parts([compiled.schema for compiled in unsure])
        for union in self._unions:
            union.prepare(self._validated, dict(zip(map(id, unsure), validators, strict=True)))

    @functools.cached_property
    def _read(self) -> Callable[[bytes], Any] | None:
        """The reader of short bodies; None where all go the longer way. It is made for the first of them."""
        return make_reader(self._form) if self._form else None

    @functools.cached_property
    def _read_long(self) -> Callable[[bytes], Any] | None:
        """The reader of long bodies; None where they are read as short ones. It is made for the first of them."""
        own = None if self._own is _NO_TYPE else _own_type(self._own)
        return None if own is None else _own_reader(own, self._read)

    def read(self, body: bytes) -> Any:
        """Decode a body, validate it and build of it.

        Raises:
            InvalidField: It is not JSON, or not valid, or the class's own `__init__` refuses it.
        """
        value = self.attempt(body)
        if type(value) is Refused:
            raise value.error()
        return value

    def attempt(self, body: bytes, longer: Callable[[bytes, bool], Any] | None = None) -> Any:
        """Do as `read` does, but return a `Refused` for what may come in floods, which is to cost little.

        Args:
            body: The body.
            longer: What is called with a body that must go the longer way, and whether the shorter refused it.

        Raises:
            InvalidField: It is not valid, and that was not to be expected.
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
            # What msgspec passes over may be no UTF-8, which is told first where it stands first.
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
        """Do as `attempt` does with a large body, and let others have their turn between the steps.

        Raises:
            InvalidField: It is not valid.
        """
        await asyncio.sleep(0)  # it has only just been put together
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
        """Validate a value and build of it, taking it apart.

        Raises:
            InvalidField: It is not valid, or the class's own `__init__` refuses it.
        """
        self.validator.check(value)
        return self.build(value)

    def build(self, value: Json) -> Any:
        """Build of a valid value, taking it apart.

        Raises:
            InvalidField: The class's own `__init__` refuses it.
        """
        return value if self._build is None else _built(self._build, value)


_NO_TYPE = object()
"""In place of a type: what is read is not all that it admits, or more."""

_LEFT = object()
"""In place of a value: the body must go the longer way."""


def _leave(_body: bytes, _was_refused: bool) -> object:
    return _LEFT


_SHORT = 512
"""Up to how many bytes a body is better checked and built object by object: its columns would have few values."""

_LONG = 4096
"""From how many bytes on a refused body is better found valid first: 1.0 in place of 1 is valid, and rarely refused."""


def _own_type(tp: Any) -> "OwnType | None":
    from ponty.request.parsing.msgspec_path.own_types import own_type  # noqa: PLC0415 - for Structs and for long bodies

    try:
        return own_type(tp)
    except TypeError:  # a name of an annotation has gone since the type was compiled
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
