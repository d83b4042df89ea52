"""A request is answered by reading its fields, turn by turn, and calling the handler with their values.

The turns are those of `ponty.request.fields.plan`. The refusals of a turn are collected, so that one answer names all
faults.
"""

import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from aiohttp import HttpVersion11, hdrs, web

from ponty.core import ADMISSION, PontyError
from ponty.request.binding.leaving import is_whole, leave_when_sent
from ponty.request.binding.refusals import Refusal, refusal_of
from ponty.request.content.charsets import MIMETYPE_CHECKED
from ponty.request.content.media_types import essence
from ponty.request.errors import InvalidField, Refused
from ponty.request.fields.plan import Plan, Step
from ponty.request.fields.scoped import Scopes

if TYPE_CHECKING:
    from ponty.request.fields.parameters.other_parameters import OtherParameters

_R = TypeVar("_R")

Answer = Callable[[web.Request], Coroutine[Any, Any, _R]]


class Elsewhere(msgspec.Struct, frozen=True, eq=False):
    """The function that answers in one application, where this differs from all others because fields were replaced.

    Args:
        app: The application.
        answer: The function that answers there.
        keys: The application keys that its fields read.
    """

    app: "weakref.ref[web.Application]"
    answer: Answer[Any]
    keys: tuple[web.AppKey[Any], ...]


Answers = list[Elsewhere]


class Binding(msgspec.Struct, frozen=True):
    """A handler, bound to the fields of a request.

    Args:
        media_type: The media type that a request must have; None for any.
        others: The check that refuses query parameters that no field reads; None if they are ignored.
        call: Calls the handler with the values of the fields.
        render: Makes an answer from the handler's value; None if that value is the answer.
        stream: Answers a request with the items that the handler makes meanwhile; None if the handler makes the answer.
        elsewhere: The functions that answer in some applications, instead of this one.
        admits: Whether to tell middlewares that the guards are passed.
    """

    media_type: str | None
    others: "OtherParameters | None"
    call: Callable[..., Awaitable[Any]]
    render: Any
    stream: Any
    elsewhere: Answers
    admits: bool


def in_one_turn(  # noqa: C901 - in one piece, since every further call would cost every request
    fields: tuple[Step, ...], binding: Binding
) -> Answer[Any]:
    """Make the function that answers requests if no field depends on another, as is usual."""
    media_type, call, render, elsewhere = binding.media_type, binding.call, binding.render, binding.elsewhere
    stream = binding.stream
    extracts = tuple(field.extract for field in fields if not field.waits)
    attempts = tuple(field.attempt for field in fields if field.waits)

    async def answer(request: web.Request) -> Any:
        if elsewhere and (own := _own(elsewhere, request)):
            return await own(request)
        values: list[Any] = []
        refused: Refused | InvalidField | None = None
        try:
            if media_type is not None:
                _check_media_type(request, media_type)
            for extract in extracts:
                values.append(extract(request))  # noqa: PERF401 - its length tells which field refused
            for attempt in attempts:
                value = await attempt(request)
                if type(value) is Refused:
                    refused = value
                    break
                values.append(value)
        except InvalidField as invalid:
            # With its traceback, it would be part of a reference cycle: work for the garbage collector.
            refused = invalid.with_traceback(None)
        except BaseException:
            _tell_refused(request)
            raise
        if refused is not None:
            step, *others = fields[len(values) :]
            raise refusal_of([(step, refused), *(await _refusals(request, others) if others else ())])
        if render is None:
            return await (call(*values) if stream is None else stream(request, call(*values)))
        start = time.perf_counter_ns()
        return render(await call(*values), start)

    return answer


def in_turns(plan: Plan, binding: Binding) -> Answer[Any]:
    """Make the function that answers requests if some fields come before others."""
    elsewhere = binding.elsewhere

    async def answer(request: web.Request) -> Any:
        if elsewhere and (own := _own(elsewhere, request)):
            return await own(request)
        scopes = Scopes()
        try:
            answered = await _handle(plan, binding, request, scopes)
        except BaseException as error:
            await scopes.leave(error)
            raise
        if scopes:
            if is_whole(answered):
                await scopes.leave(None)
            else:
                leave_when_sent(scopes, answered)
        return answered

    return answer


