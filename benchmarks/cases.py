"""What is asked of every server, and what the answer must be.

A case is timed by its `request`. Before that, each server must answer it with `status` and `data`, and must refuse each
of `refused` with a 4xx, so that all do the same work.
"""

import dataclasses
import json


@dataclasses.dataclass(frozen=True)
class Ask:
    """A request: its method, path and JSON body."""

    path: str
    body: bytes | None = None

    @property
    def method(self) -> str:
        """GET, or POST where there is a body."""
        return "GET" if self.body is None else "POST"

    def encode(self, port: int) -> bytes:
        """Return the bytes of the request."""
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        if self.body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n"
        return f"{head}\r\n".encode() + (self.body or b"")


@dataclasses.dataclass(frozen=True)
class Case:
    """One kind of request, as it is timed and as it is checked."""

    name: str
    what: str
    request: Ask
    data: object = None
    refused: tuple[Ask, ...] = ()
    status: int = 200  # 400 stands for any 4xx, for peers differ in 400 and 422


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


PERSON = {
    "name": "Ann",
    "age": 41,
    "tags": ["a", "b"],
    "address": {"street": "Main Street 1", "city": "Springfield", "code": "12345"},
}


def order(lines: int) -> Ask:
    """Make an order of about 110 bytes a line."""
    line = {"quantity": 2, "price": 12.5, "options": {"colour": "blue", "size": "M"}, "tags": ["new", "sale"]}
    value = {"number": 1, "customer": PERSON, "lines": [{"sku": f"sku-{n:06}", **line} for n in range(lines)]}
    return Ask("/orders", _encode(value))


_LINES = 880  # make 100 KB
_TRUNCATED = _encode(PERSON)[:-10]
_CHANGES: tuple[dict[str, object], ...] = ({"age": "old"}, {"age": -1}, {"tags": [1]}, {"address": {}}, {"name": None})
_INVALID = _encode(PERSON | {"age": "old", "tags": [1]})

CASES = (
    Case("hello", "a greeting by route parameter", Ask("/hello/ann"), {"greeting": "hello ann!"}),
    Case(
        "search",
        "three query parameters, validated",
        Ask("/search?term=aiohttp&limit=20&sort=date"),
        {"term": "aiohttp", "limit": 20, "sort": "date"},
        tuple(
            Ask(f"/search?{query}") for query in ("limit=20", "term=a&limit=x", "term=a&limit=-1", "term=a&sort=size")
        ),
    ),
    Case(
        "small body",
        "POST of a nested object of 120 bytes, validated",
        Ask("/people", _encode(PERSON)),
        {"name": "Ann", "age": 41, "city": "Springfield"},
        tuple(Ask("/people", _encode(PERSON | change)) for change in _CHANGES),
    ),
    Case(
        "100 KB body",
        f"POST of an order of {_LINES} lines, 100 KB, validated",
        order(_LINES),
        {"lines": _LINES, "pieces": 2 * _LINES},
        (Ask("/orders", _encode({"number": 1, "customer": PERSON, "lines": [{"sku": "a"}]})),),
    ),
    Case("truncated body", "the small body without its end", Ask("/people", _TRUNCATED), status=400),
    Case("invalid body", "the small body with two members of a wrong type", Ask("/people", _INVALID), status=400),
    Case(
        "cached",
        "a memoized list of 20 rows",
        Ask("/report/sales"),
        [{"id": number, "kind": "sales"} for number in range(20)],
    ),
    Case("404", "a path that is not there", Ask("/nothing"), status=404),
)
