"""A guesthouse of each test's own, and somebody who knows the exchange rates."""

import pytest
from aiohttp import web
from guesthouse.service import providers

from ponty import build_app


@pytest.fixture
async def rates(aiohttp_server):
    """Give the service that is asked for rates; `rates.answers` is what it will say, in turn."""
    table = web.RouteTableDef()
    answers = []

    @table.get("/rates/{currency}")
    async def rate(request: web.Request) -> web.Response:
        status, value = answers.pop(0)
        return web.json_response({"data": value}, status=status)

    app = web.Application()
    app.add_routes(table)
    server = await aiohttp_server(app)
    server.answers = answers
    return server


@pytest.fixture
async def client(aiohttp_client, rates):
    """Give a client of an application whose database is in memory."""
    return await aiohttp_client(build_app(providers=providers(database=":memory:", rates=str(rates.make_url("/")))))
