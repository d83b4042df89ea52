"""A request class is sent to its endpoint, and what is answered becomes a value or an error again."""

import asyncio
import dataclasses
import datetime
import gzip
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ponty.core import (
    DoesNotExist,
    Event,
    PontyError,
    Reply,
    Routes,
    ValidationError,
    build_app,
    http_client_provider,
    lease_http_client,
    raise_status,
    retry,
)
from ponty.request import (
    AIOHttpReq,
    Answer,
    BearerToken,
    Cookie,
    Endpoint,
    Field,
    Header,
    Items,
    LastEventId,
    NotSendable,
    ParsedJsonBody,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Provided,
    QueryParameter,
    Request,
    RouteParameter,
    Scoped,
    StringQueryParameter,
    StringRouteParameter,
    TextBody,
    UnexpectedAnswer,
    expect,
    handle,
)


@dataclasses.dataclass
class Order:
    number: int
    due: datetime.date | None = None


class NoCustomer(DoesNotExist):
    type = "https://orders.example/no-customer"
    title = "There is no such customer"

    def __init__(self, customer: int) -> None:
        super().__init__(detail=f"{customer} is no customer", members={"customer": customer})


class Busy(PontyError):
    status_code = 503


class Late(PontyError):
    status_code = 409


class ListOrders(Request):
    endpoint = Endpoint("GET", "/customers/{customer}/orders", returns=list[Order], raises=[NoCustomer, Busy, Late])
    customer = PosIntRouteParameter()
    page = PosIntQueryParameter(default=1)


@pytest.fixture
def answer(serve, routes):
    """Serve one handler for ListOrders, and give the client of it."""

    async def answer(handler, **options: Any):
        handle(ListOrders)(handler)
        return await serve(**options)

    return answer


@pytest.fixture
async def say():
    """Serve bytes as an answer, whatever is asked, and give a session there."""
    servers: list[asyncio.Server] = []
    sessions: list[aiohttp.ClientSession] = []

    async def say(written: bytes) -> aiohttp.ClientSession:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(written)
            await writer.drain()
            writer.close()

        servers.append(await asyncio.start_server(converse, "127.0.0.1", 0))
        port = servers[-1].sockets[0].getsockname()[1]
        sessions.append(aiohttp.ClientSession(base_url=f"http://127.0.0.1:{port}"))
        return sessions[-1]

    yield say
    for session in sessions:
        await session.close()
    for server in servers:
        server.close()


def head(status: int, content_type: str, body: bytes, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Some", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def test_one_class_at_both_ends(answer):
    async def list_orders(customer: int, page: int) -> list[Order]:
        return [Order(customer * 100 + page, datetime.date(2026, 1, page))]

    client = await answer(list_orders)
    assert await ListOrders(customer=7, page=2).send(client) == [Order(702, datetime.date(2026, 1, 2))]
    assert await ListOrders(customer=7).send(client.session, base_url=client.make_url("/")) == [
        Order(701, datetime.date(2026, 1, 1))
    ]


async def test_what_is_left_out_is_not_sent_and_what_is_given_is(serve, routes):
    seen = []

    class Ask(Request):
        endpoint = Endpoint("GET", "/ask")
        word = StringQueryParameter(default="a")
        agent = Header(key="X-Agent", default="none")
        visits = Cookie(int, name="visits", default=0)
        token = BearerToken(required=False)

    @routes.get("/ask")
    async def handler(request: web.Request) -> web.Response:
        seen.append((request.query_string, "X-Agent" in request.headers, request.headers.get("Cookie")))
        return web.Response(status=204)

    client = await serve()
    await Ask().send(client)
    await Ask(word="a", agent="none", visits=0, token=None).send(client)
    assert seen == [("", False, None), ("word=a", True, "visits=0")]


async def test_a_base_url_with_a_path_goes_before_the_endpoint(serve, routes):
    class Show(Request):
        endpoint = Endpoint("GET", "/mugs/{name}", returns=str)
        name = RouteParameter(str)

    v1 = Routes("/shop/v1")

    @handle(Show, table=v1)
    async def show(name: str) -> str:
        return name

    client = await serve(routes=v1)
    for path in ("/shop/v1", "/shop/v1/"):
        base_url = client.make_url(path)
        async with aiohttp.ClientSession() as session:
            assert await Show(name="a:b/é%2F?#").send(session, base_url=base_url) == "a:b/é%2F?#"
    async with aiohttp.ClientSession(base_url=client.make_url("/shop/v1/")) as session:
        assert await Show(name="x").send(session) == "x"


async def test_a_session_without_a_base_url_says_what_is_missing():
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ValueError, match="ListOrders: the session has no base_url; give one to send\\(\\)"):
            await ListOrders(customer=1).send(session)


