"""Tests without a database, a login or another service: a fake stands where each of them would."""

from collections.abc import AsyncIterator
from typing import Protocol

from aiohttp import web

from ponty import BearerToken, Field, Provided, Request, Routes, expect, lease_http_client, render_json
from ponty.core.testing import FakeService, PontyClient, assert_problem


class Store(Protocol):
    async def stock_of(self, user: str) -> int: ...


STORE = web.AppKey("STORE", Store)


async def database(app: web.Application) -> AsyncIterator[None]:
    app[STORE] = await connect()
    yield


async def connect() -> Store:
    raise ConnectionError("there is no database here")


class CurrentUser(Field[str]):
    guard = True

    def extract(self, request: web.Request, *, token: str) -> str:
        raise ConnectionError("there is no login here")


class Worth(Request):
    user = CurrentUser(token=BearerToken())
    store = Provided(STORE)


mugs = Routes("/mugs")


@mugs.get("/worth")
@expect(Worth)
@render_json(float)
async def worth(user: str, store: Store) -> float:
    async with lease_http_client() as session, session.get("/rates/EUR") as answer:
        return float(await answer.json()) * await store.stock_of(user)


class FakeStore:
    async def stock_of(self, user: str) -> int:
        return {"ann": 3}[user]


async def fake_database(app: web.Application) -> AsyncIterator[None]:
    app[STORE] = FakeStore()
    yield


async def test_mugs_are_worth_what_the_rate_says(ponty_client: PontyClient) -> None:
    rates = FakeService({"GET http://rates/rates/EUR": 2.5})
    client = await ponty_client(
        mugs,
        providers=[database, rates.client(base_url="http://rates")],
        instead={database: fake_database},
        fields={CurrentUser: "ann"},
    )
    answer = await client.get("/mugs/worth")
    assert (await answer.json())["data"] == 7.5
    assert rates.asked == ["GET http://rates/rates/EUR"]


async def test_nobody_learns_what_mugs_are_worth_without_a_token(ponty_client: PontyClient) -> None:
    client = await ponty_client(mugs, keys={STORE: FakeStore()})
    await assert_problem(await client.get("/mugs/worth"), 401)
