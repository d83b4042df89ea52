"""The common decorator of all kinds of streams: it makes a handler from an async generator function."""

import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from aiohttp import web

SendStream = Callable[[web.Request, AsyncIterator[Any]], Awaitable[web.StreamResponse]]
"""A function that answers a request with the items of a generator."""

StreamHandler = Callable[..., Coroutine[Any, Any, web.StreamResponse]]


def streamed(what: str, handler: Any, answer: object, send: SendStream) -> StreamHandler:
    """Make a handler from an async generator function.

    Args:
        what: The name of the decorator.
        handler: The function.
        answer: The options of its answers, for descriptions.
        send: Answers with the items of its generators.

    Raises:
        TypeError: It is not an async generator function.
    """
    name = getattr(handler, "__qualname__", handler)
    if not inspect.isasyncgenfunction(handler):
        raise TypeError(f"@{what}: {name!r} is not an async generator function (async def, with a yield)")

    @functools.wraps(handler)
    async def respond(*args: Any, **kwargs: Any) -> web.StreamResponse:
        request = args[0] if args else None
        if not isinstance(request, web.Request):
            raise TypeError(f"@{what} on {name!r} must stand directly below @expect, or take the request")
        return await send(request, handler(*args, **kwargs))

    # Code that calls the handler itself, with other arguments than a request, uses this. The tuple has the function
    # too, since `functools.wraps` copies the attribute to others.
    respond.__ponty_streamed__ = (respond, handler, send)  # type: ignore[attr-defined]
    respond.__ponty_answer__ = answer  # type: ignore[attr-defined]
    return respond
