"""`JsonBody` reads a body of any JSON, `ValidatedJsonBody` one that is valid under a JSON Schema."""

import asyncio
import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

from aiohttp import web

from ponty.core import encode_json
from ponty.request.content.charsets import check_json
from ponty.request.content.json_decoder import Json, decode_json
from ponty.request.content.whole_body import read_whole
from ponty.request.fields.base import Description, Field
from ponty.request.fields.bodies.json_encoding import MEDIA_TYPE, encoded
from ponty.request.fields.outgoing import Outgoing
from ponty.request.large.sizes import FEW, LARGE
from ponty.request.large.turns import in_turns
from ponty.request.validation.schema_files import Documents, copy_schema, make_validator, read_schema
from ponty.request.validation.validator import Validator

if TYPE_CHECKING:
    from ponty.request.large.reduction import LargeValidator


class JsonBody(Field[Json]):
    """The body as a JSON value of any form.

    The media type must be `application/json` or end in `+json`, unless `expect(mimetype=…)` names another. Any other,
    or none, is a 415, since any page on the web can make a browser send those. JSON is UTF-8 (RFC 8259 §8.1); another
    charset is a 415. If an object has the same name twice, the last value counts.
    """

    async def extract(self, request: web.Request) -> Json:
        """Read and decode the body.

        Raises:
            InvalidField: The media type, charset or content encoding is not accepted, or the body is not JSON.
        """
        check_json(request)
        body = await read_whole(request)
        if len(body) > FEW and _is_sliced(body, visits_values=False):
            from ponty.request.large.parser import decoded_json  # noqa: PLC0415 - few bodies are so large

            return await in_turns(decoded_json(body), request)
        if len(body) <= LARGE:
            return decode_json(body)
        await asyncio.sleep(0)
        value = decode_json(body)
        await asyncio.sleep(0)
        return value

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the body.

        Raises:
            InvalidField: JSON cannot hold the value.
        """
        into.set_body(encoded(encode_json, value), MEDIA_TYPE)

    def describe(self) -> Description:
        """Describe the body."""
        return Description("body", self.name, media_types=(MEDIA_TYPE,))


def _is_sliced(body: bytes, *, visits_values: bool) -> bool:
    from ponty.request.large.weight import is_sliced  # noqa: PLC0415 - few bodies are so large

    return is_sliced(body, visits_values=visits_values)


class ValidatedJsonBody(Field[Json]):
    """The body as a JSON value that is valid under a JSON Schema, draft 2020-12 unless its `$schema` says otherwise.

    For media types and charset, see `JsonBody`.

    ::

        class Reading(Request):
            reading = ValidatedJsonBody(schema={"type": "object", "required": ["celsius"]})

    Args:
        filepath: A file with the schema. It may refer to other files in its folder and in the folders within.
        schema: The schema itself. Give either `filepath` or `schema`.
        documents: Other schemas that it may refer to, by their URIs. Nothing is ever fetched.

    Raises:
        ValueError: Neither or both are given, the schema is not valid, or it refers to an unknown document.
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
            InvalidField: The media type, charset or content encoding is not accepted, or the body is not JSON, or not
                valid.
        """
        check_json(request)
        body = await read_whole(request)
        if len(body) > FEW and _is_sliced(body, visits_values=True):
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
            InvalidField: JSON cannot hold the value, or it is not valid.
        """
        body = encoded(encode_json, value)
        self._check(decode_json(body))
        into.set_body(body, MEDIA_TYPE)

    def describe(self) -> Description:
        """Describe the body by its schema."""
        schema = self._schema if isinstance(self._schema, dict) else {}
        return Description("body", self.name, schema=schema, media_types=(MEDIA_TYPE,))
