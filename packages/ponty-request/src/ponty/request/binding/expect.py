"""`expect` binds a handler to its request: it is called with the value of each field, or the request is refused.

The handler's parameters and the fields must match one to one, in name and in type; this is checked at import. The order
in which the fields are read is decided in `ponty.request.fields.plan`, and followed in `ponty.request.binding.reading`.
"""

import functools
import weakref
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_origin, overload

import msgspec
from aiohttp import web

from ponty.request.binding.handlers import check_handler, make_call
from ponty.request.binding.reading import Answer, Answers, Binding, Elsewhere, in_one_turn, in_turns
from ponty.request.content.media_types import essence
from ponty.request.fields.plan import Plan, key_of_stand_in, make_plan
from ponty.request.fields.provided import Provided
from ponty.request.request import Request

if TYPE_CHECKING:
    from ponty.request.fields.parameters.other_parameters import OtherParameters

_R = TypeVar("_R")
_Req = TypeVar("_Req", bound=Request)


class Binds(msgspec.Struct, frozen=True, eq=False):
    """The request that a handler takes: the handler's attribute `__ponty_request__`, from which it is described.

    Args:
        cls: The class of fields.
        media_type: The media type that a request must have; None if the fields decide.
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
) -> Callable[[Callable[..., Awaitable[_R]]], Answer[_R]]: ...
@overload
def expect(
    cls: type[_Req],
    *,
    mimetype: str | None = None,
    whole: Literal[True],
    others: Literal["ignore", "refuse"] = "ignore",
) -> Callable[[Callable[[_Req], Awaitable[_R]]], Answer[_R]]: ...
def expect(
    cls: type[Request],
    *,
    mimetype: str | None = None,
    whole: bool = False,
    others: Literal["ignore", "refuse"] = "ignore",
) -> Callable[[Callable[..., Awaitable[_R]]], Answer[_R]]:
    """Call the decorated handler with the values of a request's fields.

    ::

        class ListOrders(Request):
            customer = PosIntRouteParameter()
            page = PosIntQueryParameter(default=1)

        @get(f"/customers/{ListOrders.customer}/orders")
        @expect(ListOrders)
        @render_json
        async def list_orders(customer: int, page: int) -> list[str]: ...

    Every field is tried before the client is answered, so that one answer names everything that is wrong with a
    request. The status of the answer is:

    1. 404, if a field refuses with 404, as route parameters do;
    2. otherwise the first status other than 400 with which a field refuses, in the order in which fields are read: the
       `errorcode` of a cookie, the 415 of a body, the status of an `InvalidField`;
    3. otherwise 400.

    Guards are read before all other fields. If a guard refuses a request, that is the whole answer, and no other fault
    is named.

    Args:
        cls: The class of fields.
        mimetype: The media type that a request must have. A request with another one, or none, is a 415 before its
            fields are read, except for guards. Only type and subtype are compared, ignoring case. Without it, fields of
            a JSON body accept `application/json` and types that end in `+json`.
        whole: Whether the handler takes one instance of `cls`, instead of an argument for each field. Type checkers
            know the types of its attributes.
        others: `refuse` answers query parameters that no field reads with a 400; a `ParsedQuery` does so in any case.
            `ignore`, the default, lets them pass.

    Raises:
        TypeError: `cls` is not a class of fields; or the handler is not a coroutine function, its parameters and the
            fields do not match one to one, or the annotation of a parameter does not admit the values of its field.
        ValueError: `mimetype` is not of the form `type/subtype`, or `others` is another word.
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

    def decorate(handler: Callable[..., Awaitable[_R]]) -> Answer[_R]:
        fields = cls.__fields__
        inner, render, stream = _inner(handler, cls)
        check_handler(handler, inner, cls, whole=whole)
        elsewhere: Answers = []
        is_guarded = bool(cls.__plan__.guards)

        def answer_by(plan: Plan, elsewhere: Answers) -> Answer[Any]:
            others_refused = _others(plan, refuse=others == "refuse")
            is_flat = plan.is_flat and others_refused is None and not is_guarded
            names = [step.name for step in plan.checks] if is_flat else [*plan.named]
            call = make_call(inner, names, whole=cls if whole else None)
            binding = Binding(media_type, others_refused, call, render, stream, elsewhere, is_guarded)
            made = in_one_turn(plan.checks, binding) if is_flat else in_turns(plan, binding)
            return _releasing(made) if any(step.field.takes_stream for step in plan.steps) else made

        plan = cls.__plan__
        answer = functools.wraps(handler)(answer_by(plan, elsewhere))
        # The decorated function takes a request, not the handler's parameters.
        del answer.__wrapped__
        vars(answer).pop("__signature__", None)

        def replace_fields(app: web.Application, stand_ins: Mapping[Any, Any]) -> set[int]:
            keys = {id(key) for step in plan.steps if (key := key_of_stand_in(step.field, stand_ins)) is not None}
            if keys:
                own = make_plan(cls.__qualname__, fields, stand_ins)
                gone = functools.partial(_forget, elsewhere)
                elsewhere.append(Elsewhere(weakref.ref(app, gone), answer_by(own, []), _app_keys(own)))
            return keys

        def needed_keys(app: web.Application) -> Iterable[web.AppKey[Any]]:
            return next((own.keys for own in elsewhere if own.app() is app), _app_keys(plan))

        descriptions = [*plan.descriptions()]
        vars(answer).update(
            __ponty_path_parameters__=[d.name for d in descriptions if d.location == "path"],
            __ponty_replace_fields__=replace_fields,
            __ponty_app_keys__=needed_keys,
            __ponty_asks_for_body__=is_guarded,
            __ponty_admits__=is_guarded,
            __ponty_credentials__=_credentials(plan),
            __ponty_streams_body__=any(hasattr(step.field, "__ponty_streams_body__") for step in plan.steps),
            __ponty_request__=Binds(cls, media_type),
            __ponty_handler__=inner,
        )
        # The limit of a body must be known before the handler runs: a client may ask whether to send it.
        if max_sizes := [step.field.max_size for step in plan.steps if step.field.max_size is not None]:
            vars(answer).update(__ponty_max_size__=max(max_sizes))
        return answer

    return decorate


