"""HTTP/1.1 as bytes: requests are sent as they are, and answers are read strictly."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress

import msgspec

PATIENCE = 20.0
"""After how many seconds without an answer to give up."""
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9]) [^\r\n]*")
_ENDLESS = frozenset({"text/event-stream", "application/jsonl", "application/json-seq", "application/x-ndjson"})
_MOST = 64 * 2**20


class Answer(msgspec.Struct, frozen=True):
    """An answer.

    Args:
        status: The status.
        headers: The headers, with their names in lowercase.
        body: The body.
        size: The number of bytes of the whole answer.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    size: int

    def header(self, name: str) -> str:
        """Return the first header of a name, or an empty string."""
        return next((value for known, value in self.headers if known == name), "")

    @property
    def is_endless(self) -> bool:
        """Whether its body is a stream that may never end, so that it is not read."""
        return self.status == 101 or self.header("content-type").partition(";")[0].strip() in _ENDLESS

    @property
    def closes(self) -> bool:
        """Whether it is the last answer on its connection."""
        return self.is_endless or "close" in self.header("connection").lower()


class Exchange(msgspec.Struct, frozen=True):
    """The answers that came back over a connection.

    Args:
        answers: The answers in their order.
        fault: The first fault of the bytes; an empty string if they are well-formed answers.
        is_silent: Whether an answer that was due did not come in time.
    """

    answers: Sequence[Answer]
    fault: str = ""
    is_silent: bool = False


class MalformedAnswer(Exception):
    """The bytes are not a well-formed answer."""


async def ask(port: int, data: bytes, methods: Sequence[str], *, ends: bool = False) -> Exchange:
    """Send bytes over a new connection, and read until each request is answered or the connection is closed.

    Args:
        port: The port, at 127.0.0.1.
        data: The bytes of one request or several.
        methods: The methods of these requests; an answer to each is due.
        ends: Whether to close the sending side, so that the server does not wait for more.
    """
    answers: list[Answer] = []
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    except OSError as error:
        return Exchange((), f"the connection failed: {error}", is_silent=True)
    sending = asyncio.ensure_future(_send(writer, data, ends=ends))
    try:
        async with asyncio.timeout(PATIENCE):
            for method in methods:
                answer = await read_answer(reader, method)
                if answer is None:
                    break
                answers.append(answer)
                if answer.closes:
                    break
    except MalformedAnswer as error:
        return Exchange(answers, str(error))
    except TimeoutError:
        return Exchange(answers, f"no answer came within {PATIENCE:g} seconds", is_silent=True)
    except (ConnectionError, asyncio.IncompleteReadError):
        return Exchange(answers, "the connection ended within an answer")
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError, OSError):
            await sending
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return Exchange(answers)


async def _send(writer: asyncio.StreamWriter, data: bytes, *, ends: bool) -> None:
    with suppress(OSError):  # the server may close the connection before it has read everything
        writer.write(data)
        await writer.drain()
        if ends:
            writer.write_eof()


async def read_answer(reader: asyncio.StreamReader, method: str) -> Answer | None:
    """Read the answer to a request of a method; return None if the connection ends before an answer begins.

    Raises:
        MalformedAnswer: The bytes are not a well-formed answer.
        IncompleteReadError: The connection ends within the answer.
    """
    answer = await _read_head(reader)
    while answer is not None and answer.status < 200 and not answer.is_endless:
        answer = await _read_head(reader)
    if answer is None or method == "HEAD" or answer.status in {204, 304} or answer.is_endless:
        return answer
    if "chunked" in answer.header("transfer-encoding").lower():
        body, size = await _chunks(reader)
    else:
        length = answer.header("content-length")
        if length and not length.isdecimal():
            raise MalformedAnswer(f"the answer has the Content-Length {length!r}")
        body = await reader.readexactly(int(length)) if length else await reader.read(_MOST)
        size = len(body)
    return msgspec.structs.replace(answer, body=body, size=answer.size + size)


async def _read_head(reader: asyncio.StreamReader) -> Answer | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    except ConnectionResetError:
        return None
    except asyncio.LimitOverrunError:
        raise MalformedAnswer("the head of the answer is larger than 1 MiB") from None
    line, *lines = head[:-4].split(b"\r\n")
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise MalformedAnswer(f"the first line of the answer is {line[:80]!r}")
    return Answer(int(match[1]), tuple(_header(each) for each in lines), b"", len(head))


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise MalformedAnswer(f"the answer has the header line {line[:80]!r}")
    return name.decode("ascii").lower(), value.strip().decode("utf-8", "replace")


async def _chunks(reader: asyncio.StreamReader) -> tuple[bytes, int]:
    body, size = bytearray(), 0
    while True:
        line = await reader.readuntil(b"\r\n")
        digits = line.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]+", digits):
            raise MalformedAnswer(f"the answer has a chunk of the size {line[:40]!r}")
        length = int(digits, 16)
        size += len(line) + length + 2
        chunk = await reader.readexactly(length + 2)
        if length == 0:
            if chunk != b"\r\n":
                await reader.readuntil(b"\r\n\r\n")
            return bytes(body), size
        body += chunk[:-2]
        if len(body) > _MOST:
            return bytes(body), size
