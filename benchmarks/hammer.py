"""A load generator of our own, for where wrk is not installed: `python -m benchmarks.hammer` with its task on stdin.

It takes about as much of its core as the server takes of the other, so what it measures of the fastest servers is less
than what they can do. wrk does not have that fault.
"""

import asyncio
import dataclasses
import json
import sys
import time
from collections.abc import Callable

from benchmarks.cases import Ask


@dataclasses.dataclass
class Count:
    """What came back so far."""

    answers: int = 0
    refused: int = 0
    failed: int = 0
    times: list[float] = dataclasses.field(default_factory=list)


class Client(asyncio.Protocol):
    """One connection: it asks, waits for the whole answer, and asks again."""

    def __init__(self, request: bytes, count: Count, end: float) -> None:
        self.request = request
        self.count = count
        self.end = end
        self.received = bytearray()
        self.asked = 0.0
        self.transport: asyncio.Transport | None = None
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP has one that writes
        self.send()

    def send(self) -> None:
        if self.transport is None:
            return
        self.asked = time.perf_counter()
        if self.asked >= self.end and self.count.answers:  # however slow a server is, one answer is waited for
            self.transport.close()
        else:
            self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return
        self.count.answers += 1
        self.count.refused += not head.startswith(b"HTTP/1.1 2")
        self.count.times.append(time.perf_counter() - self.asked)
        self.received.clear()
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a protocol's method
        self.count.failed += time.perf_counter() < self.end
        self.closed.set_result(None)


async def hammer(ask: Ask, port: int, connections: int, seconds: float) -> dict[str, float]:
    """Ask over `connections` keep-alive connections for some time, and give the figures that wrk would give."""
    count = Count()
    began = time.perf_counter()
    loop = asyncio.get_running_loop()

    async def connect() -> None:
        request = ask.encode(port)
        _, client = await loop.create_connection(lambda: Client(request, count, began + seconds), "127.0.0.1", port)
        await client.closed

    await asyncio.gather(*(connect() for _ in range(connections)))
    took = time.perf_counter() - began
    p99 = sorted(count.times)[int(len(count.times) * 0.99)] * 1000 if count.times else 0.0
    return {
        "answers": count.answers,
        "seconds": took,
        "refused": count.refused,
        "failed": count.failed,
        "p99_ms": p99,
    }


def main() -> None:
    """Read the task, do it, print the figures."""
    task = json.load(sys.stdin)
    body = task["body"]
    ask = Ask(task["path"], None if body is None else body.encode())
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        print(json.dumps(runner.run(hammer(ask, task["port"], task["connections"], task["seconds"]))))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - Windows has none
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
