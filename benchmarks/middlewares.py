"""What middlewares and the headers they set cost, inside of one process.

Requests go as bytes into aiohttp's protocol, over a transport that keeps what is written. Each case is the same route
below other middlewares; printed is its best time, and the ratio of the best without any to it. At least 0.9 is the aim.

Run it as a program, with the number of rounds as its argument.
"""

import asyncio
import gc
import sys
import time
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ponty.core import Routes, build_app, render_json

REQUEST = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
REQUESTS_A_ROUND = 20

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
async def three(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["X-Request-Id"] = "0123456789abcdef"
    return answer


@web.middleware
async def cookie(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.set_cookie("session", "0123456789abcdef")
    return answer


CASES: dict[str, list[Middleware]] = {
    "no middleware": [],
    "two middlewares": [passing, passing],
    "three headers": [three],
    "a cookie": [cookie],
}


class Transport(asyncio.Transport):
    """Keeps what was written last."""

    written = 0
    last = b""

    def write(self, data: Any) -> None:
        self.written += 1
        self.last = bytes(data)

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        del name
        return default

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None: ...


async def measure(rounds: int) -> dict[str, float]:
    """Time each case in turn, and return the microseconds of its best round."""
    served: dict[str, tuple[Any, Transport]] = {}
    for name, middlewares in CASES.items():
        runner = web.AppRunner(build_app(routes=table, middlewares=middlewares), access_log=None)
        await runner.setup()
        assert runner.server is not None
        protocol, transport = runner.server(), Transport()
        protocol.connection_made(transport)
        served[name] = protocol, transport
    best = dict.fromkeys(CASES, float("inf"))
    for _ in range(rounds):
        for name, (protocol, transport) in served.items():
            gc.collect(0)
            start = time.perf_counter()
            for _ in range(REQUESTS_A_ROUND):
                before = transport.written
                protocol.data_received(REQUEST)
                while transport.written == before:  # noqa: ASYNC110 - the least there is to wait by
                    await asyncio.sleep(0)
            best[name] = min(best[name], (time.perf_counter() - start) / REQUESTS_A_ROUND * 1e6)
            assert transport.last.startswith(b"HTTP/1.1 200 OK"), transport.last
    return best


def main() -> None:
    """Print the best times, and their ratios."""
    best = asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
    for name, microseconds in best.items():
        print(f"{name:16} {microseconds:6.1f} us  {best['no middleware'] / microseconds:.2f}")


if __name__ == "__main__":
    main()
