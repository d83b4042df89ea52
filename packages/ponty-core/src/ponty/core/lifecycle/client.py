"""The shared HTTP client: one session for an application, with a limit of requests at once."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from ponty.core.lifecycle.client_cookies import OwnCookies
from ponty.core.lifecycle.client_places import BoundedConnector, Lease, Places
from ponty.core.lifecycle.current_app import current_apps
from ponty.core.lifecycle.current_request import call_headers, current_identity
from ponty.core.lifecycle.deadline_headers import DeadlineHeader, check_header, write_seconds
from ponty.core.lifecycle.providers import Provider
from ponty.core.time_left import remaining_seconds


class _Client(msgspec.Struct, eq=False):
    app: web.Application
    loop: asyncio.AbstractEventLoop
    session: aiohttp.ClientSession
    places: Places


_clients: dict[str, list[_Client]] = {}
"""The clients of the running applications, by name, in the order of their start."""


def http_client_provider(
    *,
    name: str = "_default",
    timeout: float | aiohttp.ClientTimeout | None = 5,
    concurrency: int = 100,
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
    lease_timeout: float | None = 30,
    deadline_header: DeadlineHeader | None = None,
    **options: Any,
) -> Provider:
    """Make a provider of a shared `aiohttp.ClientSession`, which `lease_http_client` returns.

    Use it for calls to other services, which then share one connection pool with a limit. If the current request has a
    deadline (`remaining_seconds`), neither a lease nor a call waits beyond it.

    ::

        prices = http_client_provider(name="prices", base_url="http://127.0.0.1:9000", timeout=2)
        app = build_app(providers=[prices])

    Args:
        name: The name for `lease_http_client`.
        timeout: Seconds that a whole request may take, from connecting to reading the answer; None for no limit. Use an
            `aiohttp.ClientTimeout` for finer limits.
        concurrency: The most requests that are made at once.
        headers: Headers of every request.
        cookies: Cookies of every request.
        lease_timeout: The most seconds that a lease waits for a place; None for no limit. A wait of more than a second
            is logged.
        deadline_header: A header that tells the other service how long this one waits, if the current request has a
            deadline; see `deadlines`. None to send none.
        **options: Further arguments of `aiohttp.ClientSession`. `connector` and `cookie_jar` may be functions that make
            one when the application starts, since they need its event loop. By default, cookies that a server sets are
            not kept, since all users of the session would send them; `cookie_jar=aiohttp.CookieJar` keeps them.

    Raises:
        ValueError: `concurrency` is not a whole number of at least 1, a time is not more than 0, or `deadline_header`
            is an unknown header.
    """
    _check(name, concurrency=concurrency, timeout=timeout, lease_timeout=lease_timeout)
    if deadline_header is not None:
        check_header(f"http_client_provider({name!r})", deadline_header)
    total = timeout if isinstance(timeout, aiohttp.ClientTimeout) else aiohttp.ClientTimeout(total=timeout)

    async def provide(app: web.Application) -> AsyncGenerator[None]:
        if any(other.app is app for other in _clients.get(name, ())):
            raise RuntimeError(f"the application has an HTTP client named {name!r} already")
        slots = Places(f"requests of the HTTP client {name!r}", concurrency, lease_timeout)
        arguments: dict[str, Any] = {"connector": lambda: BoundedConnector(slots), "cookie_jar": OwnCookies, **options}
        for part in ("connector", "cookie_jar"):
            if callable(arguments.get(part)):
                arguments[part] = arguments[part]()
        told = () if deadline_header is None else (_send_deadline(deadline_header),)
        arguments["middlewares"] = (*arguments.get("middlewares", ()), _send_identity, *told)
        session = aiohttp.ClientSession(headers=headers, cookies=cookies, timeout=total, **arguments)
        close = session.close
        _keep_open(session)
        _keep_deadlines(session)
        places = Places(f"leases of the HTTP client {name!r}", concurrency, lease_timeout)
        client = _Client(app, asyncio.get_running_loop(), session, places)
        _clients.setdefault(name, []).append(client)
        try:
            yield
        finally:
            _clients[name].remove(client)
            if not _clients[name]:
                del _clients[name]
            await close()

    return provide


@asynccontextmanager
async def lease_http_client(name: str = "_default") -> AsyncGenerator[aiohttp.ClientSession]:
    """Wait until a place of a shared client is free, and hold it while the block runs.

    ::

        async def price(product: str) -> object:
            async with lease_http_client("prices") as session, session.get(f"/{product}") as answer:
                return await answer.json()

    Within a request, this is a client of the application that serves the request, or of an application that it is
    mounted in. Elsewhere, it is the client of the application that started last. A task that has a lease of the client
    already does not take a second place.

    Args:
        name: The name of the client, from `http_client_provider`.

    Yields:
        The shared session. Its provider closes it; `close()` and the end of `async with session` do nothing.

    Raises:
        KeyError: No client with this name runs in this event loop: it has not started, or has stopped.
        TimeoutError: No place became free within the client's `lease_timeout`, or by the deadline of the request.
    """
    client = _find(name)
    async with Lease(client.places):
        if client.session.closed:
            raise _unknown(name)
        yield client.session


async def _send_identity(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Add the id and the trace of the current request to a call."""
    identity = current_identity.get()
    told = {} if identity is None else identity.headers()
    for current_headers in call_headers[-1:]:
        told |= current_headers()
    for name, value in told.items():
        request.headers.setdefault(name, value)
    return await handler(request)


