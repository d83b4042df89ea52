"""What middlewares, metrics and the access log cost in Ponty's own code does not grow unnoticed.

Counted as in `test_cost.py`, from the bytes of a request to those of its answer, as a server has them. Run as a
program, this file renews the figures of the Python that runs it.
"""

import asyncio
import io
import json
import logging
import pathlib
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry
from test_cost import GOOD, PYTHON, Cost, built

from ponty.core import (
    Limits,
    Routes,
    app_runner,
    build_app,
    cors,
    json_logs,
    metrics,
    render_json,
    request_ids,
    security_headers,
)

FIGURES = pathlib.Path(__file__).with_name("costs_deployed.json")
ORIGIN = "https://shop.example"
LOG = logging.getLogger("tests.deployed")
REQUEST = f"GET /hello HTTP/1.1\r\nHost: a\r\nOrigin: {ORIGIN}\r\nUser-Agent: a/1\r\n\r\n".encode()

table = Routes()


@table.get("/hello")
@render_json
async def hello(request: web.Request) -> str:
    return "ann"


@web.middleware
async def three_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@web.middleware
async def cookie(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.set_cookie("session", "0123456789abcdef")
    return answer


def in_production() -> web.Application:
    return build_app(
        routes=[table, metrics(registry=CollectorRegistry())],
        middlewares=[request_ids(), cors([ORIGIN]), security_headers()],
    )


def with_many_routes() -> web.Application:
    many = Routes()
    for number in range(1000):
        many.get(f"/many/{{name}}/part-{number}")(hello)
    return build_app(routes=many)


KINDS: dict[str, tuple[Callable[[], web.Application], bool]] = {
    "bare": (lambda: build_app(routes=table), False),
    "three headers": (lambda: build_app(routes=table, middlewares=[three_headers]), False),
    "a cookie": (lambda: build_app(routes=table, middlewares=[cookie]), False),
    "as deployed": (lambda: build_app(routes=table, middlewares=[request_ids(), three_headers]), True),
    "in production": (in_production, True),
    "search": (built, False),
    "small body": (built, False),
    "one of a thousand routes": (with_many_routes, False),
}
"""Applications, and whether their access is logged."""

BODY = json.dumps(GOOD).encode()
REQUESTS = {
    "search": REQUEST.replace(b"/hello", b"/search?q=tea&page=2&sort=desc"),
    "small body": b"POST /people HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    + b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    "one of a thousand routes": REQUEST.replace(b"/hello", b"/many/ann/part-900"),
}
"""What is asked, where it is not `REQUEST`."""


class Client(asyncio.Transport):
    """The other side of a connection, over no socket."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = []

    def write(self, data):
        self.answers.append(bytes(data))

    def get_extra_info(self, name, default=None):
        return ("127.0.0.1", 50_000) if name == "peername" else default

    def get_write_buffer_size(self):
        return 0

    def is_closing(self):
        return False

    def is_reading(self):
        return True

    def close(self):
        pass


def measure(kind: str) -> dict[str, int]:
    """Count one request, after others have filled what is filled once."""
    make, is_logged = KINDS[kind]
    request = REQUESTS.get(kind, REQUEST)
    lines = io.StringIO()
    LOG.handlers.clear()  # pytest adds one of its own to each logger that does not propagate, as this one after a call
    json_logs(stream=lines, loggers=(LOG.name,))

    async def run() -> tuple[int, int]:
        limits = Limits(head_seconds=None)
        runner = app_runner(make(), access_log=LOG if is_logged else None, limits=limits)
        await runner.setup()
        connection, client = runner.server(), Client()
        connection.connection_made(client)

        async def ask() -> None:
            expected = len(client.answers) + 1
            connection.data_received(request)
            while len(client.answers) < expected:
                await asyncio.sleep(0)
            assert client.answers[-1].startswith(b"HTTP/1.1 200 OK\r\n")

        for _ in range(20):
            await ask()
        costs = []
        for _ in range(5):
            cost = Cost()
            with cost.counted():
                await ask()
            costs.append((cost.instructions, cost.calls))
        connection.connection_lost(None)
        await runner.cleanup()
        instructions, calls = map(min, zip(*costs[1:], strict=True))
        return instructions, calls

    instructions, calls = asyncio.run(run())
    assert len(lines.getvalue().splitlines()) == 25 * is_logged
    return {"instructions": instructions, "calls": calls}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_deployed_costs_no_more_than_it_did(kind):
    """Within a tenth; how to renew the figures stands in CONTRIBUTING.md."""
    figures = json.loads(FIGURES.read_text())
    if PYTHON not in figures:
        pytest.skip(f"no figures are kept for Python {PYTHON}; each version has a bytecode of its own")
    allowed = {name: int(count * 1.1) for name, count in figures[PYTHON][kind].items()}
    cost = measure(kind)
    assert all(0 < cost[name] <= allowed[name] for name in allowed), f"{kind}: {cost} exceeds {allowed}"


if __name__ == "__main__":
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    kept[PYTHON] = {kind: measure(kind) for kind in KINDS}
    FIGURES.write_text(json.dumps(dict(sorted(kept.items())), indent=2) + "\n")
