"""`dataclass_to_jsonschema`, and types made ready for the values of requests."""

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

from ponty.request.compiling import Compiler, root_schema
from ponty.request.decoding import Json
from ponty.request.field import InvalidField
from ponty.request.messages import NOT_VALID
from ponty.request.node import REFUSALS, Build, Schema, Unbuildable
from ponty.request.pointer import pointer
from ponty.request.unions import IsValid
from ponty.request.validation import Validator


def dataclass_to_jsonschema(cls: type) -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a dataclass.

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
        ValueError: `cls` is not a dataclass, or JSON cannot hold a default.
        TypeError: A field is of a type that has no form in JSON.
    """
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
        raise ValueError(f"{getattr(cls, '__qualname__', cls)!r} is not a dataclass")
    compiler = Compiler(cls)
    schema: dict[str, Any] = root_schema(compiler.compile(cls, cls.__qualname__), compiler.definitions)
    Validator(schema)
    return copy.deepcopy(schema)


class Parser:
    """A type made ready: its schema, its validator and what builds its values.

    Args:
        tp: The type.
        drops: Whether objects may have further properties, which are dropped, whatever their class says.

    Raises:
        TypeError: It has no form in JSON.
        ValueError: JSON cannot hold a default, or an Annotation is not valid.
    """

    def __init__(self, tp: Any, *, drops: bool = False) -> None:
        compiler = Compiler(tp, drops=drops)
        node = compiler.compile(tp, getattr(tp, "__qualname__", str(tp)))
        self.schema: Schema = root_schema(node, compiler.definitions)
        self.validator: Validator = Validator(self.schema)
        make = _branch_validators(self.schema)
        for union in compiler.unions:
            union.prepare(make)
        self._check: Callable[[Json], None] = self.validator.check
        self._build: Build | None = node.build

    def parse(self, value: Json) -> Any:
        """Validate a value and build of it, taking it apart.

        Raises:
            InvalidField: It is not valid, or the class's own `__init__` refuses it.
        """
        self._check(value)
        try:
            return value if self._build is None else self._build(value)
        except Unbuildable as refusal:
            raise InvalidField(NOT_VALID, pointer=pointer(reversed(refusal.path))) from None
        except REFUSALS:
            raise InvalidField(NOT_VALID) from None


def _branch_validators(root: Schema) -> Callable[[Schema], IsValid]:
    """Make what makes validators of parts of `root`, in which the references of `root` hold."""

    def make(schema: Schema) -> IsValid:
        definitions: dict[str, Json] = root.get("$defs", {})  # type: ignore[assignment]
        whole: Schema = {**root, "$id": "urn:ponty:root", "$defs": {**definitions, "-": schema}}
        return Validator({"$ref": "urn:ponty:root#/$defs/-", "$defs": {"root": whole}}).is_valid

    return make
