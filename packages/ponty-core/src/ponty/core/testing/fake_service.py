"""A fake service: it answers from a table, and replaces a service that an application calls over HTTP.

The application's own client calls a server in the same process over a Unix socket, whatever the host of the URL. The
client sends and reads real HTTP, and nothing leaves the machine.
"""

import inspect
import pathlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from aiohttp import web

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.errors.error_answers import http_exception, ponty_error
from ponty.core.errors.exceptions import PontyError
from ponty.core.lifecycle.client import http_client_provider
from ponty.core.lifecycle.providers import Provider

Answering = Callable[[web.Request], "Awaitable[object] | object"]


class InTurn:
    """Answers of a `FakeService` that are given one after another; the last one is repeated.

    Args:
        *answers: The answers, in the same forms as for `FakeService`.

    Raises:
        ValueError: There is no answer.
    """

    def __init__(self, *answers: object) -> None:
        if not answers:
            raise ValueError("InTurn takes at least one answer")
        self._answers = [*answers]

    def next(self) -> object:
        """Return the next answer."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class FakeService:
    """A fake of another service for tests, which answers from a table.

    ::

        rates = FakeService({"GET http://rates/EUR": {"rate": 2}, "GET http://rates/NIL": web.Response(status=404)})
        app = build_app(providers=[rates.client(base_url="http://rates")])

    An answer is a JSON value, a `web.Response`, an exception, an `InTurn` with several of these, or a function of the
    request that returns one of these. A `PontyError` and an exception of aiohttp's such as `web.HTTPNotFound` are
    answered as where a handler raises them. For any other exception, the connection is cut.

    A request that is not in the table is answered with a 501, and raises an AssertionError when the application stops.

    Args:
        answers: The answers, by `METHOD URL`. The URL has no query, or the same query as the request.
    """

    def __init__(self, answers: Mapping[str, object]) -> None:
        self.answers: dict[str, object] = dict(answers)
        self.asked: list[str] = []
        """The requests so far, as `METHOD URL` with the query."""
        self.bodies: list[bytes] = []
        """The bodies of the requests so far."""
        self._unknown: list[str] = []

    def client(self, **options: Any) -> Provider:
        """Make a provider of an HTTP client that sends all requests to this service.

        Args:
            **options: The arguments of `http_client_provider`: `name`, `base_url` and the like.
        """

        async def provide(app: web.Application) -> AsyncGenerator[None]:
            directory = pathlib.Path(tempfile.mkdtemp(prefix="ponty-"))
            path = str(directory / "service")
            runner = web.ServerRunner(web.Server(self._answer), access_log=None)
            await runner.setup()
            try:
                await web.UnixSite(runner, path).start()
                arguments: dict[str, Any] = {"connector": lambda: aiohttp.UnixConnector(path)} | options
                made = http_client_provider(**arguments)
                lifetime = made(app)
                await anext(lifetime)
                yield
                await anext(lifetime, None)
            finally:
                await runner.cleanup()
                shutil.rmtree(directory)
            if self._unknown:
                raise AssertionError(f"the fake service has no answer to {', '.join(self._unknown)}")

        return provide

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        # The scheme is not known here, since nothing is encrypted on the way.
        place = f"{request.method} {{}}://{request.host}"
        found = None
        for scheme in ("http", "https"):
            for path in (request.path_qs, request.path):
                key = f"{place.format(scheme)}{path}"
                if found is None and key in self.answers:
                    found = key
                    self.asked.append(f"{place.format(scheme)}{request.path_qs}")
        self.bodies.append(await request.read())
        if found is None:
            asked = f"{place.format('http')}{request.path_qs}"
            self.asked.append(asked)
            self._unknown.append(asked)
            return web.Response(status=501, text=f"the fake service has no answer to {asked}")
        answer = self.answers[found]
        while True:
            if isinstance(answer, InTurn):
                answer = answer.next()
            elif inspect.isroutine(answer):
                answer = answer(request)
            elif inspect.isawaitable(answer):
                answer = await answer
            else:
                break
        return _response(answer, request)


def _response(answer: object, request: web.BaseRequest) -> web.StreamResponse:
    if isinstance(answer, type) and issubclass(answer, (PontyError, web.HTTPException)):
        answer = answer()
    if isinstance(answer, PontyError):
        return ponty_error(answer)
    if isinstance(answer, web.HTTPException):
        return http_exception(answer)
    if isinstance(answer, BaseException) or (isinstance(answer, type) and issubclass(answer, BaseException)):
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if isinstance(answer, web.Response):
        # A response can be sent only once, but this one may be requested again.
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers.copy())
    if isinstance(answer, web.StreamResponse):
        return answer
    return web.Response(body=encode_json(answer), content_type="application/json")
