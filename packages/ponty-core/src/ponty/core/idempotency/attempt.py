"""An attempt: one request with an idempotency key, from its admission to the record of its answer.

`ponty.core.idempotency` says in which states it is, and what can never happen.
"""

import inspect
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Literal

import msgspec
from aiohttp import hdrs, web

from ponty.core.idempotency.keys import (
    Scope,
    cookies_of,
    credentials_of,
    digest_of,
    fingerprint_of,
    key_of,
    missing,
    name_in_store,
)
from ponty.core.idempotency.problems import IdempotencyKeyInUse
from ponty.core.idempotency.store import HeldAnswer, IdempotencyStore
from ponty.core.idempotency.stored_answer import Record, answer_of, load, record_of
from ponty.core.log_lines import log_error
from ponty.core.middlewares.error_watchers import watch_errors

logger: logging.Logger = logging.getLogger("ponty.core")

Fingerprint = Callable[[web.Request, bytes], "str | bytes"]
"""Returns what has to be the same in a repetition, of a request and its body."""


class Idempotency(msgspec.Struct, frozen=True):
    """What a handler may want to know of its attempt: `request[IDEMPOTENCY]`.

    Args:
        key: The idempotency key, as the client means it. Hand it on to services that take one themselves.
        fence: A number greater than that of any earlier attempt with this key; 0 where the store gives none. Write it
            along with what the handler changes, and refuse a lesser one: that keeps out an attempt that stood still
            while its lease ended.
    """

    key: str
    fence: int


IDEMPOTENCY: web.RequestKey[Idempotency] = web.RequestKey("ponty.core.idempotency", Idempotency)
"""Where the handler of a request with an idempotency key finds its `Idempotency`; requests without a key have none."""


class Options(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The arguments of `idempotent`, which explains them."""

    store: IdempotencyStore
    ttl_ms: float
    maxwait_ms: float
    required: bool
    scope: Scope | None
    fingerprint: Fingerprint
    keep: Callable[[int], bool]
    max_answer: int
    after_crash: Literal["again", "refuse"]


class Attempt:
    """One request with an idempotency key.

    Args:
        options: What `idempotent` was given.
        stack: What gives the key back at the end.
        credentials: What the guards of the handler look at; None where it has no guards.
    """

    __slots__ = ("_begun", "_credentials", "_error", "_held", "_options", "_stack", "refused")

    def __init__(self, options: Options, stack: AsyncExitStack, credentials: list[tuple[str, str]] | None) -> None:
        self.refused: bool = False
        self._options = options
        self._stack = stack
        self._credentials = credentials
        self._held: HeldAnswer | None = None
        self._begun = Record(b"", {}, "begun")
        self._error: BaseException | None = None

    async def admitted(self, request: web.Request) -> web.StreamResponse | None:
        """Return the answer that was given before; None where the handler is to be called.

        Raises:
            ValidationError: The key is missing, or is none.
            IdempotencyKeyReused: Another request had it.
            IdempotencyKeyInUse: Another attempt holds it, and the wait is over.
            OutcomeUnknown: There is no answer to be had.
            Exception: What the store raises.
        """
        options = self._options
        key = key_of(request)
        if key is None:
            if options.required:
                raise missing()
            return None
        fingerprint = digest_of(options.fingerprint(request, await request.read()))
        # Where nothing says what tells callers apart, any cookie may.
        cookies = cookies_of(request, key) if options.scope is None and self._credentials is None else {}
        name = name_in_store(await self._scope(request), key)
        data = await options.store.get(name)
        if data is not None:
            return answer_of(load(data, fingerprint, cookies))
        held = await self._hold(name)
        if held.data is not None:
            return answer_of(load(held.data, fingerprint, cookies))
        self._begun = Record(fingerprint, cookies, "begun")
        if options.after_crash == "refuse" and not await held.keep(self._begun.dump(), ttl_ms=options.ttl_ms):
            raise IdempotencyKeyInUse(detail=_ELSEWHERE, headers={hdrs.RETRY_AFTER: "1"})
        self._held = held
        request[IDEMPOTENCY] = Idempotency(key, held.fence)
        watch_errors(request, self._note)
        return None

    async def finish(self, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        """Record the answer of the handler, if it is one to keep, and return what the client gets."""
        held = self._held
        if held is None:
            return answer
        try:
            if not self._is_kept(answer):
                if self._options.after_crash == "refuse":
                    await held.forget()
                return answer
            if await held.keep(self._record(request, answer), ttl_ms=self._options.ttl_ms):
                return answer
        except Exception as error:  # noqa: BLE001 - the handler has run, so its answer is worth more
            message = "%s %s: nothing is recorded under an idempotency key"
            log_error(logger, message, request.method, _path(request), error=error)
            return answer
        raise IdempotencyKeyInUse(detail=_ELSEWHERE, headers={hdrs.RETRY_AFTER: "1"})

    def _record(self, request: web.Request, answer: web.StreamResponse) -> bytes:
        """Return what is recorded of an answer: at the least that the request was carried out."""
        record = record_of(answer, self._begun, self._options.max_answer)
        if record.state == "unkept":
            logger.warning("%s %s: an answer to an idempotency key is not kept", request.method, _path(request))
        return record.dump()

    def _is_kept(self, answer: web.StreamResponse) -> bool:
        error = self._error
        if self.refused or getattr(error, "__ponty_refuses__", False):
            return False  # the handler was not called
        if hasattr(type(error), "__ponty_status__"):
            return False  # it has waited in vain for something else
        if not answer.prepared and hdrs.RETRY_AFTER in answer.headers:
            return False
        return self._options.keep(answer.status)

    async def _scope(self, request: web.Request) -> str:
        if self._options.scope is None:
            return credentials_of(request, self._credentials or ())
        scope: Any = self._options.scope(request)
        if inspect.isawaitable(scope):
            scope = await scope
        if not isinstance(scope, str):
            raise TypeError(f"idempotent: scope returns the name of a caller, a text, not {type(scope).__qualname__}")
        return scope

    async def _hold(self, name: str) -> HeldAnswer:
        options = self._options
        try:
            return await self._stack.enter_async_context(options.store.hold(name, maxwait_ms=options.maxwait_ms))
        except Exception as error:
            if getattr(type(error), "__ponty_status__", None) == 409:
                raise IdempotencyKeyInUse(detail=_IN_USE, headers={hdrs.RETRY_AFTER: "1"}) from error
            raise

    def _note(self, error: BaseException) -> None:
        self._error = error


_IN_USE = "another request with this key is being carried out"
_ELSEWHERE = "the request took too long, and another one with this key has taken its place"


def _path(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(no route)"


def keeps(status: int) -> bool:
    """Return whether an answer of this status is one to keep, and does not say to try again."""
    return status < 500 and status not in {408, 425, 429}


def fingerprint(request: web.Request, body: bytes) -> bytes:
    """Have the whole request be the same in a repetition."""
    return fingerprint_of(request, body)
