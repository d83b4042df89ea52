"""The decorator below all kinds of streams: an async generator function becomes a handler."""

import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from aiohttp import web

SendStream = Callable[[web.Request, AsyncIterator[Any]], Awaitable[web.StreamResponse]]
"""Answers a request with what a generator makes."""

StreamHandler = Callable[..., Coroutine[Any, Any, web.StreamResponse]]


def streamed(what: str, handler: Any, answer: object, send: SendStream) -> StreamHandler:
    """Make a handler of an async generator function.

    Args:
        what: The name of the decorator.
        handler: The function.
        answer: What is known of its answers, for who describes them.
        send: Answers with what its generators make.

    Raises:
        TypeError: It is no async generator function.
    """
    name = getattr(handler, "__qualname__", handler)
    if not inspect.isasyncgenfunction(handler):
        raise TypeError(f"@{what}: {name!r} is not an async generator function (async def, with a yield)")

    @functools.wraps(handler)
    async def respond(*args: Any, **kwargs: Any) -> web.StreamResponse:
        request = args[0] if args else None
        if not isinstance(request, web.Request):
            raise TypeError(f"@{what} on {name!r} stands directly below @expect, or takes the request")
        return await send(request, handler(*args, **kwargs))

    # For who calls the handler itself, with other arguments than a request. The function stands in it, since
    # `functools.wraps` copies it.
    respond.__ponty_streamed__ = (respond, handler, send)  # type: ignore[attr-defined]
    respond.__ponty_answer__ = answer  # type: ignore[attr-defined]
    return respond
