"""Every exception becomes an answer here, and nowhere else.

What turns exceptions into answers stands around each handler that `build_app` mounts and around what no route matches,
so that middlewares see answers, errors included. It stands once more around the whole application: for what middlewares
raise, and for what others add to the application later. What
Ponty answers of its own accord is a problem document (RFC 9457); what a program raised with a text or body is sent as
given. A class outside this package gives its exceptions a status by the class attribute `__ponty_status__`; of such an
exception, only the status reaches the client.
"""

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDict

from ponty.core.answers.answer_settings import AnswerSettings, current_settings
from ponty.core.answers.closing_answer import ClosingAnswer
from ponty.core.answers.encoding import encode_json
from ponty.core.answers.entity_tags import if_changed
from ponty.core.answers.error_watchers import sole, tell_watchers
from ponty.core.answers.errors import PontyError, check_status, title
from ponty.core.answers.fast_response import PlainResponse
from ponty.core.answers.problems import PROBLEM_JSON, problem, problem_body
from ponty.core.answers.response_checks import check_sendable, check_unsent
from ponty.core.lifecycle.current_app import current_apps
from ponty.core.log_lines import log_error
from ponty.core.wire.announced_bodies import MAX_SIZE_ATTRIBUTE, announces_too_much, body_limit
from ponty.core.wire.departures import CutOff, has_left
from ponty.core.wire.head_requests import send_no_body
from ponty.core.wire.late_handlers import take_late
from ponty.core.wire.server_state import SERVER_NAME
from ponty.core.wire.server_writer import ServerWriter
from ponty.core.wire.unread_bodies import leave_unread, mark_refused

logger: logging.Logger = logging.getLogger("ponty.core")


def answer_errors(settings: AnswerSettings | None = None) -> Middleware:
    """Make the outermost middleware of an application: the exit of whatever its handlers and middlewares raise.

    Args:
        settings: What the application answers with.
    """
    own = settings if settings is not None and settings.answers_errors() else None

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        apps = request.match_info.apps
        current_apps.set(apps)
        if request.method == hdrs.METH_HEAD:
            send_no_body(request.writer)
        content = request.content
        arrives = not content.is_eof()
        answer = await _answered(handler, request, own)
        if type(answer) is not PlainResponse and type(request.writer) is not ServerWriter and not answer.prepared:
            answer.headers.setdefault(hdrs.SERVER, SERVER_NAME)  # a server of Ponty's names itself
        if request.version < HttpVersion11 and hdrs.TRANSFER_ENCODING in request.headers:
            # RFC 9112 §6.1: where the body of such a request ends is not certain.
            answer.force_close()
        if arrives:
            if content.exception() is not None:
                # What follows a broken body is no request that can be read. Nor is aiohttp to read on and log it.
                answer.force_close()
                content.feed_eof()
            else:
                leave_unread(request, answer)
        for app in apps:
            if app.on_response_prepare:
                return await _prepared(request, answer) if middleware in apps[0].middlewares else answer
        return answer

    return middleware


