"""`expect` binds a handler to its request: it is called with the value of each field, or the request is refused.

The handler's parameters and the fields match one to one, in name and in type, which is seen to at import. The order in
which the fields are read is settled in `ponty.request.plan`.
"""

import functools
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Literal, TypeVar, get_origin, overload

import msgspec
from aiohttp import HttpVersion11, hdrs, payload, web

from ponty.core import PontyError
from ponty.request.content.charsets import MIMETYPE_CHECKED
from ponty.request.content.media_types import essence
from ponty.request.errors import InvalidField
from ponty.request.fields.provided import Provided
from ponty.request.fields.query import OtherParameters, ParsedQuery
from ponty.request.fields.scoped import Scopes
from ponty.request.forms.holding import release
from ponty.request.handlers import check_handler, make_call
from ponty.request.plan import Plan, Step, key_of_stand_in, make_plan
from ponty.request.refusals import Refusal, refusal_of
from ponty.request.request import Request

_R = TypeVar("_R")
_Req = TypeVar("_Req", bound=Request)

_Answer = Callable[[web.Request], Coroutine[Any, Any, _R]]


class _Elsewhere(msgspec.Struct, frozen=True, eq=False):
    """What answers in one application, in the place of what answers in all others.

    Args:
        app: The application.
        answer: What answers there.
        keys: The keys that it reads there.
    """

    app: "weakref.ref[web.Application]"
    answer: _Answer[Any]
    keys: tuple[web.AppKey[Any], ...]


_Answers = list[_Elsewhere]


class Binds(msgspec.Struct, frozen=True, eq=False):
    """What a handler takes of a request: its attribute `__ponty_request__`, for who describes it.

    Args:
        cls: The class of fields.
        media_type: The media type that a request must have; None where its fields say it.
    """

    cls: type[Request]
    media_type: str | None


@overload
def expect(
    cls: type[Request],
    *,
    mimetype: str | None = None,
    whole: Literal[False] = False,
    others: Literal["ignore", "refuse"] = "ignore",
) -> Callable[[Callable[..., Awaitable[_R]]], _Answer[_R]]: ...
@overload
def expect(
    cls: type[_Req],
    *,
    mimetype: str | None = None,
    whole: Literal[True],
    others: Literal["ignore", "refuse"] = "ignore",
) -> Callable[[Callable[[_Req], Awaitable[_R]]], _Answer[_R]]: ...
def expect(
    cls: type[Request],
    *,
    mimetype: str | None = None,
    whole: bool = False,
    others: Literal["ignore", "refuse"] = "ignore",
) -> Callable[[Callable[..., Awaitable[_R]]], _Answer[_R]]:
    """Call the decorated handler with the fields of a request.

    ::

        class ListOrders(Request):
            customer = PosIntRouteParameter()
            page = PosIntQueryParameter(default=1)

        @get(f"/customers/{ListOrders.customer}/orders")
        @expect(ListOrders)
        @render_json
        async def list_orders(customer: int, page: int) -> list[str]: ...

    Every field is tried before the client is answered, so that one answer names all that is wrong with a request. It
    is a 404 where a route parameter is at fault, else the `errorcode` of a cookie or the 415 of a body, and a 400
    otherwise.

    A guard comes before all of that: what it refuses is refused at once, with no word of the rest.

    Args:
        cls: The class of fields.
        mimetype: The media type that a request must have; another or none is a 415. Only type and subtype are compared,
            without case. Without it, a field of a JSON body takes `application/json` and what ends in `+json`.
        whole: Gives the handler one instance of `cls` in place of an argument for each field; type checkers know the
            types of its attributes.
        others: With `refuse`, a query parameter that no field reads is refused; so it is where a field is a
            `ParsedQuery`.

    Raises:
        TypeError: The handler is not a coroutine function, or its parameters and the fields do not match one to one, or
            a parameter is annotated with a type that has no room for what the field gives.
        ValueError: `mimetype` is not of the form `type/subtype`.
    """
    actual: Any = get_origin(cls) or cls
    if not (isinstance(actual, type) and issubclass(actual, Request)):
        raise TypeError(
            f"@expect takes a class of fields, as @expect(HelloReq), not {getattr(cls, '__qualname__', cls)!r}"
        )
    if mimetype is not None and (essence(mimetype) is None or ";" in mimetype):
        raise ValueError(f"@expect({cls.__qualname__}): {mimetype!r} is not a media type, as text/plain is")
    if others not in {"ignore", "refuse"}:
        raise ValueError(f"@expect({cls.__qualname__}): others is 'ignore' or 'refuse', not {others!r}")
    media_type = essence(mimetype) if mimetype is not None else None
    cls = actual

    def decorate(handler: Callable[..., Awaitable[_R]]) -> _Answer[_R]:
        fields = cls.__fields__
        inner, render, stream = _inner(handler, cls)
        check_handler(handler, inner, cls, whole=whole)
        elsewhere: _Answers = []

        def answer_by(plan: Plan, elsewhere: _Answers) -> _Answer[Any]:
            others_refused = _others(plan, refuse=others == "refuse")
            is_flat = plan.is_flat and others_refused is None
            names = [step.name for step in plan.checks] if is_flat else [*plan.named]
            call = make_call(inner, names, whole=cls if whole else None)
            binding = _Binding(media_type, others_refused, call, render, stream, elsewhere)
            made = _flat(plan.checks, binding) if is_flat else _in_turns(plan, binding)
            return _releasing(made) if any(step.field.takes_stream for step in plan.steps) else made

        plan = cls.__plan__
        answer = functools.wraps(handler)(answer_by(plan, elsewhere))
        # What it takes is a request, not the handler's parameters.
        del answer.__wrapped__
        vars(answer).pop("__signature__", None)

        def replace_fields(app: web.Application, stand_ins: Mapping[Any, Any]) -> set[int]:
            keys = {id(key) for step in plan.steps if (key := key_of_stand_in(step.field, stand_ins)) is not None}
            if keys:
                own = make_plan(cls.__qualname__, fields, stand_ins)
                gone = functools.partial(_forget, elsewhere)
                elsewhere.append(_Elsewhere(weakref.ref(app, gone), answer_by(own, []), _app_keys(own)))
            return keys

        def needed_keys(app: web.Application) -> Iterable[web.AppKey[Any]]:
            return next((own.keys for own in elsewhere if own.app() is app), _app_keys(plan))

        descriptions = [*plan.descriptions()]
        vars(answer).update(
            __ponty_path_parameters__=[d.name for d in descriptions if d.location == "path"],
            __ponty_replace_fields__=replace_fields,
            __ponty_app_keys__=needed_keys,
            __ponty_asks_for_body__=bool(plan.guards),
            __ponty_request__=Binds(cls, media_type),
            __ponty_handler__=inner,
        )
        # The most that a body may have is known before its handler runs: a client may ask whether to send it.
        if max_sizes := [step.field.max_size for step in plan.steps if step.field.max_size is not None]:
            vars(answer).update(__ponty_max_size__=max(max_sizes))
        return answer

    return decorate


