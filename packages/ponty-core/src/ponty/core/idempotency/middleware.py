"""`idempotent`: the middleware for routes that carries out each request with an idempotency key once."""

from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from typing import Any, Literal

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ponty.core.errors.exceptions import PontyError, ValidationError
from ponty.core.idempotency.attempt import Attempt, Options, keeps
from ponty.core.idempotency.attempt import fingerprint as whole_request
from ponty.core.idempotency.keys import HEADER, LONGEST
from ponty.core.idempotency.problems import IdempotencyKeyInUse, IdempotencyKeyReused
from ponty.core.idempotency.store import IdempotencyStore
from ponty.core.routing.admission import ADMISSION
from ponty.core.routing.route import Route, name_of

_DAY_MS = 86_400_000


def idempotent(
    store: IdempotencyStore,
    *,
    ttl_ms: float = _DAY_MS,
    maxwait_ms: float = 5000,
    required: bool = False,
    scope: Callable[[web.Request], str | Awaitable[str]] | None = None,
    methods: Collection[str] = (hdrs.METH_POST, hdrs.METH_PATCH),
    fingerprint: Callable[[web.Request, bytes], str | bytes] | None = None,
    keep: Callable[[int], bool] | None = None,
    max_answer: int = 1024**2,
    after_crash: Literal["again", "refuse"] = "again",
) -> Middleware:
    """Make a middleware for routes that carries out each request with an idempotency key once.

    ::

        def caller(request: web.Request) -> str:
            return request["user"]  # which a guard has put there

        @post("/payments", middlewares=[idempotent(RedisRecords("redis://localhost"), scope=caller, required=True)])
        @render_json(status=201)
        async def pay(request: web.Request) -> dict[str, int]:
            return {"payment": 7}

    A client makes up a key for what it wants to happen once, and sends it in the header `Idempotency-Key` with the
    request and with each repetition. The first one is carried out. Those that come meanwhile wait for it. All get its
    answer: status, headers and body; a repetition has the header `Idempotent-Replayed: true`.

    - A key that another request had, with another method, path or body, is a 422.
    - A key whose request is still being carried out when the wait is over is a 409, with `Retry-After`.
    - What was refused before the handler was called, as a request that is not valid, is not kept, and may be sent
      again with the same key when it is mended. Nor is an answer kept that says to try again: a 5xx, a 408, 425 or 429,
      and whatever has a `Retry-After`.
    - The guards of the handler run each time, before anything else.

    Args:
        store: Where answers are kept: `LocalRecords` or `RedisRecords` of `ponty.memo`, or an `IdempotencyStore` of
            your own.
        ttl_ms: How long an answer is kept, in milliseconds. A repetition that comes later is carried out.
        maxwait_ms: How long a repetition waits for the one that is being carried out, in milliseconds.
        required: Refuses a request without a key, with a 400. Otherwise it is carried out each time.
        scope: Names the caller, as a text: a function of the request, called when the guards are passed, which may be a
            coroutine function. A key belongs to one caller; another one's is another key. Without it, callers are told
            apart by `Authorization` and whatever the guards of the handler look at; where it has no guards, a
            repetition has to have the cookies of the first, or is a 422. Give it where tokens are renewed: with a new
            one, the same person is another caller.
        methods: The methods whose requests may have a key; others go to the handler as they are.
        fingerprint: Returns what has to be the same in a repetition, of a request and its body. Without it, that is the
            method, the path with its query, the media type and all bytes of the body.
        keep: Returns whether to keep an answer of a status, in place of the rule above.
        max_answer: How many bytes the body of an answer may have to be kept. A repetition of a request whose answer has
            more, or is sent while it is made, is a 409, and is not carried out.
        after_crash: What a repetition is answered with where the process has died before the answer was kept, so that
            nobody knows whether the request took effect. "again" carries it out, once the lease of the dead process has
            ended; "refuse" answers 409, for as long as `ttl_ms`.

    Raises:
        ValueError: A number, a method or `after_crash` makes no sense.
        TypeError: `store` has not got the methods of one, or something else is no function; when the application is
            built, a route streams its answer or its body.
    """
    _check_store(store)
    _check_number("ttl_ms", ttl_ms, least=1)
    _check_number("maxwait_ms", maxwait_ms, least=0)
    _check_number("max_answer", max_answer, least=0)
    if after_crash not in {"again", "refuse"}:
        raise ValueError(f"idempotent: after_crash is 'again' or 'refuse', not {after_crash!r}")
    for name, function in {"scope": scope, "fingerprint": fingerprint, "keep": keep}.items():
        if function is not None and not callable(function):
            raise TypeError(f"idempotent: {name} is a function, not {function!r}")
    options = Options(
        store=store,
        ttl_ms=ttl_ms,
        maxwait_ms=maxwait_ms,
        required=required,
        scope=scope,
        fingerprint=fingerprint or whole_request,
        keep=keep or keeps,
        max_answer=max_answer,
        after_crash=after_crash,
    )
    return _Idempotent(options, _methods(methods))


