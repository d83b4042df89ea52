"""Guards: each exception becomes an answer, except those that cancel the task or end the program.

A guard is put around each handler, each middleware, and the whole application: see
`ponty.core.middlewares.error_middleware`.
"""

import asyncio
import inspect
import logging
from typing import Any

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.typedefs import Handler

from ponty.core.errors.answer_settings import AnswerSettings
from ponty.core.errors.error_answers import answer_to, is_client_s, ponty_error, refusal
from ponty.core.errors.exceptions import PontyError
from ponty.core.errors.problems import problem
from ponty.core.log_lines import log_error
from ponty.core.middlewares.error_watchers import sole, tell_watchers
from ponty.core.middlewares.response_checks import check_sendable, check_unsent
from ponty.core.responses.entity_tags import if_changed
from ponty.core.responses.plain_response import PlainResponse
from ponty.core.wire.departures import CLIENT_LEFT, CutOff, has_left
from ponty.core.wire.late_handlers import is_late, take_late
from ponty.core.wire.unread_bodies import mark_refused

logger: logging.Logger = logging.getLogger("ponty.core")


async def answered(handler: Handler, request: web.Request, settings: AnswerSettings | None) -> web.StreamResponse:
    """Return the answer of `handler`, or the answer to the exception that it raises.

    Args:
        handler: The handler.
        request: The request.
        settings: The application's own answers to errors; None if it has none.
    """
    try:
        answer = await handler(request)
        if type(answer) is not PlainResponse or not answer.is_settled():
            return await checked(request, answer, handler)
    except Exception as error:  # noqa: BLE001 - all are answered here; this is the quick way for floods of bad requests
        tell_watchers(request, error)
        return _answer(request, error) if settings is None else await _answer_as_set(request, error, settings)
    except BaseException as error:  # a panic of an extension or SystemExit must not end the server
        if is_for_others(error):
            raise
        return await answer_raised(request, error, settings)
    return answer


async def checked(request: web.Request, answer: web.StreamResponse, handler: object = None) -> web.StreamResponse:
    """Return an answer that can be sent: `answer`, or a 304 if the client has the same already.

    Args:
        request: The request.
        answer: The answer that was returned.
        handler: The function that has returned it, for the message of an error.

    Raises:
        Exception: The answer cannot be sent.
    """
    check_sendable(answer, handler)
    if answer.prepared:
        await check_unsent(request, answer)
    elif type(answer) is PlainResponse and answer.is_conditional:
        return if_changed(request, answer)
    return answer


def is_for_others(error: BaseException) -> bool:
    """Return whether `error` does not concern the request: the task was cancelled, or the program ends.

    If a handler was cancelled because it took too long, this ends its cancellation, so that it can be answered.
    """
    if isinstance(error, asyncio.CancelledError):
        return not take_late(error) and _is_cancelled()  # otherwise another task was cancelled that it waited for
    # A coroutine that is discarded with its event loop is not answered.
    return isinstance(error, KeyboardInterrupt) or (isinstance(error, GeneratorExit) and not _is_running())


async def answer_raised(
    request: web.Request, error: BaseException, settings: AnswerSettings | None
) -> web.StreamResponse:
    """Return the answer to `error`; `settings` are the application's own answers to errors, if any."""
    if settings is None or not isinstance(error, Exception):
        return answer_to_raised(request, error)
    tell_watchers(request, error)
    return await _answer_as_set(request, error, settings)


def answer_to_raised(request: web.Request, error: BaseException) -> web.StreamResponse:
    """Return the answer to `error` if the application has no own answers."""
    if not isinstance(error, Exception) and is_late(error):
        return _too_late(request)
    tell_watchers(request, error)
    return _answer(request, error)


def _too_late(request: web.Request) -> web.StreamResponse:
    if request.writer.output_size:
        return BrokenAnswer()
    logger.warning("%s %s was cancelled: it took longer than handler_seconds", request.method, _route(request))
    return problem(503, headers={hdrs.RETRY_AFTER: "1"})


async def _answer_as_set(request: web.Request, error: Exception, settings: AnswerSettings) -> web.StreamResponse:
    """Answer with the application's own answer, or otherwise with Ponty's."""
    cause = sole(error)
    own = settings.answer_to(cause)
    if own is None or request.writer.output_size or is_client_s(request, cause) or isinstance(cause, CutOff):
        return _answer(request, error)
    try:
        if isinstance(own, int):
            answer: web.StreamResponse
            answer = ponty_error(cause, own) if isinstance(cause, PontyError) else problem(own)
        else:
            made = own(request, cause)
            answer = made if isinstance(made, web.StreamResponse) else await _awaited(made)
        check_sendable(answer)
    except Exception as raised:  # noqa: BLE001 - the function of the program may raise anything
        return _answer(request, raised)
    if answer.status >= 500 and not isinstance(cause, PontyError | web.HTTPException):
        log_failure(request, cause)
    return answer


async def _awaited(made: object) -> Any:
    return await made if inspect.isawaitable(made) else made


def _answer(request: web.Request, error: BaseException) -> web.StreamResponse:
    if request.writer.output_size or isinstance(error, CutOff):
        if _has_left(request, error):
            return BrokenAnswer(CLIENT_LEFT)  # a middleware that counts errors must not count this
        log_failure(request, error)
        return BrokenAnswer()
    try:
        if isinstance(error, PontyError):
            # First the answer for floods of bad requests.
            if (answer := refusal(error)) is not None:
                return answer
            answer = ponty_error(error)
        else:
            answer = answer_to(request, sole(error))
        if answer is not None:
            if type(answer) is not PlainResponse or not answer.is_settled():
                check_sendable(answer)
            mark_refused(error, answer)
            return answer
    except Exception as defect:  # noqa: BLE001 - the last resort, for a defect in Ponty itself
        error = defect
    log_failure(request, error)
    return problem(500)


class BrokenAnswer(web.StreamResponse):
    """Replaces an answer that failed after it had begun: only a cut connection shows that it is not whole.

    Args:
        status: The status that middlewares see, such as those that measure.
    """

    def __init__(self, status: int = 500) -> None:
        super().__init__(status=status)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Raise, so that aiohttp closes the connection of `request`."""
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
    """Return whether `error` only says that the client has closed the connection."""
    return isinstance(error, CutOff) or (isinstance(error, ConnectionError) and has_left(request))


def log_failure(request: web.Request, error: BaseException) -> None:
    """Log the traceback of an error, which no client gets, with the method and the route."""
    log_error(logger, "%s %s failed", request.method, _route(request), error=error)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(no route)"