def _forget(elsewhere: _Answers, app: "weakref.ref[web.Application]") -> None:
    elsewhere[:] = [own for own in elsewhere if own.app is not app]


def _app_keys(plan: Plan) -> tuple[web.AppKey[Any], ...]:
    return tuple(step.field.key for step in plan.steps if isinstance(step.field, Provided))


def _others(plan: Plan, *, refuse: bool) -> OtherParameters | None:
    """Return what refuses the query parameters that no field reads; None where they are let in."""
    queries = [step.field for step in plan.steps if isinstance(step.field, ParsedQuery)]
    if not refuse and not queries:
        return None
    names = [d.name for d in plan.descriptions() if d.location == "query" and d.style != "properties"]
    return OtherParameters([*names, *(name for query in queries for name in query.names)])


def _releasing(answer: _Answer[_R]) -> _Answer[_R]:
    """Put around what answers a request what closes all that the request holds."""

    async def released(request: web.Request) -> _R:
        try:
            return await answer(request)
        finally:
            await release(request)

    return functools.update_wrapper(released, answer)


def _inner(handler: Any, cls: type[Request]) -> tuple[Any, Any, Any]:
    """Return the function that is called with the fields, and what answers with what it returns.

    Returns:
        The function; what renders its value, or None; and what answers while it runs, or None.

    Raises:
        TypeError: Another decorator stands above one that streams, and does not hand the request on.
    """
    if hasattr(handler, "__ponty_streamed__"):
        outer, inner, stream = handler.__ponty_streamed__
        if outer is not handler:
            name = getattr(handler, "__qualname__", repr(handler))
            raise TypeError(
                f"@expect({cls.__qualname__}) on {name!r} stands directly above the decorator that streams its answer"
            )
        return inner, None, stream
    outer, inner, render = getattr(handler, "__ponty_rendered__", (None, None, None))
    return (inner, render, None) if outer is handler else (handler, None, None)


class _Binding(msgspec.Struct, frozen=True):
    """What is bound to the fields of a request.

    Args:
        media_type: The media type that a request must have; None for any.
        others: Refuses the query parameters that no field reads; None where they are let in.
        call: Calls the handler with their values.
        render: Makes an answer of its value; None where the value is one.
        stream: Answers a request with what the handler makes while it is sent; None where it makes an answer.
        elsewhere: What answers in some applications in the place of this.
    """

    media_type: str | None
    others: OtherParameters | None
    call: Callable[..., Awaitable[Any]]
    render: Any
    stream: Any
    elsewhere: _Answers


