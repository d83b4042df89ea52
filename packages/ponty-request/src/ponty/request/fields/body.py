"""The fields of a request's body."""

import asyncio
import functools
import pathlib
import types
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from aiohttp import web

from ponty.core import encode_as, encode_json
from ponty.request.content.charsets import check_json, read_text
from ponty.request.content.json_decoder import Json, decode_json
from ponty.request.content.whole_body import read_whole, whole_at_hand
from ponty.request.errors import InvalidField, Refused
from ponty.request.fields.base import Description, Field
from ponty.request.large.sizes import SIZES
from ponty.request.large.turns import Steps, in_turns
from ponty.request.outgoing import Outgoing
from ponty.request.parsing.parser import Parser
from ponty.request.validation.schema_files import Documents, copy_schema, make_validator, read_schema
from ponty.request.validation.validator import Validator

if TYPE_CHECKING:
    from ponty.request.large.parser import LargeParser
    from ponty.request.large.reduction import LargeValidator

_T_co = TypeVar("_T_co", covariant=True)

_JSON = ("application/json",)

LARGE: int = 64 * 1024
"""From how many bytes on a body is read in steps, between which other requests have their turn."""


class TextBody(Field[str]):
    """The body as text, in the charset of its Content-Type, or UTF-8.

    A charset that is not one of the well-known is a 415, bytes that are not of the charset are a 400.
    """

    async def extract(self, request: web.Request) -> str:
        """Read and decode the body.

        Raises:
            InvalidField: Its charset or its content encoding is unknown, or it is not text of that charset.
        """
        return await read_text(request)

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the body, in UTF-8.

        Raises:
            InvalidField: It is no text, or one that UTF-8 cannot hold.
        """
        if not isinstance(value, str):
            raise InvalidField("must be a str")
        try:
            into.set_body(value.encode(), "text/plain; charset=utf-8")
        except UnicodeEncodeError:
            raise InvalidField("must be a text that UTF-8 can hold, without lone surrogates") from None

    def describe(self) -> Description:
        """Describe the body."""
        return Description("body", self.name, schema={"type": "string"}, media_types=("text/plain",))


class JsonBody(Field[Json]):
    """The body as a JSON value of any form.

    Its media type is `application/json` or ends in `+json`, unless `expect(mimetype=…)` asks for another; any other or
    none is a 415, since a page anywhere can have a browser send those. JSON is UTF-8 (RFC 8259 §8.1); another charset
    is a 415. Of a name given twice in one object, the last value counts.
    """

    async def extract(self, request: web.Request) -> Json:
        """Read and decode the body.

        Raises:
            InvalidField: Its media type, charset or content encoding is another, or it is not JSON.
        """
        check_json(request)
        body = await read_whole(request)
        if len(body) <= LARGE:
            return decode_json(body)
        if len(body) > SIZES.sliced:
            from ponty.request.large.parser import decoded_json  # noqa: PLC0415 - few bodies are so large

            return await in_turns(decoded_json(body), request)
        await asyncio.sleep(0)
        value = decode_json(body)
        await asyncio.sleep(0)
        return value

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the body.

        Raises:
            InvalidField: It is no value of JSON.
        """
        into.set_body(_encoded(encode_json, value), _JSON[0])

    def describe(self) -> Description:
        """Describe the body."""
        return Description("body", self.name, media_types=_JSON)


