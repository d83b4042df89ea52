"""Providers: resources that an application needs while it runs, opened before it serves and closed after that.

A provider is an async generator function that takes the application. It runs up to its `yield` at startup, and the rest
at teardown. The rules:

- Providers start in order, one after another, and stop in reverse.
- Each provider that has started is stopped exactly once: at the application's teardown, or when a later one fails to
  start.
- If a provider raises while it stops, the others still stop, and the error is raised after that.
- The code after the `yield` runs without an exception, so it needs no `try`.
- One task (see `ponty.core.lifecycle.provider_task`) runs all providers from the first line to the last.
"""

import contextlib
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence

import msgspec
from aiohttp import web

from ponty.core.lifecycle.provider_task import ProviderTask

Provider = Callable[[web.Application], AsyncIterator[None]]
"""An async generator function that takes the application and yields once.

The code before the `yield` runs when the application starts, and the code after it when the application stops."""


def listed(providers: Iterable[Provider]) -> tuple[Provider, ...]:
    """Return the providers as a tuple; a single provider is refused.

    Raises:
        TypeError: It is a provider, not a list.
    """
    if callable(providers):
        raise TypeError(f"providers must be a list, such as providers=[{_name(providers)}]")
    return tuple(providers)


def lifespan(providers: Sequence[Provider]) -> Callable[[web.Application], AsyncGenerator[None]]:
    """Make the cleanup context of an application that runs all of its providers.

    Raises:
        TypeError: One of `providers` is not an async generator function.
    """
    for provider in providers:
        _check(provider)

    async def run(app: web.Application) -> AsyncGenerator[None]:
        started: list[_Started] = []

        async def start() -> None:
            for provider in providers:
                started.append(await _start(provider, app))  # noqa: PERF401 - each counts as started at once

        async def stop() -> list[BaseException]:
            return await _stop(started)

        task = ProviderTask(app, start, stop)
        await task.start()
        yield
        errors = await task.stop()
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise BaseExceptionGroup("several providers failed to stop", errors)

    return run


class _Started(msgspec.Struct, frozen=True):
    name: str
    rest: AsyncIterator[None]


async def _start(provider: Provider, app: web.Application) -> _Started:
    rest = provider(app)
    if not isinstance(rest, AsyncIterator):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a provider must be an async generator function, not {_name(provider)}")
    try:
        await anext(rest)
    except StopAsyncIteration:
        raise RuntimeError(f"the provider {_name(provider)} ended without a yield") from None
    return _Started(_name(provider), rest)


async def _stop(started: list[_Started]) -> list[BaseException]:
    """Run the rest of each provider, the last one first, and return their errors."""
    errors: list[BaseException] = []
    for provider in reversed(started):
        try:
            await anext(provider.rest)
        except StopAsyncIteration:
            continue
        except BaseException as error:  # noqa: BLE001 - the caller raises it when all have stopped
            errors.append(error)
        else:
            errors.append(RuntimeError(f"the provider {provider.name} yielded twice"))
    return errors


def _check(provider: object) -> None:
    """Refuse an object that is not a provider."""
    if inspect.isasyncgen(provider):
        name = provider.__name__
        raise TypeError(f"{name!r} was called; list the function itself: providers=[{name}]")
    if inspect.iscoroutinefunction(provider):
        raise TypeError(f"{_name(provider)} has no yield: a provider starts something, yields, and stops it")
    if getattr(provider, "__globals__", None) is vars(contextlib):
        raise TypeError(f"the provider {_name(provider)} is a context manager already; leave out @asynccontextmanager")
    if not callable(provider):
        raise TypeError(f"a provider must be an async generator function of the application, not {_name(provider)}")


def _name(provider: object) -> str:
    return repr(getattr(provider, "__qualname__", None) or type(provider).__qualname__)
