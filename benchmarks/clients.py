"""What a typed call costs beside the same one by bare aiohttp and msgspec.

A process of its own answers every request with the same bytes. Calls of both kinds alternate in turns, over one kept
connection each; counted is the processor time of this process. Printed is the median of each and of their ratios, for
a small answer and for one of a hundred items. At most 1.4 is the aim.

Run it as a program, with the number of turns as its argument.
"""

import asyncio
import dataclasses
import datetime
import gc
import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec

from ponty import Endpoint, PosIntQueryParameter, PosIntRouteParameter, Request

CALLS_A_TURN = 50


@dataclasses.dataclass
class Order:
    number: int
    item: str
    due: datetime.date
    tags: list[str]


class ListOrders(Request):
    endpoint = Endpoint("GET", "/customers/{customer}/orders", returns=list[Order])
    customer = PosIntRouteParameter()
    page = PosIntQueryParameter(default=1)


class Document(msgspec.Struct):
    data: list[Order]


decode = msgspec.json.Decoder(Document).decode


def answer_of(count: int) -> bytes:
    orders = [Order(number, "mug", datetime.date(2026, 3, 1), ["a", "b"]) for number in range(count)]
    body = msgspec.json.encode({"data": orders, "elapsed": 0, "now": 1795461977849})
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def serve(listener: socket.socket, answers: dict[bytes, bytes]) -> None:
    """Answer each request by the customer in its path, until the process is ended."""

    class Canned(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            self.begun = b""

        def data_received(self, data: bytes) -> None:
            *heads, self.begun = (self.begun + data).split(b"\r\n\r\n")
            for head in heads:
                self.transport.write(answers[head.split(b"/", 3)[2]])

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Canned, sock=listener)
        await server.serve_forever()

    asyncio.run(run())


async def bare(session: aiohttp.ClientSession, customer: int) -> list[Order]:
    async with session.get(f"/customers/{customer}/orders", params={"page": 2}, allow_redirects=False) as answer:
        answer.raise_for_status()
        return decode(await answer.read()).data


async def typed(session: aiohttp.ClientSession, customer: int) -> list[Order]:
    return await ListOrders(customer=customer, page=2).send(session)


async def turn(call: Callable[[aiohttp.ClientSession, int], Awaitable[object]], url: str, customer: int) -> float:
    """Return the microseconds of processor time of one call."""
    async with aiohttp.ClientSession(base_url=url) as session:
        await call(session, customer)
        gc.collect()
        start = time.process_time()
        for _ in range(CALLS_A_TURN):
            await call(session, customer)
        return (time.process_time() - start) / CALLS_A_TURN * 1e6


async def measure(url: str, turns: int) -> None:
    print(f"{'items':>6} {'bare, µs':>9} {'typed, µs':>9} {'ratio':>6}")
    for customer in (1, 100):
        assert await compare(url, customer)
        pairs = [(await turn(bare, url, customer), await turn(typed, url, customer)) for _ in range(turns)]
        ratio = statistics.median(ours / theirs for theirs, ours in pairs)
        theirs, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"{customer:6} {theirs:9.0f} {ours:9.0f} {ratio:6.2f}")


async def compare(url: str, customer: int) -> bool:
    async with aiohttp.ClientSession(base_url=url) as session:
        return await bare(session, customer) == await typed(session, customer)


def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    listener = socket.create_server(("127.0.0.1", 0))
    answers = {str(count).encode(): answer_of(count) for count in (1, 100)}
    server = multiprocessing.get_context("fork").Process(target=serve, args=(listener, answers), daemon=True)
    server.start()
    try:
        asyncio.run(measure(f"http://127.0.0.1:{listener.getsockname()[1]}", turns))
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
