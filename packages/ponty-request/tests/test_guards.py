"""Guards: who is not known is told so, and nothing else, before a byte of the body is read."""

import asyncio
import base64
import json
from dataclasses import dataclass

import pytest
from aiohttp import web
from yarl import URL

from ponty.core import PontyError, get, post, render_json
from ponty.request import (
    ApiKey,
    BasicCredentials,
    BearerToken,
    Credentials,
    Description,
    Field,
    InvalidField,
    ParsedJsonBody,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Request,
    StringQueryParameter,
    TextBody,
    expect,
)


@dataclass
class Order:
    item: str


class NewOrder(Request):
    order = ParsedJsonBody(Order)
    page = PosIntQueryParameter(required=True)
    token = BearerToken()


@pytest.fixture
def orders(routes):
    @post("/orders")
    @expect(NewOrder)
    @render_json
    async def add_order(order: Order, page: int, token: str) -> str:
        return token


async def test_what_a_field_refuses_is_told_of_the_field_that_it_uses(serve):
    """It need not say again where the part is."""

    class CurrentUser(Field[str]):
        guard = True

        def extract(self, request: web.Request, *, token: str) -> str:
            raise InvalidField("must be that of a user", status=401)

    class OfUser(Request):
        user = CurrentUser(token=BearerToken())

    @get("/mine")
    @expect(OfUser)
    @render_json
    async def mine(user: str) -> None: ...

    client = await serve()
    async with client.get("/mine", headers={"Authorization": "Bearer x"}) as answer:
        fault = {"in": "header", "name": "Authorization", "pointer": "", "detail": "must be that of a user"}
        assert (await answer.json())["errors"] == [{**fault, "code": "invalid"}]


def basic(text):
    return "Basic " + base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


BEARER = "Bearer"
MALFORMED = 'Bearer error="invalid_token"'
NO_CREDENTIALS = "must be a name and a password, as RFC 7617 writes them"
BASIC = 'Basic realm="api", charset="UTF-8"'


@pytest.fixture
def ask_guard(serve):
    """Serve a handler that gives back the value of a guard, and give the status, the challenge and the value."""

    async def ask_guard(field, **options):
        class Guarded(Request):
            value = field
            page = PosIntQueryParameter(default=1)

        @get("/")
        @expect(Guarded)
        @render_json
        async def handler(value: object, page: int) -> object:
            return value

        client = await serve()
        async with client.get(options.pop("path", "/?page=x"), **options) as answer:
            body = await answer.json(content_type=None)
            return answer.status, answer.headers.get("WWW-Authenticate"), body

    return ask_guard


