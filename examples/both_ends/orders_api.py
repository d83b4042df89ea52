"""The API that the orders service and its callers share: the routes, the requests and the answers."""

import dataclasses
import datetime

from ponty import DoesNotExist, Endpoint, Header, ParsedJsonBody, PosIntQueryParameter, PosIntRouteParameter, Request


@dataclasses.dataclass
class NewOrder:
    item: str
    due: datetime.date


@dataclasses.dataclass
class Order(NewOrder):
    number: int


class NoSuchCustomer(DoesNotExist):
    type = "https://orders.example/problems/no-such-customer"
    title = "There is no such customer"


class ListOrders(Request):
    endpoint = Endpoint("GET", "/customers/{customer}/orders", returns=list[Order], raises=[NoSuchCustomer])
    customer = PosIntRouteParameter()
    page = PosIntQueryParameter(default=1)


class PlaceOrder(Request):
    endpoint = Endpoint("POST", "/customers/{customer}/orders", returns=Order, status=201, raises=[NoSuchCustomer])
    customer = PosIntRouteParameter()
    order = ParsedJsonBody(NewOrder)
    sent_by = Header(key="X-Sent-By", default="nobody")
