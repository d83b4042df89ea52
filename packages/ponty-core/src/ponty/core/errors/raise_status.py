"""`raise_status` raises aiohttp's exception for any status."""

import functools
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypedDict, Unpack

from aiohttp import web, web_exceptions
from aiohttp.typedefs import LooseHeaders, StrOrURL

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.errors.exceptions import refuse_both
from ponty.core.responses.statuses import check_status


class StatusOptions(TypedDict, total=False):
    """The options of `raise_status` that are passed on to the `aiohttp.web.HTTPException` of the status."""

    headers: LooseHeaders | None
    reason: str | None
    location: StrOrURL
    method: str
    allowed_methods: Iterable[str]
    max_size: float
    actual_size: float
    link: StrOrURL | None


def raise_status(
    status: int,
    *,
    text: str | None = None,
    body: object = None,
    content_type: str | None = None,
    **options: Unpack[StatusOptions],
) -> NoReturn:
    """Answer the current request with `status`; call it in a handler, or in any function that it calls.

    Without `text` and `body`, a status of 400 or more is answered with a problem document (RFC 9457).

    ::

        @get("/busy")
        async def busy(request: web.Request) -> web.Response:
            raise_status(429, body={"wait": 3}, headers={"Retry-After": "3"})

    Args:
        status: The HTTP status, 200 to 599.
        text: The body of the answer, sent as text/plain.
        body: The body of the answer, sent as JSON; `{}`, `[]` and `0` are sent too.
        content_type: The media type of the answer, instead of text/plain or application/json.
        **options: `headers` and `reason` of the answer, and options of single statuses: `location` of a redirect,
            `allowed_methods` of a 405, `link` of a 451.

    Raises:
        aiohttp.web.HTTPException: The exception of that status; for a 404, `except web.HTTPNotFound` catches it.
        ValueError: Both `text` and `body` are given, `status` is outside 200 to 599, or a redirect has no `location`.
    """
    check_status(status)
    refuse_both(text, body)
    if body is not None:
        text = encode_json(body).decode()
        content_type = content_type or "application/json"
    exception = _exception_class(status)
    arguments: dict[str, Any] = dict(options, text=text, content_type=content_type)
    if issubclass(exception, web.HTTPMove) and not arguments.get("location"):
        raise ValueError(f"raise_status({status}) needs location=")
    for name, default in _STATUS_DEFAULTS.get(status, {}).items():
        arguments.setdefault(name, default)
    build: Callable[..., web.HTTPException] = exception
    raise build(**arguments)


_STATUS_DEFAULTS: dict[int, dict[str, object]] = {
    405: {"method": "", "allowed_methods": ()},
    413: {"max_size": 0},
    451: {"link": None},
}


_KNOWN_CLASSES = {
    value.status_code: value
    for value in vars(web_exceptions).values()
    if isinstance(value, type) and issubclass(value, web.HTTPException)
}


@functools.cache
def _exception_class(status: int) -> type[web.HTTPException]:
    """Find aiohttp's class for `status`, or derive one from the class of its kind, such as client errors."""
    family: type[web.HTTPException]
    match status // 100:
        case 2:
            family = web.HTTPSuccessful
        case 3:
            family = web.HTTPRedirection
        case 4:
            family = web.HTTPClientError
        case _:
            family = web.HTTPServerError
    return _KNOWN_CLASSES.get(status) or type(f"HTTP{status}", (family,), {"status_code": status})
