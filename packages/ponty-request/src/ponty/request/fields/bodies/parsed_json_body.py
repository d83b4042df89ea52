"""The field of a body that is an instance of a type."""

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

    Its media type is that of JSON; see `JsonBody`. It is validated against the schema of the type (see
    `dataclass_to_jsonschema`), and built through the class's own
    `__init__` and `__post_init__`; a ValueError there is a 400.

    ::

        @dataclasses.dataclass
        class Order:
            item: str
            due: datetime.date

        class NewOrder(Request):
            order = ParsedJsonBody(Order)

    Args:
        cls: The dataclass, or a type such as `list[Person]`. For type checkers, the type of a union is said beside it:
            `ParsedJsonBody[Cat | Dog](Cat | Dog)`.
        filepath: A file with a JSON Schema that the body must be valid under, in the place of the type's own. The
            properties that it lets in and the type has not are dropped. Other files of its folder may be referred to.
        documents: Other schemas that the file may refer to, by their URIs.

    Raises:
        TypeError: The type has no form in JSON; the message names class and field.
        ValueError: JSON cannot hold a default, or the file holds no valid schema.
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
            raise ValueError("ParsedJsonBody: documents are what the schema in filepath refers to, so give filepath")

    async def extract(self, request: web.Request) -> _T_co:
        """Read, decode, validate and build.

        Raises:
            InvalidField: Its media type, charset or content encoding is another, it is not JSON, not valid, or does not
                build.
        """
        value = await _attempt(self, request)
        if type(value) is Refused:
            raise value.error()
        return value  # type: ignore[no-any-return]

    def read(self, body: bytes) -> _T_co:
        """Decode, validate and build of bytes.

        Raises:
            InvalidField: They are not JSON, not valid, or do not build.
        """
        value = self.__ponty_attempt__(body)
        if type(value) is Refused:
            raise value.error()
        return value  # type: ignore[no-any-return]

    def __ponty_attempt_in_slices__(self, body: bytes) -> Steps[Any]:
        """Do as `__ponty_attempt__` does with a body that is larger still, piece by piece."""
        if self._large is None:
            from ponty.request.large.parser import LargeParser  # noqa: PLC0415 - few bodies are so large

            self._large = LargeParser(self._parser, self._given)
        return self._large.attempt(body)

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the body: what the type has of the value.

        Raises:
            InvalidField: It is of another type, or not valid.
        """
        body = encoded(functools.partial(encode_as, self._type), value)
        self.read(body)
        into.set_body(body, MEDIA_TYPE)

    def describe(self) -> Description:
        """Describe the body by its schema."""
        schema = self._schema if isinstance(self._schema, dict) else {}
        return Description("body", self.name, schema=schema, media_types=(MEDIA_TYPE,))


async def _attempt(field: ParsedJsonBody[Any], request: web.Request) -> Any:
    """Do as the field's `extract` does, but return a `Refused` for what is not valid."""
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
    """Make the reader of a body that must be valid under a schema other than that of its type."""

    def read(body: bytes) -> Any:
        value = decode_json(body)
        validator.check(value)
        return parser.parse(value)

    return read


def _reader_in_turns(validator: Validator, parser: Parser) -> Callable[[bytes], Awaitable[Any]]:
    """Make the same for large bodies, which lets others have their turn between the steps."""

    async def read(body: bytes) -> Any:
        await asyncio.sleep(0)
        value = decode_json(body)
        await asyncio.sleep(0)
        validator.check(value)
        await asyncio.sleep(0)
        return parser.parse(value)

    return read
