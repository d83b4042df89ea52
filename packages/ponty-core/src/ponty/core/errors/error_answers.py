"""The answers to exceptions that were meant as answers, or that the client caused.

Ponty's own answers are problem documents (RFC 9457). If a program raises an exception with a text or body, that is sent
as given. A class outside this package gives its exceptions a status by the class attribute `__ponty_status__`; the
client gets only the status of such an exception.
"""

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.errors.exceptions import PontyError, ValidationError
from ponty.core.errors.faults import FoundFaults
from ponty.core.errors.problems import PROBLEM_JSON, found_body, problem, problem_body
from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse
from ponty.core.responses.statuses import check_status, title
from ponty.core.wire.announced_bodies import body_limit


def answer_to(request: web.Request, error: BaseException) -> web.Response | None:
    """Answer an exception that was meant as an answer, or that the client caused; return None for any other."""
    match error:
        case PontyError():
            return ponty_error(error)
        case web.HTTPException():
            return http_exception(error)
        case _ if (status := getattr(type(error), "__ponty_status__", None)) is not None:
            return problem(status)
        case _ if is_client_s(request, error):
            # A body that aiohttp could not read (a bad chunk, a bad gzip stream, a lost connection).
            return problem(400, detail="the body could not be read")
        case _:
            return None


def is_client_s(request: web.Request, error: BaseException) -> bool:
    """Return whether the client caused `error`: it only says that the body of `request` could not be read."""
    if error is request.content.exception() or isinstance(error, web.RequestPayloadError):
        return True
    # aiohttp's parser in pure Python may replace the error that it has raised by a second one.
    return isinstance(error, HttpProcessingError) and request.content.exception() is not None


def refusal(error: PontyError) -> web.Response | None:
    """Answer an invalid request in the quickest way; return None if `error` is of another kind, or was changed."""
    state = error.__dict__
    if type(error) is not ValidationError or len(state) != _AS_MADE or state["members"] or state["options"]:
        return None
    faults, status = error.__ponty_faults__, error.status_code
    if type(faults) is not FoundFaults or error.title or error.type != "about:blank":
        return None
    return PlainResponse(head(status, PROBLEM_JSON), found_body(status, faults))


_AS_MADE = len(vars(ValidationError.__ponty_refuse__("body", "", ())))
"""The number of attributes of an unchanged refusal."""


def ponty_error(error: PontyError, status: int | None = None) -> web.Response:
    """Answer with `error`; `status` is used instead of its own if given."""
    if status is None:
        status = error.status_code
    options = error.options
    if error.text is None and error.body is None:
        own = None
        if error.members or error.title or error.type != "about:blank" or error.instance is not None:
            own = _of_its_own(error, status)
        faults = error.__ponty_faults__
        if not options:
            return problem(status, detail=error.detail, faults=faults, own=own)
        headers, reason = options.get("headers"), options.get("reason")
        return problem(status, detail=error.detail, faults=faults, own=own, headers=headers, reason=reason)
    headers, reason = options.get("headers"), options.get("reason")
    if error.text is not None:
        body, content_type = error.text.encode(), "text/plain"
    else:
        body, content_type = encode_json(error.body), "application/json"
    check_status(status)
    answer = web.Response(status=status, reason=reason, headers=headers, body=body)
    content_type = options.get("content_type") or answer.headers.get(hdrs.CONTENT_TYPE) or content_type
    answer.headers[hdrs.CONTENT_TYPE] = content_type if "charset" in content_type else f"{content_type}; charset=utf-8"
    return answer


def _of_its_own(error: PontyError, status: int) -> dict[str, object]:
    own: dict[str, object] = {"type": error.type, "title": error.title or title(status)}
    if error.instance is not None:
        own["instance"] = error.instance
    return own | error.members


# These headers belong to one sending of an answer, not to the answer itself.
_OF_ONE_SENDING = (hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING, hdrs.CONNECTION, hdrs.DATE, hdrs.SET_COOKIE)


def http_exception(error: web.HTTPException) -> web.Response:
    """Answer with a copy of `error`, since a program may raise the same object again and again.

    The answer is a problem document if the program gave the exception no text or body.
    """
    headers = CIMultiDict(error.headers)
    for name in _OF_ONE_SENDING if error.prepared else ():
        headers.popall(name, None)
    body = error.body
    if error.status >= 400 and (detail := _unworded(error)) is not None:
        body = problem_body(error.status, detail or None)
        headers.popall(hdrs.CONTENT_LENGTH, None)
        headers[hdrs.CONTENT_TYPE] = PROBLEM_JSON
    answer = web.Response(status=error.status, reason=error.reason, headers=headers, body=body)
    answer.cookies.update(error.cookies)
    return answer


def _unworded(error: web.HTTPException) -> str | None:
    """Return the detail for an exception that has only aiohttp's own words; None if the program gave it others."""
    if error.body == f"{error.status}: {error.reason}".encode():
        return ""
    if isinstance(error, web.HTTPRequestEntityTooLarge) and isinstance(error.body, bytes):
        text = error.body.decode(errors="replace")
        return text if text.startswith("Maximum request body size") else None
    return None


def too_large(request: web.Request) -> web.HTTPException:
    """Return the error of a request that announces a body which is too large."""
    return web.HTTPRequestEntityTooLarge(body_limit(request), request.content_length or 0)