async def test_an_error_is_the_exception_that_it_was(answer):
    async def list_orders(customer: int, page: int) -> list[Order]:
        raise NoCustomer(customer)

    client = await answer(list_orders)
    with pytest.raises(NoCustomer) as caught:
        await ListOrders(customer=7).send(client)
    error = caught.value
    assert (error.status_code, error.detail, error.members) == (404, "7 is no customer", {"customer": 7})
    assert str(error) == "7 is no customer"


async def test_the_faults_of_a_request_come_back(serve, routes):
    class Other(Request):
        customer = StringRouteParameter()
        page = QueryParameter(bool, required=True)

    @routes.get("/customers/{customer}/orders")
    @expect(Other)
    async def other(customer: str, page: bool) -> web.Response:
        return web.Response()

    client = await serve()
    with pytest.raises(ValidationError) as caught:
        await ListOrders(customer=7, page=1).send(client)
    (fault,) = caught.value.faults
    assert (fault.location, fault.name, fault.code, fault.detail) == ("query", "page", "cast", "must be true or false")


PROBLEMS = [
    (lambda: raise_status(404), DoesNotExist, 404, None),
    (lambda: raise_status(400), ValidationError, 400, None),
    (lambda: raise_status(503, headers={"Retry-After": "7"}), Busy, 503, None),
    (lambda: raise_status(418), PontyError, 418, None),
    (lambda: raise_status(409, text="too late"), Late, 409, "too late"),
    (lambda: raise_status(409, body={"late": 1}), Late, 409, {"late": 1}),
    (lambda: 1 / 0, PontyError, 500, None),
]


@pytest.mark.parametrize(("fail", "cls", "status", "said"), PROBLEMS)
async def test_the_class_of_an_error_is_found_by_its_type_or_status(fail, cls, status, said, answer):
    async def list_orders(customer: int, page: int) -> list[Order]:
        fail()

    client = await answer(list_orders)
    with pytest.raises(PontyError) as caught:
        await ListOrders(customer=7).send(client)
    error = caught.value
    assert type(error) is cls
    assert error.status_code == status
    assert said in (error.text, error.body)
    if status == 503:
        assert error.options == {"headers": {"Retry-After": "7"}}


async def test_a_kind_of_problem_that_nobody_knows_keeps_its_type(answer):
    class Unknown(PontyError):
        status_code = 422
        type = "/problems/odd"
        title = "Odd"

    async def list_orders(customer: int, page: int) -> list[Order]:
        raise Unknown(detail="so", instance="/1", members={"a": [1]})

    client = await answer(list_orders)
    with pytest.raises(PontyError) as caught:
        await ListOrders(customer=7).send(client)
    error = caught.value
    assert (error.status_code, error.type, error.title, error.instance) == (422, "/problems/odd", "Odd", "/1")
    assert error.members == {"a": [1]}


async def test_an_error_passes_on_to_a_client_of_ones_own(serve, routes):
    """A service that does not catch it answers with it."""

    @routes.get("/")
    async def shop(request: web.Request) -> web.Response:
        await ListOrders(customer=7).send(client)
        return web.Response()

    @handle(ListOrders)
    async def list_orders(customer: int, page: int) -> list[Order]:
        raise NoCustomer(customer)

    client = await serve()
    async with client.get("/") as answer:
        document = await answer.json(content_type=None)
    assert document == {
        "type": "https://orders.example/no-customer",
        "title": "There is no such customer",
        "status": 404,
        "detail": "7 is no customer",
        "customer": 7,
    }


