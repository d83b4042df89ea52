"""What all that a production has on costs, inside of one process: Ponty, and aiohttp tuned by hand, with and without.

The programs are those of the production profile (`production.py`): an access log in JSON, request ids, metrics, CORS
and security headers. Requests go as bytes into aiohttp's protocol, over a transport that keeps what is written, so that
neither sockets nor a busy machine hide the differences. Compared is processor time, of turns that lie next to each
other, in the median of the rounds. Those named after headers have what nearly every deployment has, and no more: three
headers set by a middleware the usual way, an access log of lines, and a new id for each request.

Run it as a program, with the number of rounds as its argument. With the names of a server and a case behind it, as in
`deployed.py 500 ponty-production hello`, it handles that many requests and prints nothing, for a profiler.
"""

import asyncio
import gc
import importlib
import io
import logging
import pathlib
import statistics
import sys
import time
from typing import Any

import uvloop
from aiohttp import web

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).parent / "servers"))
from benchmarks.cases import CASES
from benchmarks.middlewares import UNHURRIED, Transport, ids_by_hand, three_that_stay
from benchmarks.targets import PLAIN
from ponty.core import app_runner, build_app, cors, json_logs, metrics, request_ids, routes, security_headers

ORIGIN = "https://shop.example"
REQUESTS_A_TURN = 40
PAIRS = (
    ("ponty-headers", "tuned-headers", 1.1),
    ("ponty-headers", "ponty", 0.9),
    ("tuned-headers", "tuned", None),
    ("ponty-production", "tuned-production", 0.9),
    ("ponty-production", "ponty", 0.9),
    ("tuned-production", "tuned", None),
    ("ponty", "tuned", None),
)
"""What is compared with what, and how much of its rate it is to reach."""


class Nowhere(io.StringIO):
    """Takes lines, and keeps none: a call of the operating system would hide what the rest costs."""

    def write(self, text: str, /) -> int:
        return len(text)


def runners() -> dict[str, web.AppRunner]:
    """Return what serves each of the programs."""
    importlib.import_module("ponty_app")
    json_logs(stream=Nowhere())
    by_hand: Any = importlib.import_module("tuned_production")
    log, lines = logging.getLogger("access"), logging.getLogger("benchmarks.lines")
    for each in (log, lines):
        each.propagate = False
        each.setLevel(logging.INFO)
        each.addHandler(logging.StreamHandler(Nowhere()))
    tuned, tuned_production = web.Application(), web.Application(middlewares=[by_hand.production])
    tuned_headers = web.Application(middlewares=[ids_by_hand, three_that_stay])
    for app in (tuned, tuned_production, tuned_headers):
        app.add_routes(by_hand.routes)
    with_headers = build_app(middlewares=[request_ids(), three_that_stay])
    production = build_app(routes=[routes, metrics()], middlewares=[request_ids(), cors([ORIGIN]), security_headers()])
    return {
        "ponty": app_runner(build_app(), access_log=None, limits=UNHURRIED),
        "ponty-headers": app_runner(with_headers, access_log=lines, limits=UNHURRIED),
        "ponty-production": app_runner(production, limits=UNHURRIED),
        "tuned": web.AppRunner(tuned, access_log=None),
        "tuned-headers": web.AppRunner(tuned_headers, access_log=lines),
        "tuned-production": web.AppRunner(tuned_production, access_log=log, access_log_class=by_hand.AccessLogger),
    }


class Client:
    """One connection, over no socket.

    Args:
        protocol: The server's side of it.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._transport = Transport()
        protocol.connection_made(self._transport)

    async def ask(self, data: bytes, times: int) -> None:
        """Send a request so many times, each when the one before was answered."""
        transport = self._transport
        for _ in range(times):
            before = transport.written
            self._protocol.data_received(data)
            while transport.written == before:  # noqa: ASYNC110 - the least there is to wait by
                await asyncio.sleep(0)
        assert transport.last.startswith(b"HTTP/1.1 200 OK"), transport.last

    async def timed(self, data: bytes) -> float:
        """Return the seconds of processor time that one turn takes."""
        gc.collect(0)
        start = time.process_time()
        await self.ask(data, REQUESTS_A_TURN)
        return time.process_time() - start


def requests() -> dict[str, bytes]:
    """Return what is asked, by case."""
    asked = {case.name: case.request.encode(80) for case in CASES if case.name in PLAIN}
    return {name: data.replace(b"\r\n", f"\r\nOrigin: {ORIGIN}\r\n".encode(), 1) for name, data in asked.items()}


async def clients() -> dict[str, Client]:
    """Start the servers, and return a client of each."""
    connected: dict[str, Client] = {}
    for name, runner in runners().items():
        await runner.setup()
        assert runner.server is not None
        connected[name] = Client(runner.server())
    return connected


async def measure(rounds: int) -> None:
    """Print what an answer of each takes, and the ratios."""
    connected = await clients()
    for case, data in requests().items():
        for client in connected.values():
            await client.timed(data)
        turns = [{name: await client.timed(data) for name, client in connected.items()} for _ in range(rounds)]
        for name in connected:
            print(f"{case:10} {name:17} {min(turn[name] for turn in turns) / REQUESTS_A_TURN * 1e6:6.1f} us")
        for name, other, target in PAIRS:
            ratio = statistics.median(turn[other] / turn[name] for turn in turns)
            print(f"{case:10} {name} to {other}: {ratio:.2f}" + (f" (target {target})" if target else ""))


async def repeat(number: int, server: str, case: str) -> None:
    """Handle some requests, and as many before as fill what is filled once."""
    client = (await clients())[server]
    data = requests()[case]
    await client.ask(data, 100)
    profiled()
    await client.ask(data, number)
    profiled()


def profiled() -> None:
    """Do nothing: a profiler may begin and end here."""


def main() -> None:
    """Do as the command line says."""
    arguments = sys.argv[1:] or ["200"]
    number = int(arguments[0])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(repeat(number, *arguments[1:]) if len(arguments) > 1 else measure(number))


if __name__ == "__main__":
    main()
