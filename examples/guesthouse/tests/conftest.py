"""A new guesthouse for each test, a client with an account, and a service with exchange rates."""

import pytest
from guesthouse.service import build
from guesthouse.settings import Settings

from ponty import Reply, Request, Routes, StringRouteParameter, build_app, expect, render_json


@pytest.fixture
async def rates(aiohttp_server):
    """Serve exchange rates; `rates.answers` has the answers in their order."""
    table = Routes("/rates")
    answers = []

    class AskRate(Request):
        currency = StringRouteParameter()

    @table.get(f"/{AskRate.currency}")
    @expect(AskRate)
    @render_json
    async def rate(currency):
        status, value = answers.pop(0)
        return Reply(value, status=status)

    server = await aiohttp_server(build_app(routes=[table]))
    server.answers = answers
    return server


@pytest.fixture
async def client(aiohttp_client, rates, tmp_path):
    """Return a client of an application with an empty database."""
    settings = Settings(
        database=str(tmp_path / "test.db"), rates_url=str(rates.make_url("/")), origins=("https://inn.example",)
    )
    return await aiohttp_client(build(settings))


class User:
    """Sends requests with the token of one account."""

    def __init__(self, client, token):
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method, path, *, json=None, **headers):
        """Return the status, the document and the headers of an answer."""
        headers = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, path, json=json, headers=headers) as answer:
            document = await answer.json(content_type=None) if await answer.read() else {}
            return answer.status, document.get("data", document), answer.headers


@pytest.fixture
def user(client):
    """Return a function that opens an account."""

    async def open_account(name):
        async with client.post("/accounts", json={"name": name}) as answer:
            assert answer.status == 201
            return User(client, (await answer.json())["data"]["token"])

    return open_account


@pytest.fixture
async def ann(user):
    return await user("ann")
