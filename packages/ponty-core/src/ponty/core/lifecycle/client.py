"""A shared HTTP client: one session for an application, with a bound on how many requests it makes at once."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from ponty.core.lifecycle.current_app import current_apps
from ponty.core.lifecycle.providers import Provider


@dataclass(eq=False, slots=True)
class _Client:
    app: web.Application
    loop: asyncio.AbstractEventLoop
    session: aiohttp.ClientSession
    places: asyncio.Semaphore = field(repr=False)


_clients: dict[str, list[_Client]] = {}
"""The clients of the applications that run now, by name, in the order they started."""


def http_client_provider(
    *,
    name: str = "_default",
    timeout: float | None = 5,
    concurrency: int = 100,
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
    **options: Any,
) -> Provider:
    """Make a provider of an `aiohttp.ClientSession`, to be leased by `lease_http_client`.

    ::

        prices = http_client_provider(name="prices", base_url="http://127.0.0.1:9000", timeout=2)
        app = build_app(providers=[prices])

    Args:
        name: What to lease it by.
        timeout: Seconds that a whole request may take, connecting and reading included; None for no limit.
        concurrency: How many requests are made at once.
        headers: Headers of every request.
        cookies: Cookies of every request.
        **options: Further arguments of `aiohttp.ClientSession`. A `connector` and a `cookie_jar` may be functions that
            make one when the application starts, as they need its event loop. Cookies that servers set are kept and
            sent by all who share the session; `cookie_jar=aiohttp.DummyCookieJar` keeps none.

    Raises:
        ValueError: `concurrency` is less than 1, or `timeout` is not more than 0.
    """
    if concurrency < 1:
        raise ValueError(f"http_client_provider({name!r}): concurrency is at least 1, not {concurrency}")
    if timeout is not None and not timeout > 0:
        raise ValueError(f"http_client_provider({name!r}): timeout is more than 0 seconds, not {timeout}")

    async def provide(app: web.Application) -> AsyncGenerator[None]:
        if any(other.app is app for other in _clients.get(name, ())):
            raise RuntimeError(f"the application has an HTTP client named {name!r} already")
        arguments: dict[str, Any] = {"connector": lambda: aiohttp.TCPConnector(limit=concurrency), **options}
        for part in ("connector", "cookie_jar"):
            if callable(arguments.get(part)):
                arguments[part] = arguments[part]()
        limit = aiohttp.ClientTimeout(total=timeout)
        async with aiohttp.ClientSession(headers=headers, cookies=cookies, timeout=limit, **arguments) as session:
            client = _Client(app, asyncio.get_running_loop(), session, asyncio.Semaphore(concurrency))
            _clients.setdefault(name, []).append(client)
            try:
                yield
            finally:
                _clients[name].remove(client)
                if not _clients[name]:
                    del _clients[name]

    return provide


@asynccontextmanager
async def lease_http_client(name: str = "_default") -> AsyncGenerator[aiohttp.ClientSession]:
    """Wait for a place among the requests of a client, and take it while the block runs.

    ::

        async def price(product: str) -> object:
            async with lease_http_client("prices") as session, session.get(f"/{product}") as answer:
                return await answer.json()

    Within a request, it is a client of the application that serves it, or of one that this is a sub-application of.
    Elsewhere, it is that of the application that started last.

    Args:
        name: The name the client was given in `http_client_provider`.

    Yields:
        The shared session. It is closed by its provider, not by those who lease it.

    Raises:
        KeyError: No client of that name runs in this event loop, be it not started yet or stopped already.
    """
    client = _find(name)
    async with client.places:
        if client.session.closed:
            raise _unknown(name)
        yield client.session


def _find(name: str) -> _Client:
    loop = asyncio.get_running_loop()
    here = [client for client in _clients.get(name, ()) if client.loop is loop]
    if not here:
        raise _unknown(name)
    apps = current_apps.get(None)
    if apps is None:
        return here[-1]
    for app in reversed(apps):
        for client in here:
            if client.app is app:
                return client
    raise _unknown(name)


def _unknown(name: str) -> KeyError:
    registered = ", ".join(map(repr, _clients)) or "none"
    return KeyError(f"no HTTP client named {name!r} is running; registered: {registered}")
