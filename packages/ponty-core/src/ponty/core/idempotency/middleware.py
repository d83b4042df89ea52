"""`idempotent`: a middleware for routes that carries out each request with an idempotency key only once."""

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
    """Make a middleware for routes that carries out each request with an idempotency key only once.

    ::

        def caller(request: web.Request) -> str:
            return request["user"]  # a guard has put it there

        @post("/payments", middlewares=[idempotent(RedisRecords("redis://localhost"), scope=caller, required=True)])
        @render_json(status=201)
        async def pay(request: web.Request) -> dict[str, int]:
            return {"payment": 7}

    A client chooses a new key for each operation, and sends it in the header `Idempotency-Key` with the request and
    with each repetition. The first request is carried out. Repetitions that arrive meanwhile wait for it. All get the
    same answer: status, headers and body. The answer to a repetition has the header `Idempotent-Replayed: true`.

    - If another request, with another method, path or body, had the same key, the answer is a 422.
    - If the first request is still being carried out when the wait is over, the answer is a 409, with `Retry-After`.
    - If a request is refused before its handler is called, for example since it is not valid, nothing is kept. The
      client may correct it and send it again with the same key. Answers that ask the client to try again are not kept
      either: a 5xx, a 408, 425 or 429, and each answer with a `Retry-After`.
    - The guards of the handler run each time, before anything else.

    Args:
        store: The store for answers: `LocalRecords` or `RedisRecords` of `ponty.memo`, or your own `IdempotencyStore`.
        ttl_ms: How long an answer is kept, in milliseconds. A later repetition is carried out again.
        maxwait_ms: How long a repetition waits for the first request, in milliseconds.
        required: Whether a request without a key is refused with a 400. Otherwise it is carried out each time.
        scope: A function of the request that returns the name of the caller, as a text. It is called after the guards,
            and may be a coroutine function. Keys of different callers are different keys. By default, callers are
            distinguished by `Authorization` and the values that the guards of the handler read. If there are no guards,
            a repetition must also have the cookies of the first request, or its answer is a 422. Give a scope if tokens
            are renewed, since the same user is another caller with a new token.
        methods: The methods whose requests may have a key; other requests go to the handler unchanged.
        fingerprint: A function of a request and its body that returns the data which must be the same in a repetition.
            By default, that is the method, the path with its query, the media type and all bytes of the body.
        keep: A function of a status that returns whether to keep the answer, instead of the rule for statuses above.
        max_answer: The most bytes of the body of an answer that is kept. If the answer is larger or a stream, a
            repetition is a 409, and is not carried out.
        after_crash: What happens to a repetition if the process has died before the answer was kept, so that it is not
            known whether the request took effect. "again" carries it out when the lease of the dead process has ended.
            "refuse" answers with a 409, until `ttl_ms` is over.

    Raises:
        ValueError: A number, a method or `after_crash` is not valid.
        TypeError: `store` does not have the methods of a store, or another argument is not a function. Also when the
            application is built, if a route streams its answer or its body.
    """
    _check_store(store)
    _check_number("ttl_ms", ttl_ms, least=1)
    _check_number("maxwait_ms", maxwait_ms, least=0)
    _check_number("max_answer", max_answer, least=0)
    if after_crash not in {"again", "refuse"}:
        raise ValueError(f"idempotent: after_crash must be 'again' or 'refuse', not {after_crash!r}")
    for name, function in {"scope": scope, "fingerprint": fingerprint, "keep": keep}.items():
        if function is not None and not callable(function):
            raise TypeError(f"idempotent: {name} must be a function, not {function!r}")
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
    """The middleware that `idempotent` returns."""

    __middleware_version__ = 1  # aiohttp expects this of a middleware that is not a function
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
        """Refuse a route that streams its answer or body, or that has this middleware twice.

        Raises:
            TypeError: It is such a route.
        """
        if route.method not in {*self._methods, hdrs.METH_ANY}:
            return
        here, handler = f"{route.method} {route.path}: idempotent", name_of(route.handler)
        if hasattr(route.handler, "__ponty_streamed__"):
            raise TypeError(f"{here} keeps whole answers, but {handler!r} streams its answer")
        if getattr(route.handler, "__ponty_streams_body__", False):
            raise TypeError(f"{here} compares whole bodies, but {handler!r} reads its body as a stream")
        if sum(isinstance(one, _Idempotent) for one in route.middlewares) > 1:
            raise TypeError(f"{here} is applied to {handler!r} twice")

    def __ponty_describe__(self, method: str) -> tuple[list[dict[str, Any]], list[int], list[type[PontyError]]]:
        """Return the OpenAPI parameters that it reads, and the statuses and errors that it answers with."""
        if method not in self._methods:
            return [], [], []
        parameter = {
            "name": HEADER,
            "in": "header",
            "description": (
                "Identifies an operation that is carried out once: repetitions with the same key get the same answer."
            ),
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
            f"idempotent: {name_of(store)!r} is not a store for answers, such as LocalRecords() or "
            "RedisRecords(url) of ponty.memo"
        )


def _check_number(name: str, value: object, *, least: float) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value < float("inf"):
        raise ValueError(f"idempotent: {name} must be a number of at least {least:g}, not {value!r}")


def _methods(methods: Collection[str]) -> frozenset[str]:
    if isinstance(methods, str):
        raise TypeError(f"idempotent: methods must be a list, such as methods=[{methods!r}]")
    upper = frozenset(method.upper() for method in methods)
    if not upper or hdrs.METH_ANY in upper:
        raise ValueError("idempotent: methods must be a list of methods, such as ['POST'], not empty and without '*'")
    return upper
