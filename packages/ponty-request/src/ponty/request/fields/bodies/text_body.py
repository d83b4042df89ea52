"""`TextBody`: the body as text."""

from typing import Any

from aiohttp import web

from ponty.request.content.charsets import read_text
from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field
from ponty.request.fields.outgoing import Outgoing


class TextBody(Field[str]):
    """The body as text, in the charset of its Content-Type, or UTF-8.

    An unknown charset is a 415; bytes that are not valid in the charset are a 400.
    """

    async def extract(self, request: web.Request) -> str:
        """Read and decode the body.

        Raises:
            InvalidField: The charset or the content encoding is unknown, or the body is not text in that charset.
        """
        return await read_text(request)

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the body, in UTF-8.

        Raises:
            InvalidField: The value is no text, or UTF-8 cannot hold it.
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