PAGE = b"<html>502 Bad Gateway</html>" * 100
UNEXPECTED = [
    (head(502, "text/html", PAGE), 502, "which is neither a problem document nor an error of"),
    (head(200, "text/html", PAGE), 200, "which is not JSON"),
    (head(200, "application/json", b""), 200, "whose value is not valid: it is empty, not JSON"),
    (head(200, "application/json", b"{"), 200, "whose value is not valid: it is not valid JSON"),
    (head(200, "application/json", b"[]"), 200, "whose value is not valid: it has no envelope with a value"),
    (head(200, "application/json", b"{}"), 200, "whose value is not valid: it has no envelope with a value"),
    (head(200, "application/json", b'{"data":null}'), 200, "whose value is not valid: it is not of type 'array'"),
    (head(200, "application/json", b'{"data":[{"number":"1"}]}'), 200, "whose value is not valid: /0/number"),
    (head(200, "application/json", b"\xff\xfe{}"), 200, "whose value is not valid"),
    (head(200, "application/json", b"[" * 100_000), 200, "whose value is not valid"),
    (head(204, "application/json", b""), 204, "without content"),
    (head(302, "text/plain", b"", "Location: /elsewhere"), 302, "which is a redirect, or a status that"),
    (head(304, "text/plain", b""), 304, "which is a redirect, or a status that"),
    (head(404, "application/problem+json", b"[]"), 404, "which is neither a problem document nor an error of"),
    (head(404, "application/problem+json", b"{"), 404, "which is neither a problem document nor an error of"),
    (head(409, "text/plain; charset=bogus", b"a"), 409, "which is neither a problem document nor an error of"),
    (head(409, "text/html", b"a"), 409, "which is neither a problem document nor an error of"),
    (head(404, "application/json", b'{"detail":"x"}'), 404, "which is neither a problem document nor an error of"),
]


@pytest.mark.parametrize(("written", "status", "why"), UNEXPECTED)
async def test_an_answer_that_is_none_of_the_endpoint_s_says_so(written, status, why, say):
    session = await say(written)
    with pytest.raises(UnexpectedAnswer) as caught:
        await ListOrders(customer=7).send(session)
    error = caught.value
    assert (error.status, error.status_code) == (status, 502)
    assert str(error).startswith(f"GET /customers/{{customer}}/orders: answered {status}, {why}")
    assert len(error.content) <= 1000


ODD_PROBLEMS = [
    b"{}",
    b'{"type":5,"title":[],"detail":{},"instance":1,"errors":{}}',
    b'{"errors":[1,{"in":"nowhere","name":"a"},{"in":[],"name":"a"},{"in":"body","name":1}],"status":"200"}',
]


@pytest.mark.parametrize("document", ODD_PROBLEMS)
async def test_a_problem_document_of_another_hand_is_read_as_far_as_it_goes(document, say):
    session = await say(head(404, "application/problem+json", document))
    with pytest.raises(DoesNotExist) as caught:
        await ListOrders(customer=7).send(session)
    assert (caught.value.faults, caught.value.status_code) == ((), 404)


async def test_members_that_are_new_are_passed_over(say):
    body = b'{"data":[{"number":1,"due":null,"colour":"red"}],"elapsed":0,"more":1}'
    assert await ListOrders(customer=7).send(await say(head(200, "application/json", body))) == [Order(1)]


