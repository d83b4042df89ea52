"""Recipes about who asks, and about services that trust one another."""

import base64
import hashlib
import hmac
import time

import aiohttp
import pytest


async def test_a_key_is_that_of_somebody(recipe, data):
    client = await recipe("api_keys")
    assert await data(await client.get("/private", headers={"X-Api-Key": "0f3c4e"})) == "ann"
    for headers in ({}, {"X-Api-Key": "0f3c4f"}, {"X-Api-Key": "aa4a06182e4117e4"}):
        assert (await client.get("/private", headers=headers)).status == 401


async def test_a_token_has_rights(recipe):
    client = await recipe("tokens")
    statuses = [
        (await client.request(method, "/mugs", headers={"Authorization": f"Bearer {token}"})).status
        for token in ("reader", "writer", "guessed")
        for method in ("GET", "POST")
    ]
    assert statuses == [200, 403, 200, 200, 401, 401]


@pytest.mark.parametrize(
    ("name", "password", "status"),
    [("ann", "correct horse", 200), ("ann", "wrong horse", 401), ("bob", "correct horse", 401), ("bob", "", 401)],
)
async def test_a_password_is_compared_by_its_hash(recipe, name, password, status):
    client = await recipe("passwords")
    headers = {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
    assert (await client.get("/admin", headers=headers)).status == status


async def test_users_log_in_with_a_provider(recipe, load, data, aiohttp_server, aiohttp_client):
    theirs = await aiohttp_server(load("login_provider").built)
    # A jar that keeps the cookies of an address, too.
    module = load("login", LOGIN_PROVIDER=str(theirs.make_url("")).rstrip("/"))
    client = await aiohttp_client(module.built, cookie_jar=aiohttp.CookieJar(unsafe=True))
    module.PUBLIC = str(client.make_url("")).rstrip("/")
    assert (await client.get("/me")).status == 401
    assert await data(await client.get("/login")) == "ann"  # and three redirects
    assert await data(await client.get("/me")) == "ann"
    assert (await client.get("/callback?code=x&state=y")).status == 400  # nothing was begun
    begun = await client.get("/login", allow_redirects=False)
    assert {"HttpOnly", "SameSite=Lax"} <= set(begun.headers["Set-Cookie"].split("; "))
    assert (await client.get("/callback?code=x&state=forged")).status == 403
    state = begun.headers["Location"].partition("&state=")[2].partition("&")[0]
    assert (await client.get(f"/callback?code=stolen&state={state}")).status == 403


def signed(content, *, moment=None, secret=b"s3cret"):
    moment = str(moment or int(time.time()))
    digest = hmac.new(secret, f"{moment}.".encode() + content, hashlib.sha256).hexdigest()
    return {"X-Signature": f"t={moment},v1={digest}", "Content-Type": "application/json"}


PAYMENT = b'{"id": "evt_1",  "order": 7}'


async def test_webhooks_are_taken_once_from_who_signs_them(recipe, tmp_path):
    client = await recipe("webhooks", WEBHOOK_SECRET="s3cret", DATABASE=tmp_path / "payments.db")
    for _ in range(2):
        answer = await client.post("/webhooks/payments", data=PAYMENT, headers=signed(PAYMENT))
        assert answer.status == 204
    async with client.module.aiosqlite.connect(tmp_path / "payments.db") as database:
        assert await database.execute_fetchall("SELECT * FROM payments") == [("evt_1", 7)]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        signed(PAYMENT + b" "),
        signed(PAYMENT, secret=b"guessed"),
        signed(PAYMENT, moment=int(time.time()) - 3600),
        signed(PAYMENT, moment="soon"),
        {"X-Signature": "t=ü,v1=ß", "Content-Type": "application/json"},
        {"X-Signature": "v1=,t,=", "Content-Type": "application/json"},
    ],
    ids=["no signature", "another body", "another secret", "an hour ago", "no moment", "no ASCII", "no parts"],
)
async def test_webhooks_are_refused_from_who_does_not(recipe, tmp_path, headers):
    client = await recipe("webhooks", WEBHOOK_SECRET="s3cret", DATABASE=tmp_path / "payments.db")
    answer = await client.post("/webhooks/payments", data=PAYMENT, headers=headers)
    assert answer.status == 401


async def test_webhooks_arrive_where_they_are_sent(load, aiohttp_server, aiohttp_client, tmp_path):
    taking = load("webhooks", DATABASE=tmp_path / "payments.db")
    receiver = await aiohttp_server(taking.built)
    sending = load("send_webhooks", RECEIVER=receiver.make_url("/webhooks/payments"))
    client = await aiohttp_client(sending.built)
    assert (await client.post("/payments/7")).status == 202
    await client.close()  # which waits for what is under way
    async with taking.aiosqlite.connect(tmp_path / "payments.db") as database:
        assert await database.execute_fetchall("SELECT * FROM payments") == [("payment-7", 7)]
