"""`Items`: the values of an answer that come one by one, as JSON lines or as server-sent events.

A stream is read no further than its next item, so a slow reader slows the server down. The size of an item is limited,
that of a stream is not. A stream that ends in the middle of an item is an error.
"""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Generic, NoReturn, Protocol, Self, TypeVar

import aiohttp

from ponty.request.errors import InvalidField

_T_co = TypeVar("_T_co", covariant=True)

MEDIA_TYPES: dict[str, tuple[str, ...]] = {
    "lines": ("application/jsonl", "application/x-ndjson", "application/json-lines"),
    "events": ("text/event-stream",),
}


class ItemReader(Protocol):
    """Reads the items of a stream."""

    def value(self, content: bytes) -> Any:
        """Return the value of a JSON text.

        Raises:
            InvalidField: The text is not of the type that the endpoint returns.
        """

    def refuse(self, response: aiohttp.ClientResponse, why: str, content: bytes = b"") -> NoReturn:
        """Raise an `UnexpectedAnswer`."""
        ...


class Items(Generic[_T_co]):
    """The values of a stream. Iterate over them once, in an `async with` block; leaving it ends the request.

    ::

        import aiohttp

        class CountDown(Request):
            endpoint = Endpoint("GET", "/countdown", returns=int, stream="lines")

        async def count(session: aiohttp.ClientSession) -> list[int]:
            async with await CountDown().send(session) as seconds:
                return [second async for second in seconds]
    """

    def __init__(
        self, response: aiohttp.ClientResponse, reader: ItemReader, *, are_lines: bool, are_texts: bool, max_size: int
    ) -> None:
        self.last_id: str | None = None
        """The id of the last event, for the field `LastEventId` of the next request; None if there was none."""
        self._response = response
        self._reader = reader
        self._max_size = max_size
        self._values: AsyncIterator[bytes] = self._json_lines() if are_lines else self._events()
        self._are_texts = are_texts

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _T_co:
        """Return the next value.

        Raises:
            UnexpectedAnswer: The value is not what the endpoint returns.
            aiohttp.ClientError: The connection was cut.
        """
        try:
            content = await anext(self._values)
            value: Any = content.decode() if self._are_texts else self._reader.value(content)
        except StopAsyncIteration:
            self.close()
            raise
        except (InvalidField, UnicodeDecodeError):
            self.close()
            self._reader.refuse(self._response, "with an item that is not valid")
        except BaseException:
            self.close()
            raise
        return value  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the request, and so the iteration."""
        self._response.close()

    async def _lines(self) -> AsyncIterator[bytes]:
        """Yield the lines without their line ends; a last line that is cut off is not yielded."""
        begun = bytearray()
        async for chunk in self._response.content.iter_any():
            first, *others = chunk.split(b"\n")
            begun += first
            for other in others:
                self._check_size(len(begun))
                yield bytes(begun.removesuffix(b"\r"))
                begun = bytearray(other)
            self._check_size(len(begun))
        if begun.strip():
            self._reader.refuse(self._response, "which ends within an item")

    def _check_size(self, size: int) -> None:
        if size > self._max_size:
            self._reader.refuse(self._response, f"with an item of more than {self._max_size} bytes")

    async def _json_lines(self) -> AsyncIterator[bytes]:
        async for line in self._lines():
            if line.strip():
                yield line

    async def _events(self) -> AsyncIterator[bytes]:
        """Yield the data of each event (WHATWG HTML §9.2.6)."""
        data: list[bytes] = []
        size = 0
        async for line in self._lines():
            if not line:
                if data:
                    yield b"\n".join(data)
                data, size = [], 0
                continue
            name, _, text = line.partition(b":")
            text = text.removeprefix(b" ")
            if name == b"data":
                data.append(text)
                size += len(text) + 1
                self._check_size(size)
            elif name == b"id" and b"\0" not in text:
                self.last_id = text.decode(errors="replace") or None