def _flat(fields: tuple[Step, ...], binding: _Binding) -> _Answer[Any]:
    """Make what answers where each field stands alone, as most do."""
    media_type, call, render, elsewhere = binding.media_type, binding.call, binding.render, binding.elsewhere
    stream = binding.stream
    extracts = tuple(field.extract for field in fields if not field.waits)
    attempts = tuple(field.attempt for field in fields if field.waits)

    async def answer(request: web.Request) -> Any:
        if elsewhere and (own := _own(elsewhere, request)):
            return await own(request)
        if media_type is not None:
            _check_media_type(request, media_type)
        values: list[Any] = []
        try:
            for extract in extracts:
                values.append(extract(request))  # noqa: PERF401 - its length tells which field refused
            for attempt in attempts:
                value = await attempt(request)
                if isinstance(value, InvalidField):
                    raise await _refused(request, fields[len(values) :], value)
                values.append(value)
        except InvalidField as invalid:
            # With its traceback, it would hold the frame that holds it: work for the garbage collector.
            raise await _refused(request, fields[len(values) :], invalid.with_traceback(None)) from None
        if render is None:
            return await (call(*values) if stream is None else stream(request, call(*values)))
        start = time.perf_counter_ns()
        return render(await call(*values), start)

    return answer


async def _refused(request: web.Request, fields: tuple[Step, ...], invalid: InvalidField) -> PontyError:
    """Return the refusal of a request by the first of some fields, and by the others if they refuse it, too."""
    refusals: list[Refusal] = [(fields[0], invalid)]
    return refusal_of(refusals + await _refusals(request, fields[1:]) if len(fields) > 1 else refusals)


def _in_turns(plan: Plan, binding: _Binding) -> _Answer[Any]:
    """Make what answers where some fields come before others."""
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
            if _is_whole(answered):
                await scopes.leave(None)
            else:
                _leave_when_sent(scopes, answered)
        return answered

    return answer


async def _handle(plan: Plan, binding: _Binding, request: web.Request, scopes: Scopes) -> Any:
    values: list[Any] = [None] * len(plan.steps)
    if plan.guards:
        await _pass_guards(plan.guards, request, values, scopes)
    if binding.media_type is not None:
        _check_media_type(request, binding.media_type)
    await _pass_checks(plan.checks, binding.others, request, values)
    for step in plan.scopes:
        try:
            values[step.slot] = await _read(step, request, values, scopes)
        except InvalidField as invalid:
            raise refusal_of([(step, invalid.with_traceback(None))]) from None
    arguments = [values[slot] for slot in plan.named.values()]
    if binding.stream is not None:
        return await binding.stream(request, binding.call(*arguments))
    if binding.render is None:
        return await binding.call(*arguments)
    start = time.perf_counter_ns()
    return binding.render(await binding.call(*arguments), start)


def _own(elsewhere: _Answers, request: web.Request) -> _Answer[Any] | None:
    app = request.app
    return next((own.answer for own in elsewhere if own.app() is app), None)


async def _read(step: Step, request: web.Request, values: list[Any], scopes: Scopes) -> Any:
    value = step.extract(request, **{name: values[slot] for name, slot in step.uses})
    if step.is_scope:
        return await scopes.enter(value)
    return await value if step.waits else value


async def _pass_guards(guards: tuple[Step, ...], request: web.Request, values: list[Any], scopes: Scopes) -> None:
    """Read the guards; then have the client send its body, where it waits to be asked.

    Raises:
        PontyError: One refuses the request.
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
    checks: tuple[Step, ...], others: OtherParameters | None, request: web.Request, values: list[Any]
) -> None:
    """Read the fields of the second turn.

    Raises:
        PontyError: One or several refuse the request.
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


def _is_whole(answer: Any) -> bool:
    """Return whether nothing of an answer is made while it is sent."""
    as_made = getattr(type(answer), "is_as_made", None)
    if as_made is not None and as_made(answer):
        return True
    if not isinstance(answer, web.StreamResponse) or answer.prepared:
        return True
    if type(answer).prepare is not web.StreamResponse.prepare and as_made is None:
        return False
    body = answer.body if isinstance(answer, web.Response) else None
    return isinstance(answer, web.Response) and (not isinstance(body, payload.Payload) or isinstance(body, _WHOLE))


_WHOLE = (payload.BytesPayload, payload.StringPayload)


def _leave_when_sent(scopes: Scopes, answer: web.StreamResponse) -> None:
    """Have scopes left when an answer was sent, or could not be."""
    prepare, write_eof = answer.prepare, answer.write_eof

    async def prepare_or_leave(request: web.BaseRequest) -> Any:
        try:
            return await prepare(request)
        except BaseException as error:
            await scopes.leave(error)
            raise

    async def end(data: bytes = b"") -> None:
        try:
            await write_eof(data)
        except BaseException as error:
            await scopes.leave(error)
            raise
        await scopes.leave(None)

    vars(answer).update(prepare=prepare_or_leave, write_eof=end)


def _check_media_type(request: web.Request, media_type: str) -> None:
    if essence(request.headers.get(hdrs.CONTENT_TYPE, "")) != media_type:
        raise _UnsupportedMediaType(headers={hdrs.ACCEPT: media_type})
    request[MIMETYPE_CHECKED] = True


class _UnsupportedMediaType(PontyError):
    status_code = 415


async def _refusals(request: web.Request, fields: Iterable[Step]) -> list[Refusal]:
    """Return what those of `fields` say of a request that refuse it."""
    refusals: list[Refusal] = []
    for field in fields:
        try:
            value = field.extract(request)
            if field.waits:
                await value
        except InvalidField as invalid:
            refusals.append((field, invalid.with_traceback(None)))
    return refusals
