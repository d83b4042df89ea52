"""Answers that a handler makes from a value: `Reply` with `render_json`, `json_response` without it."""

from collections.abc import Mapping
from http.cookies import Morsel
from typing import Any, Generic, TypeVar

from aiohttp import hdrs, web
from aiohttp.typedefs import LooseHeaders

from ponty.core.encoding.json_encoder import JSON, encode_json
from ponty.core.responses.heads import BODILESS_STATUSES, head
from ponty.core.responses.plain_response import PlainResponse
from ponty.core.responses.statuses import check_status

_T_co = TypeVar("_T_co", covariant=True)


class Reply(Generic[_T_co]):
    """A value with a status, headers or cookies, which a handler with `render_json` can return.

    ::

        @dataclasses.dataclass
        class Mug:
            id: int

        @post("/mugs")
        @render_json(Mug, status=201)
        async def make(request: web.Request) -> Reply[Mug]:
            mug = Mug(7)
            return Reply(mug, headers={"Location": f"/mugs/{mug.id}"})

    Args:
        value: The value.
        status: The HTTP status of the answer, instead of that of `render_json`. With 204, 205 and 304, the value is
            None.
        headers: Further headers; a `Content-Type` or `ETag` replaces Ponty's.
        cookies: Cookies to set, by name: a text, or a morsel of `http.cookies`, which can have attributes.

    Raises:
        ValueError: `status` is outside 200 to 599, or a header is `Content-Length` or `Transfer-Encoding`, which Ponty
            sets.
    """

    __slots__ = ("cookies", "headers", "status", "value")

    def __init__(
        self,
        value: _T_co,
        *,
        status: int | None = None,
        headers: LooseHeaders | None = None,
        cookies: Mapping[str, "str | Morsel[Any]"] | None = None,
    ) -> None:
        if status is not None:
            check_status(status)
        self.value: _T_co = value
        self.status: int | None = status
        self.headers: LooseHeaders | None = headers
        self.cookies: Mapping[str, str | Morsel[Any]] | None = cookies

    def __repr__(self) -> str:
        return f"Reply({self.value!r}, status={self.status!r}, headers={self.headers!r})"


def json_response(value: object, *, status: int = 200, headers: LooseHeaders | None = None) -> web.Response:
    """Make an aiohttp response from a value, as JSON.

    Use it in handlers without `render_json`.

    ::

        @get("/mugs")
        async def mugs(request: web.Request) -> web.Response:
            return json_response(["red", "blue"], headers={"Cache-Control": "max-age=60"})

    Args:
        value: The value; None with a status that has no content (204, 205, 304).
        status: The HTTP status.
        headers: Further headers; a `Content-Type` replaces Ponty's.

    Raises:
        ValueError: `status` is outside 200 to 599, or has no content and there is a value.
        TypeError: The value cannot be encoded.
    """
    if status in BODILESS_STATUSES:
        answer = empty(status, value)
    else:
        answer = PlainResponse(head(status, JSON), encode_json(value))
    if headers:
        add_headers(answer, headers)
    return answer


def empty(status: int, value: object) -> PlainResponse:
    """Make an answer with a status that has no content.

    Raises:
        ValueError: There is a value, which would not be sent.
    """
    if value is not None:
        raise ValueError(f"an answer with status {status} has no content; return None, or another status")
    return PlainResponse(head(status, None), b"")


def add_headers(answer: PlainResponse, headers: LooseHeaders) -> None:
    """Set headers of an answer: each given name replaces the header that is there, and may be given several times.

    Raises:
        ValueError: A header is `Content-Length` or `Transfer-Encoding`.
    """
    own = answer.headers
    added = web.Response(headers=headers).headers if not isinstance(headers, Mapping) else headers
    for name in added:
        if name.lower() in _OF_THE_SENDING:  # pyright: ignore[reportAttributeAccessIssue]  # a mapping's keys are names
            raise ValueError(f"the header {name} cannot be set; Ponty sets it")
        own.popall(name, None)  # pyright: ignore[reportArgumentType]  # likewise
    own.extend(added)


_OF_THE_SENDING = frozenset({hdrs.CONTENT_LENGTH.lower(), hdrs.TRANSFER_ENCODING.lower()})


def add_cookies(answer: PlainResponse, cookies: Mapping[str, "str | Morsel[Any]"]) -> None:
    """Set cookies with an answer."""
    for name, value in cookies.items():
        if isinstance(value, Morsel):
            answer.cookies[name] = value
        else:
            answer.set_cookie(name, value)
