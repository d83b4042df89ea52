"""`retry`: call a function again when it fails in a way that may pass."""

import asyncio
import functools
import inspect
import math
import random
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

_P = ParamSpec("_P")
_R = TypeVar("_R")

_NEVER_TRAPPED = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)


def retry(
    *excs: type[BaseException],
    max_retries: int = 1,
    t1_ms: float = 100,
    t2_ms: float = 4000,
    backoff_factor: float = 1,
    anticollision: bool = False,
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Call the decorated function again when it raises one of `excs`, after a wait.

    The wait after the n-th failure is `min(backoff_factor**n * t1_ms, t2_ms)`, n counting from 0. For functions and
    coroutine functions. Cancellation, KeyboardInterrupt and SystemExit are never trapped.

    ::

        @retry(ConnectionError, TimeoutError, max_retries=5, backoff_factor=2, anticollision=True)
        async def fetch() -> bytes: ...

    Args:
        *excs: The exceptions to trap.
        max_retries: How many calls may follow the first.
        t1_ms: The first wait, in milliseconds.
        t2_ms: The longest wait, in milliseconds.
        backoff_factor: What the wait is multiplied by from one failure to the next: 1 keeps it, 2 doubles it.
        anticollision: Draws each wait uniformly from zero up to what it would have been, so that callers who failed
            together do not come back together (full jitter).

    Returns:
        A decorator. The function it makes raises the last error as it was.

    Raises:
        TypeError: What is decorated is a generator function.
        ValueError: An argument makes no sense: no exception is named or one of `excs` is none, a count or time is
            negative or not a number.
    """
    import tenacity  # noqa: PLC0415 - most programs start without it

    _check(excs, max_retries=max_retries, t1_ms=t1_ms, t2_ms=t2_ms, backoff_factor=backoff_factor)

    def is_trapped(error: BaseException) -> bool:
        return isinstance(error, excs) and not _ends_something(error)

    def wait(state: tenacity.RetryCallState) -> float:
        longest = _wait_ms(state.attempt_number - 1, t1_ms, t2_ms, backoff_factor)
        return (random.uniform(0, longest) if anticollision else longest) / 1000  # noqa: S311 - not a secret

    options: dict[str, Any] = {
        "retry": tenacity.retry_if_exception(is_trapped),
        "stop": tenacity.stop_after_attempt(max_retries + 1),
        "wait": wait,
        "reraise": True,
    }

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"@retry: {function.__qualname__!r} is a generator, whose failures come after its call")
        # The arguments are bound beforehand: the names of tenacity's own parameters are free for the function's.
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_later(*args: _P.args, **kwargs: _P.kwargs) -> object:
                return await tenacity.AsyncRetrying(**options)(functools.partial(function, *args, **kwargs))

            return cast("Callable[_P, _R]", call_later)

        @functools.wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            return tenacity.Retrying(**options)(functools.partial(function, *args, **kwargs))

        return call

    return decorate


def _ends_something(error: BaseException) -> bool:
    """Tell whether `error` ends a task or the program, alone or in a group."""
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
        raise ValueError(f"retry: max_retries is a whole number from 0 up, not {max_retries!r}")
    for name, number in numbers.items():
        if not isinstance(number, int | float) or not 0 <= number < math.inf:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"retry: {name} is a number from 0 up, not {number!r}")