def _send_deadline(header: DeadlineHeader) -> aiohttp.ClientMiddlewareType:
    """Make a client middleware that adds the remaining time to each request."""

    async def send(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if (left := remaining_seconds()) is not None:
            request.headers[header] = write_seconds(header, left)
        return await handler(request)

    return send


def _keep_deadlines(session: aiohttp.ClientSession) -> None:
    """Limit each request of a session, and the reading of its answer, to the deadline."""
    ask: Any = session._request  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # all of its methods call this

    async def ask_in_time(*arguments: Any, **options: Any) -> aiohttp.ClientResponse:
        left = remaining_seconds()
        if left is not None:
            if left <= 0:
                raise TimeoutError("the deadline of the request that is being handled has passed")
            given = options.get("timeout")
            own: aiohttp.ClientTimeout = given if isinstance(given, aiohttp.ClientTimeout) else session.timeout
            total = left if not own.total else min(own.total, left)
            options["timeout"] = aiohttp.ClientTimeout(
                total=total,
                connect=own.connect,
                sock_read=own.sock_read,
                sock_connect=own.sock_connect,
                ceil_threshold=own.ceil_threshold,
            )
        return await ask(*arguments, **options)  # type: ignore[no-any-return]

    object.__setattr__(session, "_request", ask_in_time)


def _keep_open(session: aiohttp.ClientSession) -> None:
    """Make `session.close` do nothing, since it would end the requests of all other users of the session."""

    async def close() -> None:
        pass

    # aiohttp warns if an attribute is set in the usual way.
    object.__setattr__(session, "close", close)


def _check(
    name: str, *, concurrency: object, timeout: float | aiohttp.ClientTimeout | None, lease_timeout: float | None
) -> None:
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise ValueError(
            f"http_client_provider({name!r}): concurrency must be a whole number of at least 1, not {concurrency!r}"
        )
    if not (timeout is None or isinstance(timeout, aiohttp.ClientTimeout) or _is_time(timeout)):
        raise ValueError(
            f"http_client_provider({name!r}): timeout must be more than 0 seconds, an aiohttp.ClientTimeout or None, "
            f"not {timeout!r}"
        )
    if not (lease_timeout is None or _is_time(lease_timeout)):
        raise ValueError(
            f"http_client_provider({name!r}): lease_timeout must be more than 0 seconds, not {lease_timeout!r}"
        )


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and value > 0


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
    registered = ", ".join(map(repr, _clients)) or "none; http_client_provider(…) among the providers starts one"
    return KeyError(f"no HTTP client named {name!r} is running; registered: {registered}")