class _Idempotent:
    """The middleware."""

    __middleware_version__ = 1  # as aiohttp asks of what is no function
    __ponty_only_for_routes__ = "idempotent"

    def __init__(self, options: Options, methods: frozenset[str]) -> None:
        self._options = options
        self._methods = methods

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in self._methods:
            return await handler(request)
        credentials = getattr(handler, "__ponty_credentials__", None)
        async with AsyncExitStack() as stack:
            attempt = Attempt(self._options, stack, credentials)
            request[ADMISSION] = attempt
            if not getattr(handler, "__ponty_admits__", False):
                known = await attempt.admitted(request)
                if known is not None:
                    return known
            return await attempt.finish(request, await handler(request))

    def __ponty_check_route__(self, route: Route) -> None:
        """Refuse a route whose answer or body is not there as a whole.

        Raises:
            TypeError: It is such a route.
        """
        if route.method not in {*self._methods, hdrs.METH_ANY}:
            return
        here, handler = f"{route.method} {route.path}: idempotent", name_of(route.handler)
        if hasattr(route.handler, "__ponty_streamed__"):
            raise TypeError(f"{here} keeps whole answers, and {handler!r} streams its own")
        if getattr(route.handler, "__ponty_streams_body__", False):
            raise TypeError(f"{here} compares whole bodies, and {handler!r} takes a stream")
        if sum(isinstance(one, _Idempotent) for one in route.middlewares) > 1:
            raise TypeError(f"{here} stands around {handler!r} twice")

    def __ponty_describe__(self, method: str) -> tuple[list[dict[str, Any]], list[int], list[type[PontyError]]]:
        """Describe what it takes of a request and what it answers: parameters of OpenAPI, statuses and errors."""
        if method not in self._methods:
            return [], [], []
        parameter = {
            "name": HEADER,
            "in": "header",
            "description": "Names what is to happen once: repetitions with the same key get the same answer.",
            "required": self._options.required,
            "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
        }
        if not self._options.required:
            del parameter["required"]
        return [parameter], [ValidationError.status_code], [IdempotencyKeyInUse, IdempotencyKeyReused]


def _check_store(store: object) -> None:
    lacking = [name for name in ("get", "hold") if not callable(getattr(store, name, None))]
    if lacking or isinstance(store, type):
        raise TypeError(
            f"idempotent: {name_of(store)!r} is no store of answers, as LocalRecords() and RedisRecords(url) of "
            "ponty.memo are"
        )


def _check_number(name: str, value: object, *, least: float) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value < float("inf"):
        raise ValueError(f"idempotent: {name} is a number from {least:g} up, not {value!r}")


def _methods(methods: Collection[str]) -> frozenset[str]:
    if isinstance(methods, str):
        raise TypeError(f"idempotent: methods is a list, as methods=[{methods!r}]")
    upper = frozenset(method.upper() for method in methods)
    if not upper or hdrs.METH_ANY in upper:
        raise ValueError("idempotent: methods lists the methods whose requests may have a key")
    return upper