async def test_what_is_passed_over_may_be_anything(say):
    """However deep it is, or whether it is UTF-8 at all; and which of several types a value is, stays sure."""

    @dataclasses.dataclass
    class Cat:
        name: str

    @dataclasses.dataclass
    class Dog:
        name: str
        age: int

    class Pets(Request):
        endpoint: Any = Endpoint("GET", "/", returns=list[Cat | Dog])

    for more in (b"[" * 500 + b"]" * 500, b'"\xff"', b"{}"):
        body = b'{"more":%b,"data":[{"name":"a","age":1},{"name":"b"}]}' % more
        assert await Pets().send(await say(head(200, "application/json", body))) == [Dog("a", 1), Cat("b")]
    body = b'{"data":[' + b'{"number":1,"more":{"a":[]}},' * 1000 + b'{"number":2}]}'
    assert len(await ListOrders(customer=1).send(await say(head(200, "application/json", body)))) == 1001
    body = b'{"data":[{"number":1,"more":%b}]}' % (b"[" * 100_000)
    with pytest.raises(UnexpectedAnswer):
        await ListOrders(customer=1).send(await say(head(200, "application/json", body)))


async def test_an_answer_is_read_no_further_than_its_limit(say):
    class Small(Request):
        endpoint = Endpoint("GET", "/", returns=str, max_size=1000)

    bomb = gzip.compress(b'{"data":"' + b"a" * 10**7)
    for written in (
        head(200, "application/json", b'{"data":"%b"}' % (b"a" * 1000)),
        head(200, "application/json", bomb, "Content-Encoding: gzip"),
        head(404, "application/problem+json", b'{"detail":"%b"}' % (b"a" * 1000)),
    ):
        with pytest.raises(UnexpectedAnswer, match="with more than 1000 bytes"):
            await Small().send(await say(written))
    assert await Small().send(await say(head(200, "application/json", b'{"data":"%b"}' % (b"a" * 900)))) == "a" * 900


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        b"GARBAGE\r\n\r\n",
        head(200, "application/json", b"no gzip", "Content-Encoding: gzip"),
    ],
)
async def test_what_is_no_whole_answer_is_an_error_of_the_connection(written, say):
    with pytest.raises(aiohttp.ClientError):
        await ListOrders(customer=7).send(await say(written))


async def test_a_status_of_its_own_and_a_whole_answer(serve, routes):
    class AddOrder(Request):
        endpoint = Endpoint("POST", "/orders", returns=Order, status=201)
        order = ParsedJsonBody(Order)

    @handle(AddOrder)
    async def add(order: Order) -> Reply[Order]:
        return Reply(order, headers={"Location": f"/orders/{order.number}"})

    client = await serve()
    answer = await AddOrder(order=Order(7)).send(client, whole=True)
    assert (answer.value, answer.status, answer.headers["location"], answer.etag) == (Order(7), 201, "/orders/7", None)


async def test_without_returns_there_is_no_content(serve, routes):
    class DropOrder(Request):
        endpoint = Endpoint("DELETE", "/orders/{number}")
        number = PosIntRouteParameter()

    @handle(DropOrder)
    async def drop(number: int) -> None: ...

    client = await serve()
    answer = await DropOrder(number=7).send(client, whole=True)
    assert (answer.value, answer.status) == (None, 204)


@pytest.mark.parametrize(
    ("envelope", "options"),
    [(True, {}), (False, {}), ("result", {"envelope": lambda value, elapsed, now: {"result": value}})],
)
async def test_a_value_with_and_without_an_envelope(envelope, options, serve, routes):
    class Show(Request):
        endpoint = Endpoint("GET", "/order", returns=Order | None, envelope=envelope)
        there = QueryParameter(bool, required=True)

    @handle(Show)
    async def show(there: bool) -> Order | None:
        return Order(1) if there else None

    client = await serve(**options)
    assert await Show(there=True).send(client) == Order(1)
    assert await Show(there=False).send(client) is None


async def test_an_earlier_answer_holds_as_long_as_its_entity_tag(serve, routes):
    stock = [Order(1)]

    class Show(Request):
        endpoint = Endpoint("GET", "/stock", returns=list[Order], etag=True)

    @handle(Show)
    async def show() -> list[Order]:
        return stock

    client = await serve()
    first = await Show().send(client, whole=True)
    again = await Show().send(client, whole=True, earlier=first)
    assert (again.status, again.value, again.value is first.value, again.etag) == (304, [Order(1)], True, first.etag)
    stock.append(Order(2))
    assert (await Show().send(client, whole=True, earlier=again)).value == [Order(1), Order(2)]


