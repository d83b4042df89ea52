"""`ponty_client`: a fixture that serves an application on a real socket, and returns a client of it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from aiohttp.typedefs import Middleware

from ponty.core.app import build_app
from ponty.core.errors.answer_settings import Envelope, ErrorAnswer
from ponty.core.lifecycle.providers import Provider
from ponty.core.routing.table import Routes

_Client = TestClient[web.Request, web.Application]


class PontyClient(Protocol):
    """The type of the fixture `ponty_client`."""

    async def __call__(
        self,
        *tables: Routes,
        providers: Iterable[Provider] = (),
        instead: Mapping[Provider, Provider] | None = None,
        keys: Mapping[web.AppKey[Any], object] | None = None,
        fields: Mapping[Any, object] | None = None,
        middlewares: Sequence[Middleware] = (),
        route_tables: Iterable[web.RouteTableDef] = (),
        client_max_size: int = 1024**2,
        envelope: Envelope | Literal[False] | None = None,
        errors: Mapping[type[Exception], ErrorAnswer] | None = None,
        answer_invalid: ErrorAnswer | None = None,
        check_returns: int | Literal["raise"] = "raise",
    ) -> _Client:
        """Serve an application until the end of the test, and return a client of it.

        Args:
            *tables: The tables of routes; the default table if none is given.
            providers: The providers. They start and stop in one task, as in a server.
            instead: Replacements for some of the providers, by the provider.
            keys: Values for keys of the application, which replace those of the providers.
            fields: Replacements for fields of requests, by the field or by a class of fields; see `build_app`.
            middlewares: aiohttp's middlewares, the outermost first.
            route_tables: aiohttp's route tables, mounted after the others.
            client_max_size: The most bytes that the body of a request may have.
            envelope: A function that makes the documents of answers.
            errors: Answers to exceptions, by their class.
            answer_invalid: The answer to invalid requests.
            check_returns: As in `build_app`. By default, an answer that differs from the declared type of its handler
                is a 500.

        Raises:
            ValueError: `instead` has a provider that is not among `providers`.
            Exception: An error of `build_app` or a provider.
        """
        ...


@pytest.fixture
def ponty_client(aiohttp_client: Callable[[web.Application], Awaitable[_Client]]) -> PontyClient:
    """Serve applications until the end of the test: a fixture; see `PontyClient` for its arguments."""

    async def make(
        *tables: Routes,
        providers: Iterable[Provider] = (),
        instead: Mapping[Provider, Provider] | None = None,
        keys: Mapping[web.AppKey[Any], object] | None = None,
        fields: Mapping[Any, object] | None = None,
        check_returns: int | Literal["raise"] = "raise",
        **options: Any,
    ) -> _Client:
        started = _replaced([*providers], instead or {})
        if keys:
            started.append(_putting(keys))
        app = build_app(routes=tables or None, providers=started, fields=fields, check_returns=check_returns, **options)
        return await aiohttp_client(app)

    return make


def _replaced(providers: list[Provider], instead: Mapping[Provider, Provider]) -> list[Provider]:
    for provider in instead:
        if provider not in providers:
            name = getattr(provider, "__qualname__", repr(provider))
            raise ValueError(f"ponty_client(instead=…): {name} is not among the providers")
    return [instead.get(provider, provider) for provider in providers]


def _putting(keys: Mapping[web.AppKey[Any], object]) -> Provider:
    async def put(app: web.Application) -> AsyncGenerator[None]:
        for key, value in keys.items():
            app[key] = value
        yield

    return put
