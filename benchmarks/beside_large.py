"""How long small requests wait beside one large body.

`hatch run bench:beside-large` asks inside of one process, over a transport that keeps what is written, and measures by
the processor's time, so that it matters little what else the machine does. Small requests come one after another while
a large body is read, answered and freed. Printed for each kind of body are its status, the time that it takes, of the
small answers that came meanwhile the median, the 99th percentile and the longest wait, and the longest turn of the
loop.

With `--clock`, it starts two processes of one program, both on one core, and asks both of them over sockets, in turns,
while the one of them gets the large body. Then all are wall-clock times, and the machine should do nothing else; what
it steals, the silent server shows as well.
"""

import argparse
import asyncio
import gc
import gzip
import importlib
import itertools
import pathlib
import statistics
import threading
import time
from collections.abc import Sequence

from aiohttp import web

from benchmarks.hostile import JSON, Served, post, serving, show
from benchmarks.middlewares import Transport
from benchmarks.serving import LOAD_CORE, pinned
from ponty import build_app

APP = pathlib.Path(__file__).parent / "beside_large_app.py"
SMALL = b"GET /item HTTP/1.1\r\nHost: a\r\n\r\n"
LIMIT = 64 * 1024**2
AIM = 20
"""How many milliseconds a small request may wait, in the 99th percentile."""


def row(number: int, quantity: str = "2") -> bytes:
    """Return a line of an order."""
    return (
        b'{"sku":"sku-%06d","quantity":%s,"price":12.5,"options":{"colour":"blue","size":"M"},"tags":["new","sale"]}'
        % (number, quantity.encode())
    )


