"""`ponty_client`: an application of a test's own, behind a real socket, and a client of it."""

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
            *tables: Its tables of routes; the default table where none is given.
            providers: What it needs. They start and stop in one task, as they do when it is served.
            instead: What takes the place of some of the providers, by these.
            keys: What lies under keys of the application, whatever the providers have put there.
            fields: What takes the place of fields of requests, by the field or by a class of fields.
            middlewares: aiohttp's middlewares, the outermost first.
            route_tables: aiohttp's route tables, mounted behind the others.
            client_max_size: The most bytes a request's body may have.
            envelope: Makes the documents of answers.
            errors: Answers to exceptions of a class.
            answer_invalid: The answer to an invalid request.
            check_returns: By default, an answer that is not what its handler declares is a failure, of status 500.

        Raises:
            ValueError: `instead` has a provider that the application has not.
            Exception: What `build_app` or a provider raises.
        """
        ...


@pytest.fixture
def ponty_client(aiohttp_client: Callable[[web.Application], Awaitable[_Client]]) -> PontyClient:
    """Serve applications until the end of the test; see `PontyClient`."""

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
