"""An attempt: one request with an idempotency key, from its admission to the record of its answer.

`ponty.core.idempotency` describes its states and its rules.
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
"""A function of a request and its body that returns the data which must be the same in a repetition."""


class Idempotency(msgspec.Struct, frozen=True):
    """The idempotency key of a request, and its fencing number: `request[IDEMPOTENCY]` in a handler.

    Args:
        key: The idempotency key, without quotes. Pass it on to services that accept idempotency keys themselves.
        fence: A number that is greater than that of any earlier attempt with this key; 0 if the store has none. Write
            it together with the changes of the handler, and refuse a smaller one. This keeps out an attempt that was
            paused until its lease had ended.
    """

    key: str
    fence: int


IDEMPOTENCY: web.RequestKey[Idempotency] = web.RequestKey("ponty.core.idempotency", Idempotency)
"""The key of a request under which a handler finds its `Idempotency`; requests without an idempotency key have none."""


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
        options: The arguments of `idempotent`.
        stack: Gives the key back at the end.
        credentials: The location and name of each value that the guards of the handler read; None if it has no guards.
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
        """Return the recorded answer; None if the handler must be called.

        Raises:
            ValidationError: The key is missing, or not valid.
            IdempotencyKeyReused: Another request had this key.
            IdempotencyKeyInUse: Another attempt holds the key, and the wait is over.
            OutcomeUnknown: The request was begun before, but there is no answer.
            Exception: An error of the store.
        """
        options = self._options
        key = key_of(request)
        if key is None:
            if options.required:
                raise missing()
            return None
        fingerprint = digest_of(options.fingerprint(request, await request.read()))
        # If neither a scope nor guards distinguish callers, any cookie may do so.
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
        """Record the answer of the handler, if it must be kept, and return the answer for the client."""
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
        except Exception as error:  # noqa: BLE001 - the handler has run, so the client gets its answer
            message = "%s %s: the answer could not be recorded under its idempotency key"
            log_error(logger, message, request.method, _path(request), error=error)
            return answer
        raise IdempotencyKeyInUse(detail=_ELSEWHERE, headers={hdrs.RETRY_AFTER: "1"})

    def _record(self, request: web.Request, answer: web.StreamResponse) -> bytes:
        """Return the record of an answer: at least that the request was carried out."""
        record = record_of(answer, self._begun, self._options.max_answer)
        if record.state == "unkept":
            logger.warning("%s %s: the answer is not kept under its idempotency key", request.method, _path(request))
        return record.dump()

    def _is_kept(self, answer: web.StreamResponse) -> bool:
        error = self._error
        if self.refused or getattr(error, "__ponty_refuses__", False):
            return False  # the handler was not called
        if hasattr(type(error), "__ponty_status__"):
            return False  # the handler was busy or has waited in vain, as for a lock
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
            raise TypeError(f"idempotent: scope must return the caller's name, a str, not {type(scope).__qualname__}")
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
    """Return whether an answer with this status must be kept: it does not ask the client to try again."""
    return status < 500 and status not in {408, 425, 429}


def fingerprint(request: web.Request, body: bytes) -> bytes:
    """Return the fingerprint of the whole request, so that all of it must be the same in a repetition."""
    return fingerprint_of(request, body)