def bodies(size: int) -> dict[str, tuple[str, bytes]]:
    """Return bodies of about so many bytes, and where they are sent, by what they are."""
    count = size // len(row(0))
    good = b"[" + b",".join(map(row, range(count))) + b"]"
    floats = b"[" + b",".join(row(number, "2.0") for number in range(count)) + b"]"
    wrong = b"[" + b",".join(row(number, "0") for number in range(count)) + b"]"
    unknown = b",".join(b'"%d":0' % number for number in range(size // 10))
    deep = b"[" * 90 + b"1" + b"]" * 90
    return {
        "rows into dataclasses": ("/lines", good),
        "rows into dataclasses with a __post_init__": ("/checked", good),
        "rows into Structs": ("/structs", good),
        "rows as plain JSON": ("/any", good),
        "rows under a schema": ("/validated", good),
        "rows of another form": ("/lines", floats),
        "bad at the end": ("/lines", good[:-1] + b"," + row(0, "0") + b"]"),
        "each of them bad": ("/lines", wrong),
        "each bad under a schema": ("/validated", wrong),
        "broken at the end": ("/lines", good[:-1] + b"}"),
        "cut off": ("/lines", good[: len(good) // 2 * 2 - 5]),
        "one long text": ("/any", b'"' + b"x" * size + b'"'),
        "texts of 1 MB, not ASCII": (
            "/texts",
            b"{" + b",".join(b'"%d":"%s"' % (number, "\u00e9".encode() * 2**19) for number in range(size >> 20)) + b"}",
        ),
        "90 levels, again and again": ("/any", b"[" + b",".join([deep] * (size // len(deep))) + b"]"),
        "brackets": ("/any", b"[" * size),
        "empty arrays": ("/any", b"[" + b",".join([b"[]"] * (size // 3)) + b"]"),
        "backslashes": ("/any", b'["' + b"\\\\" * (size // 2) + b'"]'),
        "unknown properties": ("/line", b'{"colour":"blue","size":"M",' + unknown + b"}"),
        "a million names": ("/any", b"{" + unknown + b"}"),
        "one number": ("/any", b"9" * (size // 10)),
        "numbers": ("/any", b"[" + b",".join([b"1"] * (size // 2)) + b"]"),
    }


def requests(size: int) -> dict[str, bytes]:
    """Return requests, by what they are."""
    found = {name: post(path, JSON, body=body) for name, (path, body) in bodies(size).items()}
    path, good = bodies(size)["rows into dataclasses"]
    found["rows, as gzip"] = post(path, JSON, "Content-Encoding: gzip", body=gzip.compress(good))
    found["a bomb of gzip, to the limit"] = post(
        path, JSON, "Content-Encoding: gzip", body=gzip.compress(b" " * (64 * 2**20 - 2) + b"[]")
    )
    found["the same as x-gzip"] = post(
        path, JSON, "Content-Encoding: x-gzip", body=gzip.compress(b" " * (64 * 2**20 - 2) + b"[]")
    )
    return found


class Asking:
    """Asks servers for small answers, in turns, until it is stopped."""

    def __init__(self, servers: Sequence[Served]) -> None:
        self.waits: list[list[float]] = [[] for _ in servers]
        self._end = threading.Event()
        self._connections = [served.connect() for served in servers]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for which in itertools.cycle(range(len(self._connections))):
            if self._end.is_set():
                return
            connection = self._connections[which]
            began = time.perf_counter()
            connection.sendall(SMALL)
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65536)
            self.waits[which].append((time.perf_counter() - began) * 1000)

    def stop(self) -> list[list[float]]:
        """Return how many milliseconds the answers of each took."""
        self._end.set()
        self._thread.join()
        for connection in self._connections:
            connection.close()
        return self.waits


def measure(request: bytes, busy: Served, silent: Served, rounds: int) -> list[str]:
    """Return a row of the table."""
    statuses, taken = set[str](), list[float]()
    waits: list[list[float]] = [[], []]
    for _ in range(rounds):
        with busy.connect() as connection:
            asking = Asking([busy, silent])
            began = time.perf_counter()
            connection.sendall(request)
            statuses.add(connection.recv(65536)[9:12].decode())
            taken.append(time.perf_counter() - began)
            for known, found in zip(waits, asking.stop(), strict=True):
                known.extend(found)
        time.sleep(0.2)  # what is left to be freed is not the next one's
    figures = [f"{statistics.median(taken) * 1000:,.0f} ms"]
    for found in waits:
        found.sort()
        p99 = found[min(len(found) * 99 // 100, len(found) - 1)]
        figures += [f"{statistics.median(found):.1f}", f"{p99:.1f}", f"{found[-1]:.1f}"]
    return [" ".join(sorted(statuses)), *figures]


class Inside:
    """An application that is asked without a socket."""

    def __init__(self, server: web.Server) -> None:
        self.transport = Transport()
        self.protocol = server()
        self.protocol.connection_made(self.transport)

    async def ask(self, request: bytes) -> float:
        """Ask, and return the milliseconds of the processor until the answer."""
        began, before = time.thread_time(), self.transport.written
        self.protocol.data_received(request)
        while self.transport.written == before:  # noqa: ASYNC110 - the least there is to wait by
            await asyncio.sleep(0)
        return (time.thread_time() - began) * 1000

    async def send(self, request: bytes) -> None:
        """Send a large request in pieces, as a socket has them, and wait for the answer."""
        before = self.transport.written
        for start in range(0, len(request), _PIECE):
            self.protocol.data_received(request[start : start + _PIECE])
            await asyncio.sleep(0)
        while self.transport.written == before:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0)


_PIECE = 2**16


async def beside(server: web.Server, request: bytes) -> list[str]:
    """Return a row of the table of processor times."""
    busy, small = Inside(server), Inside(server)
    for _ in range(50):
        await small.ask(SMALL)
    gc.collect()
    waits, turns = list[float](), list[float]()

    async def watch() -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            turns.append((time.thread_time() - began) * 1000)

    watching = asyncio.create_task(watch())
    began = time.thread_time()
    sending = asyncio.create_task(busy.send(request))
    while not sending.done():
        waits.append(await small.ask(SMALL))
    taken = time.thread_time() - began
    for _ in range(200):  # while it is freed
        waits.append(await small.ask(SMALL))
    watching.cancel()
    waits.sort()
    return [
        busy.transport.last[9:12].decode(),
        f"{taken * 1000:,.0f} ms",
        f"{statistics.median(waits):.1f}",
        f"{waits[len(waits) * 99 // 100]:.1f}",
        f"{waits[-1]:.1f}",
        f"{max(turns):.1f}",
    ]


async def measure_inside(megabytes: int, rounds: int, only: str) -> None:
    """Measure by the processor's time."""
    importlib.import_module("benchmarks.beside_large_app")
    runner = web.AppRunner(build_app(client_max_size=LIMIT), access_log=None)
    await runner.setup()
    assert runner.server is not None
    rows: list[list[str]] = []
    for name, request in requests(megabytes * 1_000_000).items():
        if only in name:
            rows += [[name, *await beside(runner.server, request)] for _ in range(rounds)]
    header = ["body", "status", "taken", "median", "p99", "longest", "longest turn"]
    show(f"waits beside {megabytes} MB, in milliseconds of the processor (p99 to be {AIM})", header, rows, None)


def main(megabytes: int, rounds: int, only: str) -> None:
    """Measure by the clock."""
    header = ["body", "status", "answered after", "median", "p99", "longest", "silent: median", "p99", "longest"]
    rows: list[list[str]] = []
    with pinned(LOAD_CORE), serving(APP) as busy, serving(APP) as silent:
        for name, request in requests(megabytes * 1_000_000).items():
            if only in name:
                rows.append([name, *measure(request, busy, silent, rounds)])
    show(f"waits of small requests beside {megabytes} MB, in milliseconds (p99 to be {AIM})", header, rows, None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clock", action="store_true", help="over sockets, by the clock")
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="those whose name has this in it")
    given = parser.parse_args()
    if given.clock:
        main(given.megabytes, given.rounds, given.only)
    else:
        asyncio.run(measure_inside(given.megabytes, given.rounds, given.only))
