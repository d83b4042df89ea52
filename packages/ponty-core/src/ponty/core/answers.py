"""Every exception becomes an answer here, and nowhere else.

The middleware stands around everything an application serves: decorated routes, aiohttp's route tables and aiohttp's
own 404, 405 and 413. In a closed application (see `ponty.core.closing`), it stands around each handler instead. What
Ponty answers of its own accord is a problem document (RFC 9457); what a program raised with a text or body is sent as
given. A class outside this package gives its exceptions a status by the class attribute `__ponty_status__`; of such an
exception, only the status reaches the client.
"""

import asyncio
import logging

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDict

from ponty.core.context import current_apps
from ponty.core.encoding import encode_json
from ponty.core.errors import PontyError, check_status
from ponty.core.plain import PlainResponse
from ponty.core.problems import PROBLEM_JSON, problem, problem_body
from ponty.core.sendable import check_sendable, check_unsent
from ponty.core.uploads import Uploads

logger: logging.Logger = logging.getLogger("ponty.core")


def answer_errors(uploads: Uploads) -> Middleware:
    """Make the middleware that turns what is raised into answers.

    Args:
        uploads: Told of each request whose body is still on its way when its handler begins.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await guard(handler, request.match_info.apps, uploads)(request)

    return middleware


def guard(handler: Handler, apps: tuple[web.Application, ...], uploads: Uploads) -> Handler:
    """Put around `handler` what turns all that it raises into answers.

    Args:
        handler: Answers the requests.
        apps: The applications whose requests these are, the outermost first.
        uploads: Told of each request whose body is still on its way when its handler begins.
    """

    async def guarded(request: web.Request) -> web.StreamResponse:
        current_apps.set(apps)
        content = request.content
        arriving = not content.is_eof()
        if arriving:
            uploads.add(request)
        try:
            answer = await handler(request)
            if type(answer) is not PlainResponse or not answer.is_as_made():
                check_sendable(answer)
                if answer.prepared:
                    await check_unsent(request, answer)
        except Exception as error:  # noqa: BLE001 - the one exit for all of them
            answer = _answer(request, error)
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            # Nobody cancelled the handler: it waited for something else that was.
            answer = _answer(request, error)
        if arriving and content.exception() is not None:
            # What follows a broken body cannot be read as a request. Nor is aiohttp to read on and log what it finds.
            answer.force_close()
            content.feed_eof()
        return answer

    return guarded


def _answer(request: web.Request, error: BaseException) -> web.StreamResponse:
    if request.writer.output_size:
        if not _has_left(request, error):
            _log(request, error)
        return _Broken()
    try:
        # First what floods of bad requests end in.
        answer = _ponty_error(error) if isinstance(error, PontyError) else _answer_to(request, _sole(error))
        if answer is not None:
            if type(answer) is not PlainResponse or not answer.is_as_made():
                check_sendable(answer)
            return answer
    except Exception as defect:  # noqa: BLE001 - the last resort, for what nobody foresaw
        error = defect
    _log(request, error)
    return problem(500)


def _answer_to(request: web.Request, error: BaseException) -> web.Response | None:
    """Answer what was meant to be an answer, or is the client's doing; None for what nobody expected."""
    match error:
        case PontyError():
            return _ponty_error(error)
        case web.HTTPException():
            return _http_exception(error)
        case _ if (status := getattr(type(error), "__ponty_status__", None)) is not None:
            return problem(status)
        case _ if error is request.content.exception() or isinstance(error, web.RequestPayloadError):
            # What aiohttp could not read (a bad chunk, a bad gzip stream, a connection lost) is the client's fault.
            return problem(400, detail="the body could not be read")
        case _:
            return None


class _Broken(web.StreamResponse):
    """In place of an answer that failed after it had begun: only a cut connection tells that it isn't whole."""

    def __init__(self) -> None:
        super().__init__(status=500)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Have aiohttp close the connection of `request`."""
        del request
        raise ConnectionResetError("the answer failed after it had begun")


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _has_left(request: web.Request, error: BaseException) -> bool:
    """Tell whether `error` says only that the client has closed the connection."""
    gone = request.transport is None or request.transport.is_closing()
    return gone and isinstance(error, ConnectionError)


def _log(request: web.Request, error: BaseException) -> None:
    """Log what no client is told: the traceback, beside words of the program's own."""
    resource = request.match_info.route.resource
    logger.error("%s %s failed", request.method, resource.canonical if resource else "(no route)", exc_info=error)


def _sole(error: BaseException) -> BaseException:
    """Take the one exception out of a group of one, as a task group with a single failed task raises it."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _ponty_error(error: PontyError) -> web.Response:
    options = error.options
    if error.text is None and error.body is None and not options:
        return problem(error.status_code, faults=error.faults)
    headers, reason = options.get("headers"), options.get("reason")
    if error.text is not None:
        body, content_type = error.text.encode(), "text/plain"
    elif error.body is not None:
        body, content_type = encode_json(error.body), "application/json"
    else:
        return problem(error.status_code, faults=error.faults, headers=headers, reason=reason)
    check_status(error.status_code)
    answer = web.Response(status=error.status_code, reason=reason, headers=headers, body=body)
    content_type = options.get("content_type") or answer.headers.get(hdrs.CONTENT_TYPE) or content_type
    answer.headers[hdrs.CONTENT_TYPE] = content_type if "charset" in content_type else f"{content_type}; charset=utf-8"
    return answer


# What belongs to one sending of an answer, not to the answer.
_OF_ONE_SENDING = (hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING, hdrs.CONNECTION, hdrs.DATE, hdrs.SET_COOKIE)


def _http_exception(error: web.HTTPException) -> web.Response:
    """Answer with a copy of `error`, since a program may raise one object again and again.

    It is a problem document where nobody gave the exception a text or body of its own.
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
    """Give what is to be told of an exception that has only aiohttp's own words; None if it has others."""
    if error.body == f"{error.status}: {error.reason}".encode():
        return ""
    if isinstance(error, web.HTTPRequestEntityTooLarge) and isinstance(error.body, bytes):
        text = error.body.decode(errors="replace")
        return text if text.startswith("Maximum request body size") else None
    return None
