"""The orders service: it handles the requests of orders_api.py."""

from orders_api import ListOrders, NewOrder, NoSuchCustomer, Order, PlaceOrder

from ponty import handle, startmeup

ORDERS: dict[int, list[Order]] = {7: []}
PAGE = 10


def orders_of(customer: int) -> list[Order]:
    if customer not in ORDERS:
        raise NoSuchCustomer(members={"customer": customer})
    return ORDERS[customer]


@handle(ListOrders)
async def list_orders(customer: int, page: int) -> list[Order]:
    return orders_of(customer)[PAGE * (page - 1) : PAGE * page]


@handle(PlaceOrder)
async def place_order(customer: int, order: NewOrder, sent_by: str) -> Order:
    orders = orders_of(customer)
    orders.append(Order(order.item, order.due, number=len(orders) + 1))
    return orders[-1]


if __name__ == "__main__":
    startmeup(port=9001)