@pytest.mark.parametrize(
    ("field", "headers", "challenge", "detail"),
    [
        (BearerToken(), {}, BEARER, "is required"),
        (BearerToken(), {"Authorization": ""}, BEARER, "is required"),
        (BearerToken(), {"Authorization": basic("a:b")}, BEARER, "is required"),
        (BearerToken(), {"Authorization": "Bearer"}, MALFORMED, "must be a bearer token"),
        (BearerToken(), {"Authorization": "Bearer a b"}, MALFORMED, "must be a bearer token"),
        (BearerToken(), {"Authorization": "Bearer a,b"}, MALFORMED, "must be a bearer token"),
        (BearerToken(), {"Authorization": "Bearer =a"}, MALFORMED, "must be a bearer token"),
        (BearerToken(), {"Authorization": "Bearer Zo\xeb"}, MALFORMED, "must be a bearer token"),
        (BearerToken(required=False), {"Authorization": "Bearer a b"}, MALFORMED, "must be a bearer token"),
        (BearerToken(), [("Authorization", "Bearer a"), ("Authorization", "Bearer b")], BEARER, "must be given once"),
        (BearerToken(realm='the "shop"'), {}, 'Bearer realm="the \\"shop\\""', "is required"),
        (
            BearerToken(realm="shop"),
            {"Authorization": "Bearer a b"},
            'Bearer realm="shop", error="invalid_token"',
            "must be a bearer token",
        ),
        (BasicCredentials(), {}, BASIC, "is required"),
        (BasicCredentials(), {"Authorization": "Bearer abc"}, BASIC, "is required"),
        *(
            (BasicCredentials(), {"Authorization": text}, BASIC, NO_CREDENTIALS)
            for text in ["Basic", "Basic !", "Basic abc", basic("ann"), basic(b"\xff:a"), basic("a\n:b"), basic("a:\0")]
        ),
        (BasicCredentials(realm="admin"), {}, 'Basic realm="admin", charset="UTF-8"', "is required"),
        (ApiKey(header="X-Key"), {}, 'ApiKey in="header", name="X-Key"', "is required"),
        (ApiKey(header="X-Key"), {"X-Key": ""}, 'ApiKey in="header", name="X-Key"', "is required"),
        (
            ApiKey(header="X-Key"),
            [("X-Key", "a"), ("X-Key", "b")],
            'ApiKey in="header", name="X-Key"',
            "must be given once",
        ),
        (ApiKey(query="key"), {}, 'ApiKey in="query", name="key"', "is required"),
        (ApiKey(cookie="key"), {"Cookie": "Key=a"}, 'ApiKey in="cookie", name="key"', "is required"),
    ],
)
async def test_who_is_not_known_is_challenged_and_told_nothing_else(ask_guard, field, headers, challenge, detail):
    status, challenged, body = await ask_guard(field, headers=headers)
    assert (status, challenged) == (401, challenge)
    assert [error["detail"] for error in body["errors"]] == [detail]


@pytest.mark.parametrize(
    ("path", "detail"), [("/?key=a&key=b", "must be given once"), ("/?key=%ff", "is not valid UTF-8")]
)
async def test_a_key_in_the_query_is_one_text(ask_guard, path, detail):
    status, challenged, body = await ask_guard(ApiKey(query="key"), path=URL(path, encoded=True))
    assert (status, challenged) == (401, 'ApiKey in="query", name="key"')
    assert [error["detail"] for error in body["errors"]] == [detail]


@pytest.mark.parametrize(
    ("field", "path", "headers", "value"),
    [
        (BearerToken(), "/", {"Authorization": "Bearer abc"}, "abc"),
        (BearerToken(), "/", {"Authorization": "bEARER   a.b-c_d~e+f/g=="}, "a.b-c_d~e+f/g=="),
        (BearerToken(required=False), "/", {}, None),
        (BearerToken(required=False), "/", {"Authorization": basic("a:b")}, None),
        (BasicCredentials(), "/", {"Authorization": basic("Zo\xeb:a:b")}, {"username": "Zo\xeb", "password": "a:b"}),
        (BasicCredentials(), "/", {"Authorization": basic(":")}, {"username": "", "password": ""}),
        (BasicCredentials(required=False), "/", {}, None),
        (ApiKey(header="X-Key"), "/", {"x-key": "a b"}, "a b"),
        (ApiKey(query="key"), "/?key=abc", {}, "abc"),
        (ApiKey(cookie="key"), "/", {"Cookie": "a=b; key=abc"}, "abc"),
        (ApiKey(query="key", required=False), "/", {}, None),
    ],
)
async def test_who_is_known_is_let_in(ask_guard, field, path, headers, value):
    status, challenged, body = await ask_guard(field, path=path, headers=headers)
    assert (status, challenged, body["data"]) == (200, None, value)


def test_a_password_is_not_printed():
    assert repr(Credentials("ann", "secret")) == "Credentials(username='ann')"


@pytest.mark.parametrize(
    "make",
    [
        lambda: ApiKey(),
        lambda: ApiKey(header="X", query="x"),
        lambda: ApiKey(header="X Y"),
        lambda: BearerToken(realm="a\r\nb"),
        lambda: BasicCredentials(realm="Zo\xeb"),
    ],
)
def test_an_impossible_guard_is_refused_at_import(make):
    with pytest.raises(ValueError, match=r"ApiKey: |a realm must be"):
        make()


