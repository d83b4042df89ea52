"""A service that answers from a table, in the place of one that an application asks over HTTP.

The application's own client asks a server of this process over a Unix socket, whatever the host of the URL: what it
sends and reads is real HTTP, and nothing leaves the machine.
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
from ponty.core.lifecycle.client import http_client_provider
from ponty.core.lifecycle.providers import Provider

Answering = Callable[[web.Request], "Awaitable[object] | object"]


class InTurn:
    """Answers that come one after another; the last one comes for ever.

    Args:
        *answers: The answers, each as `FakeService` takes them.

    Raises:
        ValueError: There is none.
    """

    def __init__(self, *answers: object) -> None:
        if not answers:
            raise ValueError("InTurn takes at least one answer")
        self._answers = [*answers]

    def next(self) -> object:
        """Return the next answer."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class FakeService:
    """A service for tests, as a table of answers.

    ::

        rates = FakeService({"GET http://rates/EUR": {"rate": 2}, "GET http://rates/XXX": web.Response(status=404)})
        app = build_app(providers=[rates.client(base_url="http://rates")])

    An answer is a JSON value, or a `web.Response`, or an exception of which the client sees no more than that the
    connection was cut, or `InTurn` of these; or a function of the request that returns one.

    A request that is not in the table is answered with 501, and raises an AssertionError when the application stops.

    Args:
        answers: What is answered, by `METHOD URL`; the URL is without its query, or with one that must be equal.
    """

    def __init__(self, answers: Mapping[str, object]) -> None:
        self.answers: dict[str, object] = dict(answers)
        self.asked: list[str] = []
        """What it was asked, as `METHOD URL` with the query."""
        self.bodies: list[bytes] = []
        """The bodies of what it was asked."""
        self._unknown: list[str] = []

    def client(self, **options: Any) -> Provider:
        """Make a provider of an HTTP client that asks this service, whatever it is asked for.

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
        # The scheme is not to be seen here: nothing is encrypted on the way.
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
    if isinstance(answer, BaseException) or (isinstance(answer, type) and issubclass(answer, BaseException)):
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if isinstance(answer, web.Response):
        # A response is sent once; this one may be asked for again.
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers.copy())
    if isinstance(answer, web.StreamResponse):
        return answer
    return web.Response(body=encode_json(answer), content_type="application/json")
