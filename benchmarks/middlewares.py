"""What middlewares and the headers they set cost, inside of one process.

Requests go as bytes into aiohttp's protocol, over a transport that keeps what is written. Each case is the same route
below other middlewares; printed is its best processor time, and the ratio of that without any to it, in the median of
the rounds, in each of which all are asked in turn. At least 0.9 is the aim. The last two are compared with each other:
an access log, a new id for each request, and three headers, by Ponty and as one writes it by hand for aiohttp. At least
1.1 is the aim; `deployed.py` asks more routes of the same.

Run it as a program, with the number of rounds as its argument.
"""

import asyncio
import contextvars
import gc
import io
import itertools
import json
import logging
import os
import random
import statistics
import sys
import time
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ponty.core import Limits, Routes, app_runner, build_app, cors, render_json, request_ids, security_headers

REQUEST = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
REQUESTS_A_ROUND = 20
UNHURRIED = Limits(head_seconds=None)
"""A connection waits here while the others are measured."""

table = Routes()


@table.get("/hello")
@render_json
async def hello(request: web.Request) -> dict[str, str]:
    del request
    return {"greeting": "hello ann!"}


@web.middleware
async def passing(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await handler(request)


@web.middleware
async def three_that_stay(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


numbers = itertools.count()


@web.middleware
async def three_of_which_one_is_new(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["X-Request-Id"] = f"{next(numbers):032x}"
    return answer


@web.middleware
async def cookie(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.set_cookie("session", "0123456789abcdef")
    return answer


current_id: contextvars.ContextVar[str] = contextvars.ContextVar("current_id")


@web.middleware
async def ids_by_hand(request: web.Request, handler: Handler) -> web.StreamResponse:
    name = os.urandom(16).hex()
    token = current_id.set(name)
    try:
        answer = await handler(request)
    finally:
        current_id.reset(token)
    answer.headers["X-Request-ID"] = name
    return answer


async def hello_by_hand(request: web.Request) -> web.StreamResponse:
    del request
    now = time.time_ns() // 1_000_000
    body = json.dumps({"data": {"greeting": "hello ann!"}, "elapsed": 0, "now": now}).encode()
    return web.Response(body=body, content_type="application/json")


CASES: dict[str, list[Middleware]] = {
    "no middleware": [],
    "two middlewares": [passing, passing],
    "three headers": [three_that_stay],
    "three, one new": [three_of_which_one_is_new],
    "a cookie": [cookie],
    "request_ids": [request_ids()],
    "security_headers": [security_headers()],
    "cors": [cors(["https://shop.example"])],
}

BY_PONTY, BY_HAND = "as deployed", "the same by hand"


class Nowhere(io.StringIO):
    """Takes lines, and keeps none: a call of the operating system would hide what the rest costs."""

    def write(self, text: str, /) -> int:
        return len(text)


def deployed() -> dict[str, web.AppRunner]:
    """Return what serves a program as it is deployed, by Ponty and by hand."""
    log = logging.getLogger("benchmarks.access")
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(logging.StreamHandler(Nowhere()))
    by_hand = web.Application(middlewares=[ids_by_hand, three_that_stay])
    by_hand.router.add_get("/hello", hello_by_hand)
    by_ponty = build_app(routes=table, middlewares=[request_ids(), three_that_stay])
    return {
        BY_PONTY: app_runner(by_ponty, access_log=log, limits=UNHURRIED),
        BY_HAND: web.AppRunner(by_hand, access_log=log),
    }


class Transport(asyncio.Transport):
    """Keeps what was written last."""

    written = 0
    last = b""

    def get_write_buffer_size(self) -> int:
        """Return that nothing waits to be sent."""
        return 0

    def write(self, data: Any) -> None:
        self.written += 1
        self.last = bytes(data)

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 50_000) if name == "peername" else default

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None: ...


async def measure(rounds: int) -> list[dict[str, float]]:
    """Time each case in turn, and return the microseconds of an answer in each round."""
    served: dict[str, tuple[Any, Transport]] = {}
    runners = {
        name: web.AppRunner(build_app(routes=table, middlewares=middlewares), access_log=None)
        for name, middlewares in CASES.items()
    }
    for name, runner in (runners | deployed()).items():
        await runner.setup()
        assert runner.server is not None
        protocol, transport = runner.server(), Transport()
        protocol.connection_made(transport)
        served[name] = protocol, transport
    measured: list[dict[str, float]] = []
    order, shuffle = [*served], random.Random(0).shuffle
    for _ in range(rounds):
        shuffle(order)  # since what comes first in a processor's caches costs the next one more
        turn = dict.fromkeys(served, 0.0)
        for name in order:
            gc.collect(0)
            await ask(*served[name], REQUESTS_A_ROUND // 4)
            start = time.process_time()
            await ask(*served[name], REQUESTS_A_ROUND)
            turn[name] = (time.process_time() - start) / REQUESTS_A_ROUND * 1e6
        measured.append(turn)
    return measured


async def ask(protocol: Any, transport: Transport, times: int) -> None:
    """Send the request so many times, each when the one before was answered."""
    for _ in range(times):
        before = transport.written
        protocol.data_received(REQUEST)
        while transport.written == before:  # noqa: ASYNC110 - the least there is to wait by
            await asyncio.sleep(0)
    assert transport.last.startswith(b"HTTP/1.1 200 OK"), transport.last


def main() -> None:
    """Print the best times, and the ratios."""
    turns = asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
    for name in turns[0]:
        best = min(turn[name] for turn in turns)
        ratio = statistics.median(turn["no middleware"] / turn[name] for turn in turns)
        print(f"{name:16} {best:6.1f} us  {ratio:.2f}")
    ratio = statistics.median(turn[BY_HAND] / turn[BY_PONTY] for turn in turns)
    print(f"{BY_PONTY}, to {BY_HAND}: {ratio:.2f}")


if __name__ == "__main__":
    main()