async def test_a_media_type_of_its_own(serve, routes):
    class Note(Request):
        endpoint = Endpoint("POST", "/note", returns=str, mimetype="text/markdown")
        text = TextBody()

    @handle(Note)
    async def note(text: str) -> str:
        return text

    client = await serve()
    assert await Note(text="# é").send(client) == "# é"


async def test_cookies_of_the_session_stand_beside_those_of_the_request(serve, routes):
    hostile = 'a;b="\\, é'

    class Both(Request):
        endpoint = Endpoint("GET", "/both", returns=list[str])
        own = Cookie(name="own", required=True)
        shared = Cookie(name="shared", required=True)

    @handle(Both)
    async def both(own: str, shared: str) -> list[str]:
        return [own, shared]

    client = await serve()
    assert await Both(own=hostile, shared="s").send(client) == [hostile, "s"]
    client.session.cookie_jar.update_cookies({"other": "t"}, client.make_url("/"))
    assert await Both(own=hostile, shared="s").send(client) == [hostile, "s"]


async def test_what_is_too_long_for_the_server_is_its_refusal(serve, routes):
    class Long(Request):
        endpoint = Endpoint("GET", "/long")
        word = Header(key="X-Word", default="")

    @handle(Long)
    async def long(word: str) -> None: ...

    client = await serve()
    with pytest.raises(PontyError) as caught:
        await Long(word="x" * 100_000).send(client)
    assert caught.value.status_code in {400, 431, 502}


class User(Field[str]):
    def extract(self, request: web.Request, *, token: str) -> str:
        return token.upper()


PLANET = web.AppKey("PLANET", str)


async def opened(request: web.Request) -> AsyncIterator[int]:
    yield 5


class Private(Request):
    endpoint = Endpoint("GET", "/private", returns=list[str])
    token = BearerToken()
    user = User(token=token)
    planet = Provided(PLANET)
    number = Scoped(opened)
    request = AIOHttpReq()


async def test_fields_of_the_server_are_left_out_by_the_client(serve, routes):
    async def earth(app: web.Application) -> AsyncIterator[None]:
        app[PLANET] = "earth"
        yield

    @handle(Private)
    async def private(token: str, user: str, planet: str, number: int, request: web.Request) -> list[str]:
        return [token, user, planet, str(number), request.method]

    client = await serve(providers=[earth])
    assert await Private(token="t").send(client) == ["t", "T", "earth", "5", "GET"]
    with pytest.raises(TypeError, match=r"Private\(\) lacks 'token'"):
        Private()
    with pytest.raises(NotSendable, match=r"Private\.user cannot be sent: User has no `insert`"):
        await Private(token="t", user="T").send(client)


async def test_a_field_that_needs_what_the_class_does_not_name_cannot_be_left_out():
    class Hidden(Request):
        endpoint = Endpoint("GET", "/")
        user = User(token=BearerToken())

    with pytest.raises(TypeError, match=r"Hidden\(\) lacks 'user'"):
        Hidden()


async def test_a_field_that_is_read_in_another_way_is_not_sent_as_its_base_is(serve):
    class Loud(Header[str]):
        def extract(self, request: web.Request) -> str:
            return super().extract(request).upper()

    class Shout(Request):
        endpoint = Endpoint("GET", "/")
        word = Loud(key="X-Word")

    client = await serve()
    with pytest.raises(NotSendable, match=r"Shout\.word cannot be sent: .*Loud has no `insert`"):
        await Shout(word="a").send(client)


async def test_two_fields_of_one_place_must_agree(serve, routes):
    class Twice(Request):
        endpoint = Endpoint("GET", "/twice", returns=list[str])
        one = Header(key="X-Word", required=True)
        two = Header(key="x-word", required=True)

    @handle(Twice)
    async def twice(one: str, two: str) -> list[str]:
        return [one, two]

    client = await serve()
    assert await Twice(one="a", two="a").send(client) == ["a", "a"]
    with pytest.raises(NotSendable, match=r"Twice\.two is written as .*, and another field writes something else"):
        await Twice(one="a", two="b").send(client)