async def _handle(plan: Plan, binding: Binding, request: web.Request, scopes: Scopes) -> Any:
    values: list[Any] = [None] * len(plan.steps)
    try:
        if plan.guards:
            await _pass_guards(plan.guards, request, values, scopes)
        if binding.admits and (admission := request.get(ADMISSION)) is not None:
            known = await admission.admitted(request)
            if known is not None:
                return known
        if binding.media_type is not None:
            _check_media_type(request, binding.media_type)
        await _pass_checks(plan.checks, binding.others, request, values)
        for step in plan.scopes:
            await _pass_scope(step, request, values, scopes)
    except BaseException:
        _tell_refused(request)
        raise
    arguments = [values[slot] for slot in plan.named.values()]
    if binding.stream is not None:
        return await binding.stream(request, binding.call(*arguments))
    if binding.render is None:
        return await binding.call(*arguments)
    start = time.perf_counter_ns()
    return binding.render(await binding.call(*arguments), start)


def _tell_refused(request: web.Request) -> None:
    """Mark the admission as refused, for a middleware that waits for it: the handler was not called."""
    if (admission := request.get(ADMISSION)) is not None:
        admission.refused = True


def _own(elsewhere: Answers, request: web.Request) -> Answer[Any] | None:
    app = request.app
    return next((own.answer for own in elsewhere if own.app() is app), None)


async def _read(step: Step, request: web.Request, values: list[Any], scopes: Scopes) -> Any:
    value = step.extract(request, **{name: values[slot] for name, slot in step.uses})
    if step.is_scope:
        return await scopes.enter(value)
    return await value if step.waits else value


async def _pass_guards(guards: tuple[Step, ...], request: web.Request, values: list[Any], scopes: Scopes) -> None:
    """Read the guards. Then ask the client for its body, if it waits for that (`Expect: 100-continue`).

    Raises:
        PontyError: A guard refuses the request.
    """
    try:
        for step in guards:
            try:
                values[step.slot] = await _read(step, request, values, scopes)
            except InvalidField as invalid:
                raise refusal_of([(step, invalid.with_traceback(None))]) from None
    except PontyError as error:
        error.__ponty_leaves_body__ = True  # type: ignore[attr-defined]
        raise
    if request.version >= HttpVersion11 and request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # no part of the answer is out yet


async def _pass_checks(
    checks: tuple[Step, ...], others: "OtherParameters | None", request: web.Request, values: list[Any]
) -> None:
    """Read the fields of the second turn.

    Raises:
        PontyError: One or several fields refuse the request.
    """
    refusals: list[Refusal] = []
    failed: set[int] = set()
    for step in checks:
        if failed and any(slot in failed for _, slot in step.uses):
            failed.add(step.slot)
            continue
        try:
            value = step.extract(request, **{name: values[slot] for name, slot in step.uses})
            values[step.slot] = await value if step.waits else value
        except InvalidField as invalid:
            failed.add(step.slot)
            refusals.append((step, invalid.with_traceback(None)))
    if others is not None:
        try:
            others.check(request)
        except InvalidField as invalid:
            refusals.append((others, invalid.with_traceback(None)))
    if refusals:
        raise refusal_of(refusals)


async def _pass_scope(step: Step, request: web.Request, values: list[Any], scopes: Scopes) -> None:
    """Read a field of the third turn.

    Raises:
        PontyError: The field refuses the request.
    """
    try:
        values[step.slot] = await _read(step, request, values, scopes)
    except InvalidField as invalid:
        raise refusal_of([(step, invalid.with_traceback(None))]) from None


def _check_media_type(request: web.Request, media_type: str) -> None:
    content_type = request.headers.get(hdrs.CONTENT_TYPE, "")
    if content_type == media_type == _JSON:
        return  # the usual case; the field that reads the body accepts this media type by itself
    if essence(content_type) != media_type:
        raise _UnsupportedMediaType(headers={hdrs.ACCEPT: media_type})
    request[MIMETYPE_CHECKED] = True


_JSON = "application/json"


class _UnsupportedMediaType(PontyError):
    status_code = 415


async def _refusals(request: web.Request, fields: Iterable[Step]) -> list[Refusal]:
    """Return the refusals of those `fields` that refuse a request."""
    refusals: list[Refusal] = []
    for field in fields:
        try:
            value = field.extract(request)
            if field.waits:
                await value
        except InvalidField as invalid:
            refusals.append((field, invalid.with_traceback(None)))
    return refusals