async def talk(client, *parts):
    """Send bytes as they are, and give what comes back until the server closes."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    for part in parts:
        writer.write(part)
    answer = await reader.read()
    writer.close()
    return answer


HEAD = b"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("framing", [b"Content-Length: 900000\r\n", b"Transfer-Encoding: chunked\r\n"])
@pytest.mark.parametrize("expectation", [b"", b"Expect: 100-continue\r\n"])
async def test_a_401_is_answered_before_a_byte_of_the_body_is_sent(serve, orders, framing, expectation):
    """The client sends none, is not asked for any, and its connection is closed."""
    answer = await talk(await serve(), HEAD + framing + expectation + b"\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401 ")
    assert b"WWW-Authenticate: Bearer\r\n" in head
    assert json.loads(body)["errors"] == [
        {"in": "header", "name": "Authorization", "pointer": "", "detail": "is required", "code": "missing"}
    ]


async def test_of_a_large_body_no_more_is_taken_than_fits_into_the_buffers(serve, orders):
    """The server reads nothing more once it has answered, so most of a body that is pushed regardless stays unsent."""
    size = 200_000_000
    client = await serve(client_max_size=size)
    reader, writer = await asyncio.open_connection(client.host, client.port, limit=2**16)
    writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % size)
    sent = 0
    chunk = b" " * 2**16
    try:
        while sent < size:
            writer.write(chunk)
            await writer.drain()
            sent += len(chunk)
    except ConnectionError:
        pass
    writer.close()
    assert sent < size / 2


async def test_who_is_known_is_asked_for_the_body_after_that(serve, orders):
    client = await serve()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        HEAD.replace(b"/orders", b"/orders?page=1")
        + b"Authorization: Bearer abc\r\nConnection: close\r\nContent-Length: 14\r\nExpect: 100-continue\r\n\r\n"
    )
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b'{"item":"tea"}')
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"data":"abc"' in answer


async def test_a_body_that_has_arrived_leaves_the_connection_open(serve, orders):
    client = await serve()
    request = HEAD + b"Content-Length: 2\r\n\r\n{}"
    answer = await talk(client, request, HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}")
    assert answer.count(b"HTTP/1.1 401 ") == 2


async def test_with_a_token_all_the_rest_is_told(ask, orders):
    status, body = await ask("/orders", method="POST", headers={"Authorization": "Bearer abc"}, json={})
    assert (status, [error["in"] for error in body["errors"]]) == (400, ["query", "body"])


async def test_a_guard_comes_before_the_media_type_and_before_a_part_of_the_path(ask):
    class Item(Request):
        id = PosIntRouteParameter()
        token = BearerToken()

    @post(f"/{Item.id}")
    @expect(Item, mimetype="text/plain")
    @render_json
    async def handler(id: int, token: str) -> None: ...

    assert (await ask("/" + "9" * 5000, method="POST", json={}))[0] == 401


class CurrentUser(Field[str]):
    guard = True

    async def extract(self, request: web.Request, *, token: str) -> str:
        await asyncio.sleep(0)
        if token == "stranger":
            raise InvalidField("must be that of a user", status=403)
        if token == "broken":
            raise PontyError(text="down")
        return token.upper()

    def describe(self) -> Description:
        return Description("header", "Authorization")


@pytest.mark.parametrize(
    ("token", "status", "detail"),
    [(None, 401, "is required"), ("stranger", 403, "must be that of a user"), ("ann", 400, "is required")],
)
async def test_a_guard_may_use_another_and_stays_one(ask, token, status, detail):
    class Private(Request):
        page = PosIntQueryParameter(required=True)
        user = CurrentUser(token=BearerToken())

    @get("/")
    @expect(Private)
    @render_json
    async def handler(page: int, user: str) -> str:
        return user

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    got, body = await ask("/", headers=headers)
    assert (got, [error["detail"] for error in body["errors"]]) == (status, [detail])
    got, body = await ask("/?page=1", headers={"Authorization": "Bearer ann"})
    assert (got, body["data"]) == (200, "ANN")


async def test_what_a_guard_raises_of_its_own_ends_the_request_unread(serve):
    class Private(Request):
        text = TextBody()
        user = CurrentUser(token=BearerToken())

    @post("/orders")
    @expect(Private)
    @render_json
    async def handler(text: str, user: str) -> str:
        return user

    head = HEAD + b"Authorization: Bearer broken\r\nContent-Length: 900000\r\n\r\n"
    assert (await talk(await serve(), head)).endswith(b"\r\n\r\ndown")


async def test_a_guard_that_a_field_uses_stays_a_guard(ask):
    class Greeting(Field[str]):
        def extract(self, request: web.Request, *, token: str, name: str) -> str:
            return f"{name}, {token}"

    class Greet(Request):
        page = PosIntQueryParameter(required=True)
        greeting = Greeting(token=BearerToken(), name=StringQueryParameter(required=True))

    @get("/")
    @expect(Greet)
    @render_json
    async def handler(page: int, greeting: str) -> str:
        return greeting

    status, body = await ask("/")
    assert (status, len(body["errors"])) == (401, 1)
    headers = {"Authorization": "Bearer abc"}
    status, body = await ask("/", headers=headers)
    assert (status, [error["name"] for error in body["errors"]]) == (400, ["page", "name"])
    assert (await ask("/?page=1&name=ann", headers=headers))[1]["data"] == "ann, abc"


class Counting(Field[int]):
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0

    async def extract(self, request: web.Request) -> int:
        self.reads += 1
        if "bad" in request.query:
            raise InvalidField("is bad")
        return self.reads

    def describe(self) -> Description:
        return Description("query", "bad")


class Sum(Field[int]):
    def extract(self, request: web.Request, *, one: int, two: int = 0) -> int:
        return one + two


async def test_a_field_that_several_use_is_read_once_and_refuses_once(ask):
    counting = Counting()

    class Sums(Request):
        first = Sum(one=counting, two=counting)
        second = Sum(one=Sum(one=counting))
        itself = counting

    # The name of a field is that of the class variable.
    @get("/")
    @expect(Sums)
    @render_json
    async def handler(first: int, second: int, itself: int) -> list[int]:
        return [first, second, itself]

    assert (await ask("/"))[1]["data"] == [2, 1, 1]
    assert counting.reads == 1
    status, body = await ask("/?bad")
    assert (status, len(body["errors"]), counting.reads) == (400, 1, 2)


def test_what_a_field_uses_is_seen_to_at_import():
    with pytest.raises(TypeError, match=r"Slip.sum: Sum.extract takes 'one'; give Sum fields of these names"):

        class Slip(Request):
            sum = Sum()

    with pytest.raises(TypeError, match=r"Sum is given 'three', which its extract does not take"):

        class Other(Request):
            sum = Sum(one=Counting(), three=Counting())

    with pytest.raises(TypeError, match=r"Sum.extract takes 'one' as int, and StringQueryParameter gives str"):

        class Another(Request):
            sum = Sum(one=StringQueryParameter(required=True))

    with pytest.raises(TypeError, match="a field can use only fields, not int"):
        Sum(one=1)


@pytest.mark.parametrize(
    ("field", "scheme"),
    [
        (BearerToken(), {"type": "http", "scheme": "bearer"}),
        (BasicCredentials(), {"type": "http", "scheme": "basic"}),
        (ApiKey(query="key"), {"type": "apiKey", "in": "query", "name": "key"}),
    ],
)
def test_a_guard_describes_its_scheme(field, scheme):
    assert field.describe().security == scheme