class ValidatedJsonBody(Field[Json]):
    """The body as a JSON value that is valid under a JSON Schema, draft 2020-12 unless its `$schema` says otherwise.

    Its media type is that of JSON; see `JsonBody`.

    ::

        class Reading(Request):
            reading = ValidatedJsonBody(schema={"type": "object", "required": ["celsius"]})

    Args:
        filepath: A file with the schema; other files of its folder and of those within may be referred to.
        schema: The schema itself; exactly one of both is given.
        documents: Other schemas that may be referred to, by their URIs. Nothing is ever fetched.

    Raises:
        ValueError: None or both are given, or it is no valid schema, or refers to what is not at hand.
    """

    @overload
    def __init__(
        self, *, filepath: str | pathlib.Path, schema: None = None, documents: Documents | None = None
    ) -> None: ...
    @overload
    def __init__(
        self, *, filepath: None = None, schema: Mapping[str, Any] | bool, documents: Documents | None = None
    ) -> None: ...
    def __init__(
        self,
        *,
        filepath: str | pathlib.Path | None = None,
        schema: Mapping[str, Any] | bool | None = None,
        documents: Documents | None = None,
    ) -> None:
        if (filepath is None) is (schema is None):
            raise ValueError("ValidatedJsonBody: give filepath or schema, and not both")
        self._schema: Any = copy_schema(schema) if filepath is None else read_schema(filepath)
        self._validator: Validator = make_validator(self._schema, filepath, documents)
        self._check: Callable[[Json], None] = self._validator.check
        self._large: LargeValidator | None = None

    async def extract(self, request: web.Request) -> Json:
        """Read, decode and validate the body.

        Raises:
            InvalidField: Its media type, charset or content encoding is another, it is not JSON, or not valid.
        """
        check_json(request)
        body = await read_whole(request)
        if len(body) > SIZES.sliced:
            from ponty.request.large.parser import validated_json  # noqa: PLC0415 - likewise
            from ponty.request.large.reduction import LargeValidator  # noqa: PLC0415 - likewise

            self._large = self._large or LargeValidator(self._validator)
            return await in_turns(validated_json(body, self._large), request)
        is_large = len(body) > LARGE
        if is_large:
            await asyncio.sleep(0)
        value = decode_json(body)
        if is_large:
            await asyncio.sleep(0)
        self._check(value)
        if is_large:
            await asyncio.sleep(0)
        return value

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the body.

        Raises:
            InvalidField: It is no value of JSON, or not valid.
        """
        body = _encoded(encode_json, value)
        self._check(decode_json(body))
        into.set_body(body, _JSON[0])

    def describe(self) -> Description:
        """Describe the body by its schema."""
        schema = self._schema if isinstance(self._schema, dict) else {}
        return Description("body", self.name, schema=schema, media_types=_JSON)


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
        documents: Documents | None = None,
    ) -> None:
        self._type = cls
        self._parser: Parser = Parser(cls, ignore_unknown=filepath is not None)
        self._schema: Any = self._parser.schema
        self.__ponty_attempt__: Callable[[bytes], Any] = self._parser.attempt
        self.__ponty_attempt_in_turns__: Callable[[bytes], Awaitable[Any]] = self._parser.attempt_in_turns
        self._given: Validator | None = None
        self._large: LargeParser | None = None
        if filepath is not None:
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
        body = _encoded(functools.partial(encode_as, self._type), value)
        self.read(body)
        into.set_body(body, _JSON[0])

    def describe(self) -> Description:
        """Describe the body by its schema."""
        schema = self._schema if isinstance(self._schema, dict) else {}
        return Description("body", self.name, schema=schema, media_types=_JSON)


async def _attempt(field: ParsedJsonBody[Any], request: web.Request) -> Any:
    """Do as the field's `extract` does, but return a `Refused` for what is not valid."""
    check_json(request)
    body = whole_at_hand(request)
    if body is None:
        body = await read_whole(request)
    if len(body) <= LARGE:
        return field.__ponty_attempt__(body)
    if len(body) <= SIZES.sliced:
        return await field.__ponty_attempt_in_turns__(body)
    return await in_turns(field.__ponty_attempt_in_slices__(body), request)


vars(ParsedJsonBody.extract).update(__ponty_attempt__=_attempt)


def _encoded(encode: Callable[[Any], bytes], value: Any) -> bytes:
    """Encode a value as JSON.

    Raises:
        InvalidField: It is none of JSON.
    """
    try:
        return encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise InvalidField("must be a value of its type that JSON can hold") from None


def _reader(validator: Validator, parser: Parser) -> Callable[[bytes], Any]:
    """Make what reads a body that must be valid under a schema other than that of its type."""

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