class Follow(Request):
    endpoint = Endpoint("GET", "/follow", returns=Order, stream="events", max_size=100, raises=[Busy])
    last = LastEventId(int)


class Rows(Request):
    endpoint = Endpoint("GET", "/rows", returns=Order, stream="lines", max_size=100)


async def test_events_are_iterated_over(serve, routes):
    left = asyncio.Event()

    @handle(Follow)
    async def follow(last: int | None) -> AsyncIterator[Order | Event[Order]]:
        try:
            for number in range(last or 0, 100):
                yield Event(Order(number), id=str(number))
            await asyncio.Event().wait()
        finally:
            left.set()

    client = await serve()
    numbers = []
    async with await Follow(last=97).send(client) as orders:
        async for order in orders:
            numbers.append(order.number)
            if order.number == 99:
                break
    assert (numbers, orders.last_id) == ([97, 98, 99], "99")
    await left.wait()


async def test_lines_are_iterated_over_to_their_end(serve, routes):
    @handle(Rows)
    async def rows() -> AsyncIterator[Order]:
        for number in range(1000):
            yield Order(number)

    client = await serve()
    orders = await Rows().send(client)
    assert [order.number async for order in orders] == [*range(1000)]
    assert [order async for order in orders] == []


async def test_an_error_before_the_first_item_is_raised_at_once(serve, routes):
    @handle(Follow)
    async def follow(last: int | None) -> AsyncIterator[Order]:
        raise Busy(detail="later")
        yield Order(1)

    client = await serve()
    with pytest.raises(Busy, match="later"):
        await Follow(last=None).send(client)


STREAMS = [
    (Rows, b'{"number":1}\n{"number":2', "which ends within an item"),
    (Rows, b'{"number":1}\n{"number":"2"}\n', "with an item that is not valid"),
    (Rows, b'{"number":1}\n' + b"x" * 101, "with an item of more than 100 bytes"),
    (Rows, b'{"number":1}\n' + b"x" * 101 + b"\n", "with an item of more than 100 bytes"),
    (Follow, b'data: {"number":1}\n\n:\n\ndata: x\n\n', "with an item that is not valid"),
    (Follow, b'data: {"number":1}\n\n' + b"data: aaaaaaa\n" * 20, "with an item of more than 100 bytes"),
]


@pytest.mark.parametrize(("cls", "body", "why"), STREAMS)
async def test_a_stream_that_goes_wrong_says_so_where_it_does(cls, body, why, say):
    media_type = "application/jsonl" if cls is Rows else "text/event-stream"
    items = await cls().send(await say(head(200, media_type, body)))
    got = []
    with pytest.raises(UnexpectedAnswer, match=why):
        async for item in items:
            got.append(item)  # noqa: PERF401 - what came before it went wrong counts
    assert got == [Order(1)]


async def test_a_page_in_the_place_of_a_stream_is_unexpected(say):
    with pytest.raises(UnexpectedAnswer, match="answered 200, which is not a stream of events"):
        await Follow().send(await say(head(200, "text/html", PAGE)))


async def test_a_leased_client_and_retries_apply(serve, routes):
    """A shared client holds the places, and `retry` calls again what failed in a way that it names."""
    calls = []

    @handle(ListOrders)
    async def list_orders(customer: int, page: int) -> list[Order]:
        calls.append(customer)
        if len(calls) < 3:
            raise Busy
        return []

    @retry(Busy, max_retries=5, t1_ms=0)
    async def orders() -> list[Order]:
        async with lease_http_client("orders") as session:
            return await ListOrders(customer=7).send(session)

    client = await serve()
    provider = http_client_provider(name="orders", base_url=client.make_url("/"), concurrency=1)
    app = build_app(routes=Routes(), providers=[provider])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        assert await orders() == []
    finally:
        await runner.cleanup()
    assert calls == [7, 7, 7]


