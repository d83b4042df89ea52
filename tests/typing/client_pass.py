"""What type checkers infer of calls."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import assert_type

from aiohttp import ClientSession

from ponty import (
    Answer,
    Endpoint,
    Items,
    PosIntRouteParameter,
    Reply,
    Request,
    Routes,
    handle,
)


@dataclass
class Table:
    seats: int


class ListOrders(Request):
    endpoint = Endpoint("GET", "/customers/{customer}/orders", returns=list[Table])
    customer = PosIntRouteParameter()


class DropOrder(Request):
    endpoint = Endpoint("DELETE", "/orders/{number}")
    number = PosIntRouteParameter()


class ShowPet(Request):
    endpoint = Endpoint[Table | str]("GET", "/pet", returns=Table | str)


class FollowTables(Request):
    endpoint = Endpoint("GET", "/tables", returns=Table, stream="events")


async def call(session: ClientSession) -> None:
    assert_type(await ListOrders(customer=7).send(session), list[Table])
    assert_type(await DropOrder(number=7).send(session), None)
    assert_type(await ShowPet().send(session), Table | str)
    answer = await ListOrders(customer=7).send(session, whole=True, base_url="http://orders")
    assert_type(answer, Answer[list[Table]])
    again = await ListOrders(customer=7).send(session, whole=True, earlier=answer, headers={"X-A": "b"})
    assert_type(again.value, list[Table])
    async with await FollowTables().send(session) as tables:
        assert_type(tables, Items[Table])
        assert_type([table async for table in tables], list[Table])


@handle(ListOrders)
async def handle_orders(customer: int) -> list[Table]:
    return []


@handle(ListOrders, whole=True, summary="List them", table=Routes())
async def handle_orders_whole(r: ListOrders) -> Reply[list[Table]]:
    assert_type(r.customer, int)
    return Reply([], headers={"X-A": "b"})


@handle(DropOrder)
async def handle_drop(number: int) -> None: ...


@handle(FollowTables)
async def handle_tables() -> AsyncIterator[Table]:
    yield Table(seats=2)
