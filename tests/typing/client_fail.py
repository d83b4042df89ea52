"""What type checkers refuse of calls."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import ClientSession

from ponty import Endpoint, PosIntRouteParameter, Request, StringQueryParameter, handle


@dataclass
class Order:
    number: int


class Bare(Request):
    name = StringQueryParameter(default="")


class ListOrders(Request):
    endpoint = Endpoint("GET", "/customers/{customer}/orders", returns=list[Order])
    customer = PosIntRouteParameter()


class Follow(Request):
    endpoint = Endpoint("GET", "/follow", returns=Order, stream="lines")


Endpoint("GET")  # E
Endpoint("GET", "/a", returns=int, stream="rows")  # E
Endpoint("GET", "/a", raises=[KeyError])  # E


async def call(session: ClientSession) -> None:
    await Bare().send(session)  # E
    number: int = await ListOrders(customer=7).send(session)  # E
    await ListOrders(customer=7).send("http://orders")  # E
    await ListOrders(customer=7).send(session, earlier=None)  # E
    text: str = (await ListOrders(customer=7).send(session, whole=True)).value  # E
    async with await Follow().send(session) as orders:
        async for order in orders:
            order.nothing  # E


@handle(Bare)  # E
async def bare(name: str) -> None: ...


@handle(ListOrders)  # E
async def other(customer: int) -> list[str]:
    return []


@handle(Follow)  # E
async def no_stream() -> Order:
    return Order(1)


@handle(Follow)  # E
async def other_stream() -> AsyncIterator[str]:
    yield ""