async def _prepared(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """Prepare an answer while an error of who is asked about it can still be answered."""
    if answer.prepared or isinstance(answer, _Broken):
        return answer
    try:
        await answer.prepare(request)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - the one exit for all of them
        _log(request, error)
        return _Broken() if request.writer.output_size else ClosingAnswer(500)
    return _Sent(answer) if isinstance(answer, web.FileResponse) else answer


def answering(settings: AnswerSettings | None = None) -> Callable[[Handler], Handler]:
    """Make what is put around handlers to turn all that they raise into answers, so that middlewares see answers only.

    Args:
        settings: What the application of the handlers answers with.
    """
    own = settings if settings is not None and settings.answers_errors() else None
    rendering = settings if settings is not None and settings.renders() else None

    def guard(handler: Handler) -> Handler:
        has_own_limit = hasattr(handler, MAX_SIZE_ATTRIBUTE)  # and refuses what is over it, in its own words

        async def answered(request: web.Request) -> web.StreamResponse:
            if not (has_own_limit or request.content.is_eof()) and announces_too_much(request):
                return _too_large(request)
            return await _answered(handler, request, own)

        async def answered_as_set(request: web.Request) -> web.StreamResponse:
            assert rendering is not None  # noqa: S101 - chosen below
            if not (has_own_limit or request.content.is_eof()) and announces_too_much(request):
                return _too_large(request)
            # A connection has one context for all its requests, which may be for several applications.
            token = current_settings.set(rendering)
            try:
                return await _answered(handler, request, own)
            finally:
                current_settings.reset(token)

        return functools.update_wrapper(answered if rendering is None else answered_as_set, handler)

    return guard


def _too_large(request: web.Request) -> web.StreamResponse:
    answer = _http_exception(web.HTTPRequestEntityTooLarge(body_limit(request), request.content_length or 0))
    answer.force_close()
    return answer


def answering_for_others(
    middlewares: Sequence[Middleware], settings: AnswerSettings | None = None
) -> Iterator[Middleware]:
    """Put around each of an application's middlewares but the outermost what answers all that it raises.

    What the outermost raises is answered by `answer_errors`, which stands around it.
    """
    own = settings if settings is not None and settings.answers_errors() else None
    for number, middleware in enumerate(middlewares):
        is_new_style = getattr(middleware, "__middleware_version__", None) == 1
        yield _answering_middleware(middleware, own) if number and is_new_style else middleware


def _answering_middleware(middleware: Middleware, settings: AnswerSettings | None) -> Middleware:
    @web.middleware
    async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await _answered(functools.partial(middleware, handler=handler), request, settings)

    return functools.update_wrapper(answered, middleware)


async def _answered(handler: Handler, request: web.Request, settings: AnswerSettings | None) -> web.StreamResponse:
    try:
        answer = await handler(request)
        if type(answer) is not PlainResponse or not answer.is_as_made():
            check_sendable(answer, handler)
            if answer.prepared:
                await check_unsent(request, answer)
            elif type(answer) is PlainResponse and answer.is_conditional:
                return if_changed(request, answer)
    except Exception as error:  # noqa: BLE001 - the one exit for all of them
        tell_watchers(request, error)
        if settings is not None:
            return await _answer_as_set(request, error, settings)
        return _answer(request, error)
    except asyncio.CancelledError as error:
        return _answer_cancelled(request, error)
    except BaseException as error:  # a panic and SystemExit end no server
        if isinstance(error, KeyboardInterrupt) or (isinstance(error, GeneratorExit) and not _is_running()):
            raise  # what is thrown away with its loop is not answered
        tell_watchers(request, error)
        return _answer(request, error)
    return answer


async def _answer_as_set(request: web.Request, error: Exception, settings: AnswerSettings) -> web.StreamResponse:
    """Answer as the application has it, or else as any does."""
    cause = sole(error)
    answer_to = settings.answer_to(cause)
    if answer_to is None or request.writer.output_size or _is_client_s(request, cause) or isinstance(cause, CutOff):
        return _answer(request, error)
    try:
        if isinstance(answer_to, int):
            answer: web.StreamResponse
            answer = _ponty_error(cause, answer_to) if isinstance(cause, PontyError) else problem(answer_to)
        else:
            made = answer_to(request, cause)
            answer = made if isinstance(made, web.StreamResponse) else await _awaited(made)
        check_sendable(answer)
    except Exception as raised:  # noqa: BLE001 - what the program raises in its place
        return _answer(request, raised)
    if answer.status >= 500 and not isinstance(cause, PontyError | web.HTTPException):
        _log(request, cause)
    return answer


async def _awaited(made: object) -> Any:
    return await made if inspect.isawaitable(made) else made


def _answer(request: web.Request, error: BaseException) -> web.StreamResponse:
    if request.writer.output_size or isinstance(error, CutOff):
        if not _has_left(request, error):
            _log(request, error)
        return _Broken()
    try:
        # First what floods of bad requests end in.
        answer = _ponty_error(error) if isinstance(error, PontyError) else _answer_to(request, sole(error))
        if answer is not None:
            if type(answer) is not PlainResponse or not answer.is_as_made():
                check_sendable(answer)
            mark_refused(error, answer)
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
        case _ if _is_client_s(request, error):
            # What aiohttp could not read (a bad chunk, a bad gzip stream, a connection lost) is the client's fault.
            return problem(400, detail="the body could not be read")
        case _:
            return None


def _answer_cancelled(request: web.Request, error: asyncio.CancelledError) -> web.StreamResponse:
    if take_late(error):
        return _too_late(request)
    if _is_cancelled():
        raise error
    # Nobody cancelled the handler: it waited for something else that was.
    tell_watchers(request, error)
    return _answer(request, error)


def _too_late(request: web.Request) -> web.StreamResponse:
    if request.writer.output_size:
        return _Broken()
    logger.warning("%s %s was cancelled: it took longer than handler_seconds", request.method, _route(request))
    return problem(503, headers={hdrs.RETRY_AFTER: "1"})


def _is_client_s(request: web.Request, error: BaseException) -> bool:
    if error is request.content.exception() or isinstance(error, web.RequestPayloadError):
        return True
    # aiohttp's parser in pure Python may put a second error in the place of the one that it has raised.
    return isinstance(error, HttpProcessingError) and request.content.exception() is not None


class _Sent(web.StreamResponse):
    """In place of a file, which is sent while it is prepared: to be prepared once more, it would fail.

    Args:
        answer: The file that was sent.
    """

    def __init__(self, answer: web.FileResponse) -> None:
        super().__init__(status=answer.status, reason=answer.reason, headers=answer.headers)
        self._answer = answer

    @property
    def prepared(self) -> bool:
        """Return that its head was sent."""
        return True

    @property
    def keep_alive(self) -> bool | None:
        """Return whether the connection stays open, as the file's answer has it."""
        return self._answer.keep_alive

    @property
    def body_length(self) -> int:
        """Return the number of bytes that were sent, for the access log."""
        return self._answer.body_length

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Do nothing: it is prepared."""
        del request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """End the answer, unless its file has: that to a HEAD, or a 304, has no file."""
        await self._answer.write_eof(data)


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


def _is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _has_left(request: web.Request, error: BaseException) -> bool:
    """Return whether `error` says only that the client has closed the connection."""
    return isinstance(error, CutOff) or (isinstance(error, ConnectionError) and has_left(request))


def _log(request: web.Request, error: BaseException) -> None:
    """Log what no client is told: the traceback, beside words of the program's own."""
    log_error(logger, "%s %s failed", request.method, _route(request), error=error)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(no route)"


def _ponty_error(error: PontyError, status: int | None = None) -> web.Response:
    """Answer with `error`, under its own status if no other is given."""
    if status is None:
        status = error.status_code
    options = error.options
    if error.text is None and error.body is None:
        own = None
        if error.members or error.title or error.type != "about:blank" or error.instance is not None:
            own = _of_its_own(error, status)
        if not options:
            return problem(status, detail=error.detail, faults=error.faults, own=own)
        headers, reason = options.get("headers"), options.get("reason")
        return problem(status, detail=error.detail, faults=error.faults, own=own, headers=headers, reason=reason)
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
    """Return what is to be told of an exception that has only aiohttp's own words; None if it has others."""
    if error.body == f"{error.status}: {error.reason}".encode():
        return ""
    if isinstance(error, web.HTTPRequestEntityTooLarge) and isinstance(error.body, bytes):
        text = error.body.decode(errors="replace")
        return text if text.startswith("Maximum request body size") else None
    return None
