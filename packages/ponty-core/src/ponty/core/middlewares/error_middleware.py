"""The error middleware: every exception becomes an answer here, and nowhere else.

A guard (`ponty.core.middlewares.guarding`) turns exceptions into answers. It is put around each handler that
`build_app` mounts, and around the handler of unmatched paths, so middlewares see answers and no exceptions. It is also
put around the whole application, for exceptions of middlewares, and of parts that are added to the application later.
"""

import functools
from collections.abc import Callable, Iterator, Sequence

import msgspec
from aiohttp import EMPTY_PAYLOAD, HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ponty.core.errors.answer_settings import AnswerSettings, current_settings
from ponty.core.errors.closing_answer import ClosingAnswer
from ponty.core.errors.error_answers import http_exception, too_large
from ponty.core.lifecycle.current_app import current_apps
from ponty.core.middlewares.guarding import (
    BrokenAnswer,
    answer_raised,
    answer_to_raised,
    answered,
    checked,
    is_for_others,
    log_failure,
)
from ponty.core.middlewares.passages import STEPS_ATTRIBUTE, joined
from ponty.core.middlewares.sent_file import SentFile
from ponty.core.responses.noted_headers import add_noted_headers, has_a_say
from ponty.core.responses.plain_response import PlainResponse
from ponty.core.wire.announced_bodies import MAX_SIZE_ATTRIBUTE, announces_too_much
from ponty.core.wire.head_requests import send_no_body
from ponty.core.wire.server_state import SERVER_NAME
from ponty.core.wire.server_writer import ServerWriter
from ponty.core.wire.unread_bodies import leave_unread

_OUTERMOST = "__ponty_answers_errors__"
_GUARD = "__ponty_guard__"


class _Guard(msgspec.Struct, frozen=True):
    """A handler, and the guard that `answering` has put around it."""

    guarded: Handler
    handler: Handler
    settings: AnswerSettings | None
    has_own_limit: bool
    is_set: bool


