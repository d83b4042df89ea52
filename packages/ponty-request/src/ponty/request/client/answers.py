"""Reads a good answer, up to a limit, as a value of the type that the endpoint returns, or as items."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, Generic, NoReturn, TypeVar

import aiohttp
import msgspec
from aiohttp import hdrs

from ponty.request.client.endpoint import Endpoint
from ponty.request.client.errors import UnexpectedAnswer
from ponty.request.client.items import MEDIA_TYPES, Items
from ponty.request.client.problems import error_of
from ponty.request.content.json_decoder import decode_json
from ponty.request.content.media_types import essence, is_json
from ponty.request.errors import InvalidField
from ponty.request.parsing.parser import Parser

_T_co = TypeVar("_T_co", covariant=True)

_BODILESS = (204, 205)
_MAX_ERROR = 1024**2


@dataclasses.dataclass(frozen=True, slots=True)
class Answer(Generic[_T_co]):
    """A good answer with its status and headers, as `send(whole=True)` returns it.

    Args:
        value: The value.
        status: The status; 304 if the value is that of an earlier answer.
        headers: The headers; case does not matter in their names.
    """

    value: _T_co
    status: int
    headers: Mapping[str, str]

    @property
    def etag(self) -> str | None:
        """The entity tag of the answer, for a `Precondition` and the like; None if it has none."""
        return self.headers.get(hdrs.ETAG)


class Reader:
    """Reads the answers of an endpoint.

    Args:
        endpoint: The endpoint.
    """

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self.endpoint = endpoint
        self.place: str = f"{endpoint.method} {endpoint.path}"

    async def read(self, response: aiohttp.ClientResponse, earlier: Answer[Any] | None) -> Answer[Any]:
        """Read an answer.

        Args:
            response: The answer.
            earlier: The answer whose value is returned if this one says that it still holds.

        Raises:
            PontyError: The answer is an error, or unexpected.
        """
        status, headers = response.status, response.headers
        if status == 304 and earlier is not None:
            return Answer(earlier.value, status, headers)
        await self.check(response)
        if status in _BODILESS:
            if self.endpoint.returns is not None:
                self.refuse(response, "without content")
            return Answer(None, status, headers)
        if not is_json(headers.get(hdrs.CONTENT_TYPE, "")):
            self.refuse(response, "which is not JSON", await self._begin(response))
        content = await self.content(response, self.endpoint.max_size)
        try:
            value = self.value(self._unwrapped(content))
        except InvalidField as invalid:
            self.refuse(response, _told(invalid), content)
        return Answer(value, status, headers)

    async def items(self, response: aiohttp.ClientResponse) -> Items[Any]:
        """Return the items of an answer that is a stream.

        Raises:
            PontyError: The answer is an error, or unexpected.
        """
        await self.check(response)
        endpoint = self.endpoint
        stream = endpoint.stream or "lines"
        if essence(response.headers.get(hdrs.CONTENT_TYPE, "")) not in MEDIA_TYPES[stream]:
            self.refuse(response, f"which is not a stream of {stream}")
        are_lines = stream == "lines"
        are_texts = not are_lines and endpoint.returns is str
        return Items(response, self, are_lines=are_lines, are_texts=are_texts, max_size=endpoint.max_size)

    async def check(self, response: aiohttp.ClientResponse) -> None:
        """Raise an error if the answer is not good.

        Raises:
            PontyError: The answer is an error, or unexpected.
        """
        status = response.status
        if 200 <= status <= 299:
            return
        if status < 400:
            self.refuse(response, "which is a redirect, or a status that was not expected")
        content = await self.content(response, min(_MAX_ERROR, self.endpoint.max_size))
        error = error_of(status, response.headers, content, self.endpoint.raises)
        if error is None:
            self.refuse(response, "which is neither a problem document nor an error of the endpoint", content)
        raise error

    async def content(self, response: aiohttp.ClientResponse, most: int) -> bytes:
        """Return the whole content.

        Raises:
            UnexpectedAnswer: It has more than `most` bytes.
        """
        length = response.content_length
        if length is not None and length <= most and hdrs.CONTENT_ENCODING not in response.headers:
            return await response.read()
        chunks: list[bytes] = []
        left = most
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            left -= len(chunk)
            if left < 0:
                response.close()
                self.refuse(response, f"with more than {most} bytes", chunks[0])
        return b"".join(chunks)

    def refuse(self, response: aiohttp.ClientResponse, why: str, content: bytes = b"") -> NoReturn:
        """Raise an `UnexpectedAnswer`."""
        raise UnexpectedAnswer(self.place, response.status, why, headers=response.headers, content=content) from None

    async def _begin(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the beginning of content that is not good."""
        return await response.content.read(1000)

    def value(self, content: bytes) -> Any:
        """Return the value of a JSON text.

        Raises:
            InvalidField: The text is not of the type that the endpoint returns.
        """
        strict, open_ = self._parsers
        if strict is not None:
            # To tell several types apart, all members count, even those that are ignored later.
            with contextlib.suppress(InvalidField):
                return strict.read(content)
        return open_.read(content)

    @functools.cached_property
    def _parsers(self) -> tuple[Parser | None, Parser]:
        """The parsers of a value: a strict one, if types must be told apart, and one that ignores unknown members."""
        tolerant = Parser(self.endpoint.returns, ignore_unknown=True)
        return Parser(self.endpoint.returns) if tolerant.has_alternatives else None, tolerant

    @functools.cached_property
    def _open_envelope(self) -> Callable[[bytes], Any]:
        """The decoder of an envelope, which leaves the value in it encoded."""
        own = self.endpoint.envelope
        member = own if isinstance(own, str) else "data"
        envelope = msgspec.defstruct("Envelope", [("value", msgspec.Raw)], rename={"value": member})
        return msgspec.json.Decoder(envelope).decode

    def _unwrapped(self, content: bytes) -> bytes:
        """Return the value in an envelope, still as JSON.

        Raises:
            InvalidField: There is no envelope with a value.
        """
        if self.endpoint.envelope is False:
            return content
        try:
            return bytes(self._open_envelope(content).value)
        except (msgspec.DecodeError, ValueError, RecursionError):
            decode_json(content)  # raises a better error, if it is not JSON
            raise InvalidField("has no envelope with a value") from None


def _told(invalid: InvalidField) -> str:
    pointer, detail, _ = invalid.violations[0]
    return f"whose value is not valid: {pointer or 'it'} {detail}"
