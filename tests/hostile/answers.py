"""Reads answers off a connection as strictly as RFC 9112 writes them; whatever does not fit raises `Malformed`."""

import re
from typing import NamedTuple

STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9]) [\t -~]*")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~\t]*)")
CHUNK = re.compile(rb"[0-9A-Fa-f]+")
WITHOUT_BODY = {204, 304}


class Malformed(Exception):
    """Bytes that are no answer, or an answer that ends too early."""


class Answer(NamedTuple):
    """One answer; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this answer."""
        return "close" in self.headers.get("connection", "").lower()


def read(data: bytes, start: int = 0, *, to_head: bool = False) -> tuple[Answer, int]:
    """Read the answer that begins at `start`; return it, and where the next one begins.

    Args:
        data: All that has come over a connection, until its end.
        start: The first byte of the answer.
        to_head: Whether it answers HEAD, and so has no body.

    Raises:
        Malformed: It is no well-formed answer.
    """
    end = data.find(b"\r\n\r\n", start)
    if end < 0:
        raise Malformed(f"no end of a head in {data[start : start + 200]!r}")
    first, *lines = data[start:end].split(b"\r\n")
    if not (match := STATUS.fullmatch(first)):
        raise Malformed(f"no status line: {first!r}")
    status, headers = int(match[1]), dict[str, str]()
    for line in lines:
        if not (field := FIELD.fullmatch(line)):
            raise Malformed(f"no header: {line!r}")
        name = field[1].decode().lower()
        if name in headers and name in {"content-length", "transfer-encoding", "content-type"}:
            raise Malformed(f"two of {name}")
        headers[name] = field[2].decode()
    body, end = _body(data, end + 4, status, headers, to_head=to_head)
    return Answer(status, headers, body), end


def read_all(data: bytes) -> list[Answer]:
    """Read the answers that a whole connection has brought, `100 Continue` left out.

    Raises:
        Malformed: One of them is not well-formed, or something comes after an answer that closes.
    """
    answers, start = list[Answer](), 0
    while start < len(data):
        if answers and answers[-1].closes:
            raise Malformed(f"after an answer that closes: {data[start : start + 200]!r}")
        answer, start = read(data, start)
        if answer.status >= 200:
            answers.append(answer)
    return answers


def _body(data: bytes, start: int, status: int, headers: dict[str, str], *, to_head: bool) -> tuple[bytes, int]:
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if length is not None and (coding is not None or not re.fullmatch("[0-9]+", length)):
        raise Malformed(f"a length of {length!r}, a coding of {coding!r}")
    if to_head or status in WITHOUT_BODY or status < 200:
        return b"", start
    if coding == "chunked":
        return _chunks(data, start)
    if length is None:
        if "close" not in headers.get("connection", ""):
            raise Malformed(f"{status} without a length on a connection that stays")
        return data[start:], len(data)
    end = start + int(length)
    if end > len(data):
        raise Malformed(f"{len(data) - start} bytes of {length}")
    return data[start:end], end


def _chunks(data: bytes, start: int) -> tuple[bytes, int]:
    body = b""
    while True:
        end = data.find(b"\r\n", start)
        if end < 0 or not CHUNK.fullmatch(data[start:end]):
            raise Malformed(f"no size of a chunk: {data[start : start + 20]!r}")
        size = int(data[start:end], 16)
        start = end + 2 + size
        if data[start : start + 2] != b"\r\n":
            raise Malformed("a chunk without its end")
        if not size:
            return body, start + 2
        body += data[end + 2 : start]
        start += 2