def answer_errors(settings: AnswerSettings | None = None) -> Middleware:
    """Make the outermost middleware of an application, which answers all that handlers and middlewares raise.

    Args:
        settings: The application's own answers.
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
        answer = await answered(handler, request, own)
        _settle(request, answer, arrives=arrives)
        for app in apps:
            receivers = app.on_response_prepare
            # The same check as `has_a_say`, without a call.
            if receivers and (receivers[0] is not add_noted_headers or len(receivers) > 1):
                return await _prepared(request, answer) if middleware in apps[0].middlewares else answer
        return answer

    setattr(middleware, _OUTERMOST, True)
    return middleware


def _settle(request: web.Request, answer: web.StreamResponse, *, arrives: bool) -> None:
    """Set the headers that the server adds to `answer`, and close the connection if no further request can follow.

    Args:
        request: The request that is answered.
        answer: The answer, which may be sent already.
        arrives: Whether the body had not arrived completely when the handler was called.
    """
    if type(answer) is not PlainResponse and type(request.writer) is not ServerWriter and not answer.prepared:
        answer.headers.setdefault(hdrs.SERVER, SERVER_NAME)  # Ponty's server sets it itself
    if request.version < HttpVersion11 and hdrs.TRANSFER_ENCODING in request.headers:
        # RFC 9112 §6.1: it is not certain where the body of such a request ends.
        answer.force_close()
    if arrives:
        content = request.content
        if content.exception() is not None:
            # After a broken body, no request can be read. aiohttp must not read on and log it either.
            answer.force_close()
            content.feed_eof()
        else:
            leave_unread(request, answer)


async def _prepared(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """Prepare an answer here, where an error of a receiver of `on_response_prepare` can still be answered."""
    if answer.prepared or isinstance(answer, BrokenAnswer):
        return answer
    try:
        await answer.prepare(request)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - all exceptions are answered here
        log_failure(request, error)
        return BrokenAnswer() if request.writer.output_size else ClosingAnswer(500)
    return SentFile(answer) if isinstance(answer, web.FileResponse) else answer


def answering(settings: AnswerSettings | None = None) -> Callable[[Handler], Handler]:
    """Make the guard for handlers, which answers all that they raise, so that middlewares only see answers.

    Args:
        settings: The own answers of the handlers' application.
    """
    own = settings if settings is not None and settings.answers_errors() else None
    rendering = settings if settings is not None and settings.renders() else None

    def guard(handler: Handler) -> Handler:
        has_own_limit = hasattr(handler, MAX_SIZE_ATTRIBUTE)  # then the handler itself refuses larger bodies

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not (has_own_limit or request.content.is_eof()) and announces_too_much(request):
                return await _refused_unread(request, own)
            return await answered(handler, request, own)

        async def guarded_as_set(request: web.Request) -> web.StreamResponse:
            assert rendering is not None  # noqa: S101 - chosen below
            if not (has_own_limit or request.content.is_eof()) and announces_too_much(request):
                return await _refused_unread(request, own)
            # A connection has one context for all its requests, which may be for several applications.
            token = current_settings.set(rendering)
            try:
                return await answered(handler, request, own)
            finally:
                current_settings.reset(token)

        made = functools.update_wrapper(guarded if rendering is None else guarded_as_set, handler)
        setattr(made, _GUARD, _Guard(made, handler, own, has_own_limit, rendering is not None))
        return made

    return guard


def whole(app: web.Application, handler: Handler) -> Handler | None:
    """Make one function from a handler, its guard by `answering`, and the middleware of `answer_errors`.

    The function does the same as these three, and is faster. There must be no other middleware between them.

    Args:
        app: A frozen application that is not a part of another one.
        handler: The handler of a route.

    Returns:
        The function; None if another middleware or wrapper is around the handler.
    """
    guard: _Guard | None = getattr(handler, _GUARD, None)
    if guard is None or guard.guarded is not handler or guard.is_set or not _stands_alone(app):
        return None
    inner, own, has_own_limit, apps = guard.handler, guard.settings, guard.has_own_limit, (app,)

    async def answer(request: web.Request) -> web.StreamResponse:
        current_apps.set(apps)
        if request.method == hdrs.METH_HEAD:
            send_no_body(request.writer)
        content = request.content
        arrives = content is not EMPTY_PAYLOAD and not content.is_eof()
        if arrives and not has_own_limit and announces_too_much(request):
            given: web.StreamResponse = await _refused_unread(request, own)
        else:
            # The same as `answered`, without another coroutine.
            try:
                given = await inner(request)
                if type(given) is not PlainResponse or not given.is_settled():
                    given = await checked(request, given, inner)
            except BaseException as error:  # a panic of an extension or SystemExit must not end the server
                if not isinstance(error, Exception) and is_for_others(error):
                    raise
                given = answer_to_raised(request, error) if own is None else await answer_raised(request, error, own)
        if arrives or type(given) is not PlainResponse or request.version is not HttpVersion11:
            _settle(request, given, arrives=arrives)
        return given

    return functools.update_wrapper(answer, handler)


async def _refused_unread(request: web.Request, settings: AnswerSettings | None) -> web.StreamResponse:
    """Answer a request whose body is announced as too large, and have its connection closed."""
    error = too_large(request)
    answer = http_exception(error) if settings is None else await answer_raised(request, error, settings)
    answer.force_close()
    return answer


def _stands_alone(app: web.Application) -> bool:
    """Return whether `answer_errors` is the only middleware, and no receiver changes plain answers."""
    around = app.middlewares
    return len(around) == 1 and hasattr(around[0], _OUTERMOST) and not has_a_say(app)


def answering_for_others(
    middlewares: Sequence[Middleware], settings: AnswerSettings | None = None
) -> Iterator[Middleware]:
    """Put a guard around each of an application's middlewares but the outermost one.

    Errors of the outermost are answered by `answer_errors`, which is around it. Ponty's own middlewares that are next
    to each other are joined into one, which answers errors itself.
    """
    own = settings if settings is not None and settings.answers_errors() else None
    for number, middleware in enumerate(joined(middlewares, functools.partial(answer_raised, settings=own))):
        if hasattr(middleware, STEPS_ATTRIBUTE):
            yield middleware
            continue
        is_new_style = getattr(middleware, "__middleware_version__", None) == 1
        yield _answering_middleware(middleware, own) if number and is_new_style else middleware


def _answering_middleware(middleware: Middleware, settings: AnswerSettings | None) -> Middleware:
    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        # The same as `answered`, without another coroutine for each middleware and request.
        try:
            answer = await middleware(request, handler=handler)
            if type(answer) is not PlainResponse or not answer.is_settled():
                return await checked(request, answer)
        except BaseException as error:  # a panic of an extension or SystemExit must not end the server
            if is_for_others(error):
                raise
            return await answer_raised(request, error, settings)
        return answer

    return functools.update_wrapper(guarded, middleware)
