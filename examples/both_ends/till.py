"""A till, which calls the orders service: it imports orders_api.py, and no route or handler of the service."""

import datetime
import os

from orders_api import ListOrders, NewOrder, NoSuchCustomer, PlaceOrder

from ponty import (
    PosIntRouteParameter,
    Request,
    StringQueryParameter,
    expect,
    get,
    http_client_provider,
    lease_http_client,
    post,
    render_json,
    retry,
    startmeup,
)

orders_client = http_client_provider(
    name="orders", base_url=os.environ.get("ORDERS_URL", "http://127.0.0.1:9001"), timeout=2
)


class Buy(Request):
    customer = PosIntRouteParameter()
    item = StringQueryParameter(required=True)


class ShowCustomer(Request):
    customer = PosIntRouteParameter()


@post(f"/till/{Buy.customer}")
@expect(Buy)
@render_json(str)
async def buy(customer: int, item: str) -> str:
    request = PlaceOrder(customer=customer, order=NewOrder(item, datetime.date(2026, 3, 1)), sent_by="till")
    async with lease_http_client("orders") as session:
        order = await request.send(session)
    return f"order {order.number}: {order.item}, due {order.due:%d.%m.%Y}"


@retry(ConnectionError, TimeoutError, max_retries=2)
async def items_of(customer: int) -> list[str]:
    async with lease_http_client("orders") as session:
        return [order.item for order in await ListOrders(customer=customer).send(session)]


@get(f"/till/{ShowCustomer.customer}")
@expect(ShowCustomer)
@render_json(list[str])
async def show_customer(customer: int) -> list[str]:
    try:
        return await items_of(customer)
    except NoSuchCustomer:
        return []


if __name__ == "__main__":
    startmeup(port=8080, providers=[orders_client])
