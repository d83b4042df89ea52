"""Middlewares of Ponty's own that stand next to each other are one, and do what they did one by one."""

import itertools
import subprocess
import sys

import pytest
from aiohttp import web

from ponty.core import (
    Routes,
    build_app,
    cors,
    current_request_id,
    json_response,
    metrics,
    render_json,
    request_ids,
    security_headers,
)

ORIGIN = "https://shop.example"
table = Routes()


@table.get("/plain")
@render_json(envelope=False)
async def plain(request: web.Request) -> str | None:
    return current_request_id()


@table.get("/own")
async def own(request: web.Request) -> web.Response:
    return web.Response(text="own", headers={"Vary": "Accept", "Cache-Control": "max-age=9"})


@table.get("/stream")
async def stream(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    await answer.write(b"some")
    return answer


@table.get("/early")
async def early(request: web.Request) -> web.Response:
    """Send the answer first, and do the rest of the work then."""
    answer = json_response("early")
    await answer.prepare(request)
    await answer.write_eof()
    return answer


def parted(middlewares):
    """Put a middleware that does nothing between each two."""

    @web.middleware
    async def passing(request, handler):
        return await handler(request)

    return [each for middleware in middlewares for each in (middleware, passing)]


MIDDLEWARES = {
    "ids": lambda: request_ids(trusted=["127.0.0.1"]),
    "cors": lambda: cors([ORIGIN], expose=["X-Request-ID"]),
    "security": security_headers,
}
ASKED = [
    ("GET", "/plain", {"Origin": ORIGIN}),
    ("GET", "/plain", {"Origin": "https://other.example"}),
    ("GET", "/own", {"Origin": ORIGIN}),
    ("GET", "/stream", {"Origin": ORIGIN}),
    ("GET", "/nowhere", {"Origin": ORIGIN}),
    ("OPTIONS", "/plain", {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}),
    ("OPTIONS", "/nowhere", {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}),
    ("OPTIONS", "/plain", {}),
]


async def answers(client):
    """Return status, headers and body of each answer, without what is new in each."""
    found = []
    for method, path, headers in ASKED:
        async with client.request(method, path, headers={**headers, "X-Request-ID": "r7"}) as answer:
            told = sorted((name, value) for name, value in answer.headers.items() if name != "Date")
            found.append((answer.status, told, await answer.text()))
    return found


@pytest.mark.parametrize("names", [p for n in (2, 3) for p in itertools.permutations(MIDDLEWARES, n)], ids=" ".join)
async def test_in_any_order_they_answer_as_each_by_itself(aiohttp_client, names):
    made = [MIDDLEWARES[name]() for name in names]
    together = await aiohttp_client(build_app(routes=table, middlewares=made))
    apart = await aiohttp_client(build_app(routes=table, middlewares=parted(made)))
    assert await answers(together) == await answers(apart)


def test_they_are_one_middleware_of_the_application():
    one = build_app(routes=table, middlewares=[request_ids()])
    three = build_app(routes=[table, metrics()], middlewares=[request_ids(), cors([ORIGIN]), security_headers()])
    assert len(three.middlewares) == len(one.middlewares)


async def test_an_answer_that_its_handler_sends_has_the_headers_of_all(aiohttp_client):
    """Nothing comes back to the middlewares that could still be added to."""
    made = [MIDDLEWARES[name]() for name in MIDDLEWARES]
    for middlewares in (made, parted(made)):
        client = await aiohttp_client(build_app(routes=table, middlewares=middlewares))
        async with client.get("/early", headers={"Origin": ORIGIN, "X-Request-ID": "r7"}) as answer:
            assert await answer.json() == "early"
        assert answer.headers["X-Request-ID"] == "r7"
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["X-Frame-Options"] == "DENY"


def failing(error):
    def allows(origin):
        raise error

    return allows


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit("no")])
@pytest.mark.parametrize("around", [[], [request_ids()]], ids=["first", "second"])
async def test_what_one_raises_is_answered_through_those_before_it(aiohttp_client, error, around):
    """Those behind it have not seen the request, and send nothing along."""
    middlewares = [*around, cors(failing(error)), security_headers()]
    client = await aiohttp_client(build_app(routes=table, middlewares=middlewares))
    async with client.get("/plain", headers={"Origin": ORIGIN}) as answer:
        document = await answer.json()
    assert answer.status == 500
    assert answer.headers.get("X-Request-ID") == document.get("request_id")
    assert ("X-Request-ID" in answer.headers) == bool(around)
    assert "X-Frame-Options" not in answer.headers


async def test_under_an_application_of_bare_aiohttp_it_is_raised(aiohttp_client):
    seen = []

    @web.middleware
    async def watch(request, handler):
        try:
            return await handler(request)
        except ValueError as error:
            seen.append(error)
            return web.Response(status=418)

    app = web.Application(middlewares=[watch, cors(failing(ValueError("no")))])
    app.router.add_get("/plain", plain)
    client = await aiohttp_client(app)
    async with client.get("/plain", headers={"Origin": ORIGIN}) as answer:
        assert (answer.status, [*map(str, seen)]) == (418, ["no"])


FORKING = """
import os
from ponty.core.observability.trace_context import new_identity

ids = [new_identity().id for _ in range(1000)]
child = os.fork()
ids += [new_identity().id for _ in range(50)]
os.write(1, "".join(f"{each}\\n" for each in (ids if child else ids[1000:])).encode())
if child:
    os.waitpid(child, 0)
"""


def test_ids_are_new_each_time_also_in_a_process_that_was_forked():
    """Random numbers are taken in blocks: more than one block, and none of the parent's in a child."""
    ids = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=True).stdout.split()
    assert len(ids) == len(set(ids)) == 1100
