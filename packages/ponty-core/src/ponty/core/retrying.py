"""`retry` calls a function again when it fails, if the failure may pass.

There are three kinds of functions, each recognized as early as possible. A coroutine function is recognized when it is
decorated. A function that returns a coroutine or a future is recognized when it returns that. All others are plain
functions.
"""

import asyncio
import functools
import inspect
import logging
import math
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from ponty.core.time_left import remaining_seconds

if TYPE_CHECKING:
    import tenacity

_P = ParamSpec("_P")
_R = TypeVar("_R")

_NEVER_TRAPPED = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)

logger: logging.Logger = logging.getLogger("ponty.core")


def retry(
    *excs: type[BaseException],
    max_retries: int = 1,
    t1_ms: float = 100,
    t2_ms: float = 4000,
    backoff_factor: float = 1,
    anticollision: bool = False,
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Call the decorated function again when it raises one of `excs`, after a wait.

    Use it for calls that may fail for a moment, such as those to other services. It decorates functions, coroutine
    functions, functions that return a coroutine or a future, other callables, classmethods and staticmethods.

    The wait after the n-th failure is `min(backoff_factor**n * t1_ms, t2_ms)` milliseconds, where n starts at 0.
    Cancellation, KeyboardInterrupt and SystemExit are never trapped. The logger `ponty.core` reports each retry at
    WARNING, with the class of the error, but not its message. If the next call would begin after the deadline of the
    current request (`remaining_seconds`), it is not made.

    ::

        @retry(ConnectionError, TimeoutError, max_retries=5, backoff_factor=2, anticollision=True)
        async def fetch() -> bytes: ...

    Args:
        *excs: The exceptions to trap.
        max_retries: How many more calls may follow the first one.
        t1_ms: The first wait, in milliseconds.
        t2_ms: The longest wait, in milliseconds.
        backoff_factor: The factor by which the wait grows from one failure to the next: 1 keeps it, 2 doubles it.
        anticollision: Whether to replace each wait by a random one between zero and the computed wait (full jitter), so
            that callers that failed together do not come back together.

    Returns:
        A decorator. If all calls fail, the decorated function raises the last error unchanged.

    Raises:
        TypeError: The decorated object is a class, a generator function, or not callable.
        ValueError: `excs` is empty or lists something that is not an exception class, or a number is negative, infinite
            or not a number.
    """
    import tenacity  # noqa: PLC0415 - most programs start without it

    _check(excs, max_retries=max_retries, t1_ms=t1_ms, t2_ms=t2_ms, backoff_factor=backoff_factor)

    def is_trapped(error: BaseException) -> bool:
        return isinstance(error, excs) and not _ends_something(error)

    def stop_after(attempts: int) -> "Callable[[tenacity.RetryCallState], bool]":
        return lambda state: state.attempt_number >= attempts or _is_too_late(state)

    def wait(state: tenacity.RetryCallState) -> float:
        longest = _wait_ms(state.attempt_number - 1, t1_ms, t2_ms, backoff_factor)
        return (random.uniform(0, longest) if anticollision else longest) / 1000  # noqa: S311 - not a secret

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        if isinstance(function, classmethod | staticmethod):
            inner = cast("classmethod[Any, ..., Any] | staticmethod[..., Any]", function)
            return cast("Callable[_P, _R]", type(inner)(decorate(inner.__func__)))  # pyright: ignore[reportArgumentType]  # `cls` is in _P
        _check_function(function)
        name = getattr(function, "__qualname__", type(function).__qualname__)
        options: dict[str, Any] = {
            "retry": tenacity.retry_if_exception(is_trapped),
            "wait": wait,
            "before_sleep": functools.partial(_log, name, max_retries),
            "reraise": True,
        }

        # The arguments are bound beforehand, so a function may have parameters named like those of tenacity.
        if _is_coroutine_function(function):

            @functools.wraps(function)
            async def call_later(*args: _P.args, **kwargs: _P.kwargs) -> object:
                attempts = _Attempts(functools.partial(function, *args, **kwargs))
                return await tenacity.AsyncRetrying(stop=stop_after(max_retries + 1), **options)(attempts.call)

            return cast("Callable[_P, _R]", call_later)

        @functools.wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            bound = functools.partial(function, *args, **kwargs)
            retrying = tenacity.Retrying(stop=stop_after(max_retries + 1), **options)
            result = retrying(bound)
            if not (inspect.iscoroutine(result) or asyncio.isfuture(result)):
                return result
            left = max_retries + 2 - retrying.statistics["attempt_number"]
            later = tenacity.AsyncRetrying(stop=stop_after(left), **options)
            rest: Coroutine[Any, Any, object] = later(_Attempts(bound, result).call)
            return cast("_R", asyncio.ensure_future(rest) if asyncio.isfuture(result) else rest)

        return call

    return decorate


def _is_too_late(state: "tenacity.RetryCallState") -> bool:
    """Return whether the next attempt would begin after the deadline."""
    left = remaining_seconds()
    return left is not None and state.upcoming_sleep >= left


class _Attempts:
    """Attempts of a function that may have been called already: its result is the first attempt."""

    def __init__(self, function: Callable[[], object], first: Awaitable[object] | None = None) -> None:
        self._function = function
        self._made = first

    async def call(self) -> object:
        made, self._made = self._made, None
        result = self._function() if made is None else made
        return await result if inspect.isawaitable(result) else result


def _is_coroutine_function(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(_call_of(function))


def _call_of(function: object) -> object:
    """Return the `__call__` of the class of an object; for a function, that is of no use."""
    return getattr(type(function), "__call__", None)  # noqa: B004 - not whether there is one


def _check_function(function: object) -> None:
    if isinstance(function, type):
        raise TypeError(f"@retry: {function.__qualname__!r} is a class; retry a function that makes an instance")
    if not callable(function):
        raise TypeError(f"@retry decorates a function, not a {type(function).__qualname__!r}")
    for part in (function, _call_of(function)):
        if inspect.isgeneratorfunction(part) or inspect.isasyncgenfunction(part):
            name = getattr(function, "__qualname__", type(function).__qualname__)
            raise TypeError(f"@retry: {name!r} is a generator, whose failures come after its call")


def _log(name: str, max_retries: int, state: "tenacity.RetryCallState") -> None:
    outcome, action = state.outcome, state.next_action
    assert outcome is not None and action is not None  # noqa: S101, PT018 - a call has failed, and another follows
    logger.warning(
        "%s failed with %s; it is called again in %.0f ms (retry %d of %d)",
        name,
        type(outcome.exception()).__qualname__,
        1000 * action.sleep,
        state.attempt_number,
        max_retries,
    )


def _ends_something(error: BaseException) -> bool:
    """Return whether `error` ends a task or the program, alone or in a group."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(_NEVER_TRAPPED) is not None
    return isinstance(error, _NEVER_TRAPPED)


def _wait_ms(failures: int, t1_ms: float, t2_ms: float, backoff_factor: float) -> float:
    try:
        return min(backoff_factor**failures * t1_ms, t2_ms)
    except OverflowError:
        return t2_ms


def _check(excs: tuple[object, ...], *, max_retries: int, **numbers: float) -> None:
    if not excs:
        raise ValueError("retry needs the exceptions to trap: @retry(ConnectionError)")
    for exc in excs:
        if not (isinstance(exc, type) and issubclass(exc, BaseException)):
            raise ValueError(f"retry traps exception classes, not {exc!r}")
    if not isinstance(max_retries, int) or max_retries < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"retry: max_retries must be a whole number of at least 0, not {max_retries!r}")
    for name, number in numbers.items():
        if not isinstance(number, int | float) or not 0 <= number < math.inf:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"retry: {name} must be a number of at least 0, not {number!r}")
