"""What a provider gives, as a field; and fields that a test replaces."""

import functools
import gc

import pytest
from aiohttp import web

from ponty.core import Routes, build_app, get, render_json
from ponty.request import (
    BearerToken,
    Field,
    PosIntQueryParameter,
    Provided,
    Request,
    StringQueryParameter,
    expect,
)

PRICES = web.AppKey("PRICES", dict[str, int])
SHOP = web.AppKey("SHOP", str)


async def prices(app: web.Application):
    app[PRICES] = {"tea": 3}
    yield


class ShowPrice(Request):
    prices = Provided(PRICES)
    item = StringQueryParameter(default="tea")


def table():
    table = Routes()

    @table.get("/price")
    @expect(ShowPrice)
    @render_json
    async def show_price(prices: dict[str, int], item: str) -> int:
        return prices[item]

    return table


async def data(client, path="/price", **options):
    async with client.get(path, **options) as answer:
        return (await answer.json())["data"] if answer.status == 200 else answer.status


async def test_it_is_the_value_of_the_application(ponty_client):
    client = await ponty_client(table(), providers=[prices])
    assert await data(client) == 3


async def start(app):
    runner = web.AppRunner(app)
    try:
        await runner.setup()
    finally:
        await runner.cleanup()


async def test_without_it_the_application_does_not_start():
    with pytest.raises(RuntimeError, match=r"GET /price reads <AppKey\(.*PRICES.*no provider"):
        await start(build_app(routes=table()))


async def test_what_has_started_is_stopped_when_it_is_missing():
    log = []

    async def provider(app):
        log.append("start")
        yield
        log.append("stop")

    with pytest.raises(RuntimeError):
        await start(build_app(routes=table(), providers=[provider]))
    assert log == ["start", "stop"]


async def test_an_application_that_is_mounted_has_what_the_outer_one_has(aiohttp_client):
    outer = build_app(routes=[], providers=[prices])
    outer.add_subapp("/inner", build_app(routes=table()))
    assert await data(await aiohttp_client(outer), "/inner/price") == 3


async def test_an_application_need_not_have_what_another_has_that_is_mounted_in_it(aiohttp_client):
    outer = build_app(routes=[])
    outer.add_subapp("/inner", build_app(routes=table(), providers=[prices]))
    assert await data(await aiohttp_client(outer), "/inner/price") == 3


def test_it_takes_a_key():
    with pytest.raises(TypeError, match="takes the aiohttp.web.AppKey"):
        Provided("PRICES")


def test_its_type_is_that_of_the_key():
    class Shop(Request):
        shop = Provided(SHOP)

    with pytest.raises(TypeError, match=r"takes 'shop' as int, the request has it as str"):

        @expect(Shop)
        async def handler(shop: int) -> None: ...


class Token(Field[str]):
    def extract(self, request: web.Request) -> str:
        return "real"


class OtherToken(Token):
    pass


class Upper(Field[str]):
    def extract(self, request: web.Request, *, token: str) -> str:
        return token.upper()


class Whole(Request):
    token = Token()
    other = OtherToken()
    upper = Upper(token=Token())
    page = PosIntQueryParameter(default=1)


def whole_table():
    table = Routes()

    @table.get("/")
    @expect(Whole)
    @render_json
    async def show(token: str, other: str, upper: str, page: int) -> list[object]:
        return [token, other, upper, page]

    return table


class Fake(Field[str]):
    def extract(self, request: web.Request) -> str:
        return request.query["fake"]


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({}, ["real", "real", "REAL", 1]),
        ({Token: "fake"}, ["fake", "fake", "FAKE", 1]),
        ({OtherToken: "fake"}, ["real", "fake", "REAL", 1]),
        ({Token: "fake", OtherToken: "nearer"}, ["fake", "nearer", "FAKE", 1]),
        ({Whole.token: "fake"}, ["fake", "real", "REAL", 1]),
        ({Whole.token: "nearest", Token: "fake"}, ["nearest", "fake", "FAKE", 1]),
        ({Token: Fake()}, ["there", "there", "THERE", 1]),
        ({Upper: "fake"}, ["real", "real", "fake", 1]),
        ({Upper: None}, ["real", "real", None, 1]),
        ({PosIntQueryParameter: 7}, ["real", "real", "REAL", 7]),
    ],
)
async def test_a_field_is_replaced_by_its_class_or_by_itself(ponty_client, fields, value):
    client = await ponty_client(whole_table(), fields=fields)
    assert await data(client, "/?fake=there") == value


async def test_it_is_replaced_in_one_application_alone(ponty_client):
    table = whole_table()
    fake = await ponty_client(table, fields={Token: "fake"})
    other = await ponty_client(table, fields={Token: "other"})
    real = await ponty_client(table)
    assert (await data(fake, "/"))[0] == "fake"
    assert (await data(other, "/"))[0] == "other"
    assert (await data(real, "/"))[0] == "real"


def test_it_is_forgotten_with_its_application():
    table = whole_table()
    handler = next(iter(table)).handler
    app = build_app(routes=table, fields={Token: "fake"})
    (elsewhere,) = (cell.cell_contents for cell in handler.__closure__ if isinstance(cell.cell_contents, list))
    assert [own.app() for own in elsewhere] == [app]
    del app
    gc.collect()
    assert elsewhere == []


async def test_what_is_provided_need_not_be_where_it_is_replaced(ponty_client):
    client = await ponty_client(table(), fields={Provided: {"tea": 5}})
    assert await data(client) == 5


async def test_a_guard_that_is_replaced_lets_everybody_in(ponty_client):
    class Private(Request):
        token = BearerToken()

    table = Routes()

    @table.get("/")
    @expect(Private)
    @render_json
    async def handler(token: str) -> str:
        return token

    assert await data(await ponty_client(table), "/") == 401
    assert await data(await ponty_client(table, fields={BearerToken: "t"}), "/") == "t"


async def test_it_is_replaced_below_a_decorator_that_stands_above_expect(ponty_client):
    def shouting(handler):
        @functools.wraps(handler)
        async def shout(request):
            answer = await handler(request)
            answer.headers["X-Shout"] = "yes"
            return answer

        return shout

    table = Routes()

    @table.get("/")
    @shouting
    @expect(Whole)
    @render_json
    async def show(token: str, other: str, upper: str, page: int) -> str:
        return token

    client = await ponty_client(table, fields={Token: "fake"})
    async with client.get("/") as answer:
        assert ((await answer.json())["data"], answer.headers["X-Shout"]) == ("fake", "yes")


def test_a_field_that_no_handler_has_is_a_slip():
    with pytest.raises(ValueError, match="no handler of the application has a field BearerToken"):
        build_app(routes=whole_table(), fields={BearerToken: "fake"})


def test_an_extract_that_would_be_ignored_is_refused():
    with pytest.raises(AttributeError, match=r"Token 'token' is bound already.*build_app\(fields="):
        Whole.token.extract = lambda request: "fake"


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_an_extract_that_is_a_generator_is_refused_at_import(kind):
    class Plain(Field[str]):
        def extract(self, request):
            yield "a"

    class Async(Field[str]):
        async def extract(self, request):
            yield "a"

    with pytest.raises(TypeError, match=r"Slip.value: .*\.extract is a generator, whose value nobody would read"):

        class Slip(Request):
            value = Plain() if kind == "plain" else Async()


async def test_it_is_mounted_by_the_default_table_too(ponty_client):
    @get("/")
    @expect(Whole)
    @render_json
    async def show(token: str, other: str, upper: str, page: int) -> str:
        return token

    assert await data(await ponty_client(fields={Token: "fake"}), "/") == "fake"