WRONG = [
    (lambda: Endpoint("GET", "orders"), ValueError, "the path must begin with a slash"),
    (lambda: Endpoint("G T", "/orders"), ValueError, "'G T' is not an HTTP method"),
    (lambda: Endpoint("GET", "/a/{x:\\d+}"), ValueError, "a variable part must be {name}; its pattern"),
    (lambda: Endpoint("GET", "/a/{x}/{x}"), ValueError, "a variable part must not be in the path twice"),
    (lambda: Endpoint("GET", "/a/../b"), ValueError, "the path must have no query, no percent signs"),
    (lambda: Endpoint("GET", "/a?b=c"), ValueError, "the path must have no query, no percent signs"),
    (lambda: Endpoint("GET", "/a", status=404), ValueError, "the status of a good answer is from 200 to 299"),
    (lambda: Endpoint("GET", "/a", max_size=0), ValueError, "max_size must be at least 1"),
    (lambda: Endpoint("GET", "/a", mimetype="text"), ValueError, "'text' is not a media type"),
    (lambda: Endpoint("GET", "/a", raises=Busy), TypeError, "raises must be a list of PontyError classes"),
    (lambda: Endpoint("GET", "/a", raises=[KeyError]), TypeError, "raises must be a list of PontyError classes"),
    (lambda: Endpoint("GET", "/a", stream="lines"), ValueError, "a stream needs `returns`"),
    (lambda: Endpoint("GET", "/a", returns=int, stream="rows"), ValueError, "stream is 'lines' or 'events'"),
    (lambda: make(endpoint=Endpoint("GET", "/a/{x}")), TypeError, "has 'x', which is no RouteParameter of the class"),
    (
        lambda: make(endpoint=Endpoint("GET", "/a/{x}"), x=PosIntQueryParameter(default=1)),
        TypeError,
        "has 'x', which is no RouteParameter of the class",
    ),
    (
        lambda: make(endpoint=Endpoint("GET", "/a"), x=PosIntRouteParameter()),
        TypeError,
        "the RouteParameter 'x' is not in the path '/a'",
    ),
    (lambda: make(route=Endpoint("GET", "/a")), TypeError, "the Endpoint of a class must be its attribute `endpoint`"),
    (lambda: handle(make()), TypeError, "@handle takes a class with an endpoint, not 'Made'"),
    (lambda: handle(str), TypeError, "@handle takes a class with an endpoint, not 'str'"),
]


def make(**members: Any) -> Any:
    return type("Made", (Request,), members)


@pytest.mark.parametrize(("call", "kind", "message"), WRONG)
def test_an_endpoint_that_makes_no_sense_is_refused_at_import(call, kind, message):
    with pytest.raises(kind) as caught:
        call()
    assert message in str(caught.value)


async def test_a_class_without_an_endpoint_is_not_sent():
    class Bare(Request):
        name = StringQueryParameter(default="")

    with pytest.raises(TypeError, match="Bare has no endpoint; write endpoint = Endpoint"):
        await Bare().send(None)


async def test_a_subclass_has_the_endpoint_of_its_base_with_its_own_fields(serve, routes):
    class Narrow(ListOrders):
        customer = RouteParameter(pattern="[0-9]{3}", cast_func=int)

    @handle(Narrow)
    async def narrow(customer: int, page: int) -> list[Order]:
        return [Order(customer)]

    client = await serve()
    assert await Narrow(customer=123).send(client) == [Order(123)]
    with pytest.raises(NotSendable, match=r"Narrow\.customer must match the pattern \[0-9\]\{3\}"):
        await Narrow(customer=12).send(client)


def test_a_field_may_be_called_as_what_a_request_has():
    class Odd(Request):
        endpoint = StringQueryParameter(default="")
        send = StringQueryParameter(default="")

    odd = Odd(endpoint="a", send="b")
    assert (odd.endpoint, odd.send) == ("a", "b")


def test_answers_and_items_are_public():
    assert isinstance(Answer(1, 200, {}), Answer)
    assert issubclass(Items, object)
