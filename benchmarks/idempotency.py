"""What idempotency keys cost, inside of one process.

A POST with a small JSON body goes as bytes into aiohttp's protocol, over a transport that keeps what is written. The
same route is asked without `idempotent`, with it but without a key, with a new key each time, and with a key whose
answer is there. The store is in memory; where `REDIS_URL` is set, new keys and repetitions are measured over that
Redis, too. Each round asks all cases in turn; printed are the medians, of the processor's time, and their ratios to the
route without. A repetition calls no handler: what it spares is the handler's own work, here nearly none.

Run it as a program, with the number of rounds as its argument.
"""

import asyncio
import dataclasses
import gc
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

from benchmarks.middlewares import UNHURRIED, Transport
from ponty import (
    IdempotencyStore,
    ParsedJsonBody,
    Request,
    Routes,
    app_runner,
    build_app,
    expect,
    idempotent,
    render_json,
)
from ponty.memo import LocalRecords, RedisLink, RedisRecords

REQUESTS_A_ROUND = 20
BODY = b'{"cents":450}'
HEAD = b"POST /payments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 13\r\n"
WITHOUT = "without idempotent"


@dataclasses.dataclass
class Order:
    cents: int


class Pay(Request):
    order = ParsedJsonBody(Order)


def table(store: IdempotencyStore | None) -> Routes:
    """Return a table with the route, over a store or without one."""
    made = Routes()

    @made.post("/payments", middlewares=[] if store is None else [idempotent(store)])
    @expect(Pay)
    @render_json(int, status=201)
    async def pay(order: Order) -> int:
        return order.cents

    return made


def asking(key: Callable[[], bytes] | None) -> Iterator[bytes]:
    """Yield requests, each with a key if there are keys."""
    while True:
        yield HEAD + (b"" if key is None else b'Idempotency-Key: "%b"\r\n' % key()) + b"\r\n" + BODY


def new_key() -> Callable[[], bytes]:
    """Return what makes up a new key each time."""
    run, numbers = os.urandom(8).hex().encode(), itertools.count()
    return lambda: b"%b-%d" % (run, next(numbers))


def same_key() -> Callable[[], bytes]:
    """Return what gives the same key each time, and one that no earlier run has used."""
    key = os.urandom(16).hex().encode()
    return lambda: key


async def measure(rounds: int, redis: str | None) -> dict[str, float]:
    """Return the microseconds of processor time that a request of each case takes, by the median of all rounds."""
    async with AsyncExitStack() as stack:
        stores: dict[str, tuple[IdempotencyStore | None, Callable[[], bytes] | None]] = {
            WITHOUT: (None, None),
            "no key": (LocalRecords(), None),
            "a new key": (LocalRecords(), new_key()),
            "a repetition": (LocalRecords(), same_key()),
        }
        if redis is not None:
            link = await stack.enter_async_context(RedisLink(redis))
            stores["a new key, in Redis"] = RedisRecords(link, namespace="bench"), new_key()
            stores["a repetition, in Redis"] = RedisRecords(link, namespace="bench"), same_key()
        served: dict[str, tuple[Any, Transport, Iterator[bytes]]] = {}
        for name, (store, key) in stores.items():
            runner = app_runner(build_app(routes=[table(store)]), access_log=None, limits=UNHURRIED)
            await runner.setup()
            assert runner.server is not None
            protocol, transport = runner.server(), Transport()
            protocol.connection_made(transport)
            served[name] = protocol, transport, asking(key)
        times: dict[str, list[float]] = {name: [] for name in served}
        for _ in range(rounds):
            for name, (protocol, transport, requests) in served.items():
                gc.collect(0)
                times[name].append(await _round(protocol, transport, requests))
        return {name: statistics.median(taken) for name, taken in times.items()}


async def _round(protocol: Any, transport: Transport, requests: Iterator[bytes]) -> float:
    begun = time.process_time()
    for _ in range(REQUESTS_A_ROUND):
        before = transport.written
        protocol.data_received(next(requests))
        while transport.written == before:  # noqa: ASYNC110 - the least there is to wait by
            await asyncio.sleep(0)
    assert transport.last.startswith(b"HTTP/1.1 201 Created"), transport.last
    return (time.process_time() - begun) / REQUESTS_A_ROUND * 1e6


def main() -> None:
    """Print the times, and their ratios."""
    taken = asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 500, os.environ.get("REDIS_URL")))
    for name, microseconds in taken.items():
        print(f"{name:24} {microseconds:7.1f} us  {microseconds / taken[WITHOUT]:.2f}")


if __name__ == "__main__":
    main()