def _credentials(plan: Plan) -> list[tuple[str, str]] | None:
    """Return the location and name of each credential that the guards read; None if there are no guards."""
    if not plan.guards:
        return None
    said = [description for step in plan.guards if (description := step.describe()) is not None]
    return [(description.location, description.name) for description in said]


def _forget(elsewhere: Answers, app: "weakref.ref[web.Application]") -> None:
    elsewhere[:] = [own for own in elsewhere if own.app is not app]


def _app_keys(plan: Plan) -> tuple[web.AppKey[Any], ...]:
    return tuple(step.field.key for step in plan.steps if isinstance(step.field, Provided))


def _others(plan: Plan, *, refuse: bool) -> "OtherParameters | None":
    """Return the check that refuses query parameters that no field reads; None if they are ignored."""
    queries = [step.field.__ponty_query__ for step in plan.steps if hasattr(step.field, "__ponty_query__")]
    if not refuse and not queries:
        return None
    from ponty.request.fields.parameters.other_parameters import OtherParameters  # noqa: PLC0415 - most ignore them

    names = [d.name for d in plan.descriptions() if d.location == "query" and d.style != "properties"]
    return OtherParameters([*names, *(name for query in queries for name in query)])


def _releasing(answer: Answer[_R]) -> Answer[_R]:
    """Wrap the function that answers a request, so that everything the request holds is closed at the end."""
    from ponty.request.forms.holding import release  # noqa: PLC0415 - most requests hold nothing

    async def released(request: web.Request) -> _R:
        try:
            return await answer(request)
        finally:
            await release(request)

    return functools.update_wrapper(released, answer)


def _inner(handler: Any, cls: type[Request]) -> tuple[Any, Any, Any]:
    """Return the function that takes the values of the fields, and the one that makes an answer from its result.

    Returns:
        The function; the one that renders its value, or None; and the one that answers while it runs, or None.

    Raises:
        TypeError: Another decorator stands between `expect` and the one that streams the answer.
    """
    if hasattr(handler, "__ponty_streamed__"):
        outer, inner, stream = handler.__ponty_streamed__
        if outer is not handler:
            name = getattr(handler, "__qualname__", repr(handler))
            raise TypeError(
                f"@expect({cls.__qualname__}) on {name!r} must stand directly above the decorator that streams its "
                "answer"
            )
        return inner, None, stream
    outer, inner, render = getattr(handler, "__ponty_rendered__", (None, None, None))
    return (inner, render, None) if outer is handler else (handler, None, None)
