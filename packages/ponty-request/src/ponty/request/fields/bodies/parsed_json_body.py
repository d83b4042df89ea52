"""`ParsedJsonBody`: the body as an instance of a type."""

import asyncio
import functools
import pathlib
import types
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aiohttp import web

from ponty.core import encode_as
from ponty.request.content.charsets import check_json
from ponty.request.content.json_decoder import decode_json
from ponty.request.content.whole_body import read_whole, whole_at_hand
from ponty.request.errors import InvalidField, Refused
from ponty.request.fields.base import Description, Field
from ponty.request.fields.bodies.json_encoding import MEDIA_TYPE, encoded
from ponty.request.fields.outgoing import Outgoing
from ponty.request.large.sizes import FEW, LARGE, MANY, SIZES
from ponty.request.large.turns import Steps, in_turns
from ponty.request.parsing.parser import Parser
from ponty.request.validation.validator import Validator

if TYPE_CHECKING:
    from ponty.request.large.parser import LargeParser

_T_co = TypeVar("_T_co", covariant=True)


class ParsedJsonBody(Field[_T_co], Generic[_T_co]):
    """The body as an instance of a dataclass, or of any other type that has a form in JSON.

    For media types and charset, see `JsonBody`. The body is validated against the schema of the type (see
    `dataclass_to_jsonschema`). The instance is built by the class's own `__init__` and `__post_init__`; a ValueError
    there is a 400.

    ::

        @dataclasses.dataclass
        class Order:
            item: str
            due: datetime.date

        class NewOrder(Request):
            order = ParsedJsonBody(Order)

    Args:
        cls: The dataclass, or another type such as `list[Person]`. For a union, type checkers need the type a second
            time: `ParsedJsonBody[Cat | Dog](Cat | Dog)`.
        filepath: A file with a JSON Schema that the body must be valid under, instead of the type's own schema.
            Properties that it admits, but that the type does not have, are dropped. It may refer to other files in its
            folder.
        documents: Other schemas that the file may refer to, by their URIs.

    Raises:
        TypeError: The type has no form in JSON; the message names class and field.
        ValueError: JSON cannot hold a default, the file holds no valid schema, or `documents` is given without
            `filepath`.
    """

    def __init__(
        self,
        cls: type[_T_co] | types.UnionType,
        *,
        filepath: str | pathlib.Path | None = None,
        documents: Mapping[str, Mapping[str, Any] | bool] | None = None,
    ) -> None:
        self._type = cls
        self._parser: Parser = Parser(cls, ignore_unknown=filepath is not None)
        self._schema: Any = self._parser.schema
        self.__ponty_attempt__: Callable[[bytes], Any] = self._parser.attempt
        self.__ponty_attempt_in_turns__: Callable[[bytes], Awaitable[Any]] = self._parser.attempt_in_turns
        self.__ponty_visits_values__: bool = filepath is not None or self._parser.visits_values
        self._given: Validator | None = None
        self._large: LargeParser | None = None
        if filepath is not None:
            from ponty.request.validation.schema_files import (  # noqa: PLC0415 - most types have no file
                make_validator,
                read_schema,
            )

            self._schema = read_schema(filepath)
            self._given = validator = make_validator(self._schema, filepath, documents)
            self.__ponty_attempt__ = _reader(validator, self._parser)
            self.__ponty_attempt_in_turns__ = _reader_in_turns(validator, self._parser)
        elif documents is not None:
            raise ValueError("ParsedJsonBody: documents are for the schema in filepath, so give filepath too")

    async def extract(self, request: web.Request) -> _T_co:
        """Read, decode and validate the body, and build the value.

        Raises:
            InvalidField: The media type, charset or content encoding is not accepted, the body is not JSON or not
                valid, or the value cannot be built.
        """
        value = await _attempt(self, request)
        if type(value) is Refused:
            raise value.error()
        return value  # type: ignore[no-any-return]

    def read(self, body: bytes) -> _T_co:
        """Decode and validate bytes, and build the value.

        Raises:
            InvalidField: The bytes are not JSON or not valid, or the value cannot be built.
        """
        value = self.__ponty_attempt__(body)
        if type(value) is Refused:
            raise value.error()
        return value  # type: ignore[no-any-return]

    def __ponty_attempt_in_slices__(self, body: bytes) -> Steps[Any]:
        """Do the same as `__ponty_attempt__`, piece by piece, for a very large body."""
        if self._large is None:
            from ponty.request.large.parser import LargeParser  # noqa: PLC0415 - few bodies are so large

            self._large = LargeParser(self._parser, self._given)
        return self._large.attempt(body)

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the body: the members of the value that the type has.

        Raises:
            InvalidField: The value is of another type, or not valid.
        """
        body = encoded(functools.partial(encode_as, self._type), value)
        self.read(body)
        into.set_body(body, MEDIA_TYPE)

    def describe(self) -> Description:
        """Describe the body by its schema."""
        schema = self._schema if isinstance(self._schema, dict) else {}
        return Description("body", self.name, schema=schema, media_types=(MEDIA_TYPE,))


async def _attempt(field: ParsedJsonBody[Any], request: web.Request) -> Any:
    """Do the same as the field's `extract`, but return a `Refused` if the body is not valid."""
    check_json(request)
    body = whole_at_hand(request)
    if body is None:
        body = await read_whole(request)
    size = len(body)
    if size <= FEW:
        return field.__ponty_attempt__(body)
    if size <= SIZES.sliced and body.count(b"{") <= MANY:
        from ponty.request.large.weight import is_much  # noqa: PLC0415 - few bodies are so large

        if not is_much(body, visits_values=field.__ponty_visits_values__):
            if size <= LARGE:
                return field.__ponty_attempt__(body)
            return await field.__ponty_attempt_in_turns__(body)
    value = await in_turns(field.__ponty_attempt_in_slices__(body), request)
    if isinstance(value, InvalidField):
        raise value
    return value


vars(ParsedJsonBody.extract).update(__ponty_attempt__=_attempt)


def _reader(validator: Validator, parser: Parser) -> Callable[[bytes], Any]:
    """Make the reader for bodies that must be valid under another schema than that of the type."""

    def read(body: bytes) -> Any:
        value = decode_json(body)
        validator.check(value)
        return parser.parse(value)

    return read


def _reader_in_turns(validator: Validator, parser: Parser) -> Callable[[bytes], Awaitable[Any]]:
    """Make the same reader for large bodies, which lets other requests have their turn between the steps."""

    async def read(body: bytes) -> Any:
        await asyncio.sleep(0)
        value = decode_json(body)
        await asyncio.sleep(0)
        validator.check(value)
        await asyncio.sleep(0)
        return parser.parse(value)

    return read
