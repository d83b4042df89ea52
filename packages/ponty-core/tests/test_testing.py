"""The testing kit does what it says, and fails where a test should."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from ponty.core import PontyError, Routes, build_app, lease_http_client, render_json
from ponty.core.testing import FakeService, InTurn, assert_problem

NAME = web.AppKey("NAME", str)


async def name(app: web.Application) -> AsyncIterator[None]:
    app[NAME] = "real"
    yield


async def other_name(app: web.Application) -> AsyncIterator[None]:
    app[NAME] = "other"
    yield


@pytest.fixture
def table():
    """Return a table with a route that tells the name, and one that asks another service."""
    table = Routes()

    @table.get("/name")
    @render_json
    async def tell_name(request: web.Request) -> str:
        return request.app[NAME]

    @table.get("/rate/{currency}")
    @render_json
    async def rate(request: web.Request) -> object:
        url = f"https://rates/{request.match_info['currency']}?exact=yes"
        try:
            async with lease_http_client() as session, session.post(url, json=[1]) as answer:
                return {"status": answer.status, "json": await answer.json(), "url": str(answer.url)}
        except aiohttp.ClientError as error:
            return type(error).__name__

    @table.get("/wrong")
    @render_json(returns=int)
    async def wrong(request: web.Request) -> int:
        return "text"

    return table


async def data(client, path):
    async with client.get(path) as answer:
        return (await answer.json())["data"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "real"),
        ({"instead": {name: other_name}}, "other"),
        ({"keys": {NAME: "given"}}, "given"),
        ({"instead": {name: other_name}, "keys": {NAME: "given"}}, "given"),
    ],
)
async def test_providers_and_keys_are_replaced(ponty_client, table, options, told):
    client = await ponty_client(table, providers=[name], **options)
    assert await data(client, "/name") == told


async def test_a_provider_that_is_not_there_cannot_be_replaced(ponty_client, table):
    with pytest.raises(ValueError, match=r"^ponty_client\(instead=…\): other_name is not among the providers$"):
        await ponty_client(table, providers=[name], instead={other_name: name})


async def test_what_a_handler_does_not_declare_fails(ponty_client, table):
    client = await ponty_client(table)
    assert (await client.get("/wrong")).status == 500
    client = await ponty_client(table, check_returns=0)
    assert (await client.get("/wrong")).status == 200


async def test_a_service_answers_from_its_table(ponty_client, table):
    """The application sees the URL that it has asked for, and the service what was sent."""
    rates = FakeService(
        {
            "POST https://rates/EUR": {"rate": 2},
            "POST https://rates/GBP?exact=yes": lambda request: web.json_response(request.query["exact"], status=201),
            "POST https://rates/USD": InTurn(ConnectionError, web.json_response(None, status=503), 3),
        }
    )
    client = await ponty_client(table, providers=[rates.client()])
    url = "https://rates/{}?exact=yes".format
    assert await data(client, "/rate/EUR") == {"status": 200, "json": {"rate": 2}, "url": url("EUR")}
    assert await data(client, "/rate/GBP") == {"status": 201, "json": "yes", "url": url("GBP")}
    assert await data(client, "/rate/USD") == "ServerDisconnectedError"
    assert await data(client, "/rate/USD") == {"status": 503, "json": None, "url": url("USD")}
    for _ in range(2):
        assert await data(client, "/rate/USD") == {"status": 200, "json": 3, "url": url("USD")}
    assert rates.asked[:2] == [f"POST {url('EUR')}", f"POST {url('GBP')}"]
    assert rates.bodies == [b"[1]"] * 6


class Busy(PontyError):
    status_code = 503
    type = "https://rates.example/problems/busy"


@pytest.mark.parametrize(
    ("answer", "status", "media_type", "text"),
    [
        (Busy, 503, "application/problem+json", '"type":"https://rates.example/problems/busy"'),
        (Busy(members={"wait": 3}), 503, "application/problem+json", '"wait":3'),
        (web.HTTPNotFound, 404, "application/problem+json", '"title":"Not Found"'),
        (web.HTTPNotFound(text="no such rate"), 404, "text/plain", "no such rate"),
    ],
)
async def test_an_error_that_was_meant_as_an_answer_is_answered(answer, status, media_type, text):
    """A program's own error is an answer of the service, and not a broken connection; it may be asked for twice."""
    rates = FakeService({"GET http://rates/EUR": answer})
    runner = web.AppRunner(build_app(routes=[Routes()], providers=[rates.client(base_url="http://rates")]))
    await runner.setup()
    for _ in range(2):
        async with lease_http_client() as session, session.get("/EUR") as got:
            assert (got.status, got.content_type) == (status, media_type)
            assert text in await got.text()
    await runner.cleanup()


async def test_what_a_service_has_no_answer_to_fails_the_test():
    runner = web.AppRunner(build_app(routes=[Routes()], providers=[FakeService({}).client(base_url="http://rates")]))
    await runner.setup()
    async with lease_http_client() as session, session.get("/EUR?exact=yes") as answer:
        assert answer.status == 501
    with pytest.raises(AssertionError, match=r"^the fake service has no answer to GET http://rates/EUR\?exact=yes$"):
        await runner.cleanup()


class Answer:
    """An answer as a client gets it."""

    def __init__(self, status, body, content_type="application/problem+json"):
        self.status, self.body, self.content_type = status, body, content_type
        self.method, self.url = "GET", aiohttp.client.URL("http://127.0.0.1/x?y=1")

    async def text(self):
        return self.body


DOCUMENT = (
    '{"type":"about:blank","title":"Bad Request","status":400,'
    '"errors":[{"in":"query","name":"a","detail":"no"},{"in":"query","name":"b","detail":"no"}]}'
)


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"type": "about:blank", "title": "Bad Request"},
        {"errors": [{"name": "b"}, {"name": "a"}]},
        {"errors": [{"in": "query"}, {"in": "query", "name": "a"}]},
    ],
)
async def test_a_problem_is_what_it_should_be(expected):
    assert (await assert_problem(Answer(400, DOCUMENT), 400, **expected))["status"] == 400


@pytest.mark.parametrize(
    ("answer", "status", "expected", "message"),
    [
        (Answer(200, "{}", "application/json"), 400, {}, "200 '{}', of type application/json: it is not a problem"),
        (Answer(400, DOCUMENT), 404, {}, "not with 404"),
        (Answer(404, DOCUMENT), 404, {}, "not with 404"),
        (Answer(400, DOCUMENT), 400, {"title": "Bad"}, "title is not 'Bad'"),
        (Answer(400, DOCUMENT), 400, {"code": None}, "code is not None"),
        (Answer(400, DOCUMENT), 400, {"errors": [{"name": "a"}]}, "errors that were not expected: [{'in'"),
        (Answer(400, DOCUMENT), 400, {"errors": [{"name": "a"}] * 2}, "no error is {'name': 'a'}"),
        (Answer(400, DOCUMENT), 400, {"errors": [{"x": "a"}, {}]}, "no error is {'x': 'a'}"),
    ],
)
async def test_another_problem_fails_and_says_what_came(answer, status, expected, message):
    with pytest.raises(AssertionError) as caught:
        await assert_problem(answer, status, **expected)
    assert str(caught.value).startswith("GET /x?y=1 was answered with ")
    assert message in str(caught.value)
