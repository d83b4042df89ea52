"""Recipes about what is taken and what is answered, asked over a socket."""

import asyncio
from decimal import Decimal

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from ponty.core.testing import assert_problem


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["100% clay", "Tall", "Wide"]),
        ("?text=al", ["Tall"]),
        ("?text=%25", ["100% clay"]),
        ("?text=_", []),
        ("?colour=red&sort=price", ["Tall", "100% clay"]),
        ("?colour=red&colour=blue&max_cents=900&sort=-price", ["Tall", "Wide"]),
        ("?sort=price&limit=1&offset=1", ["Tall"]),
        ("?text='%20OR%201%20--", []),
    ],
)
async def test_a_search_finds_by_its_filters(recipe, data, query, names):
    client = await recipe("search")
    assert [mug["name"] for mug in await data(await client.get(f"/mugs{query}"))] == names


async def test_a_search_takes_no_other_words(recipe):
    client = await recipe("search")
    for query in ("sort=id;DROP", "limit=1000", "colour=pink", "page=2", "max_cents=-1"):
        await assert_problem(await client.get(f"/mugs?{query}"), 400)


async def test_json_lines_go_in_and_out(recipe, data, tmp_path):
    client = await recipe("json_lines", DATABASE=tmp_path / "mugs.db")
    rows = [f'{{"colour":"mug {number:05}","stock":{number}}}' for number in range(2000)]
    headers = {"Content-Type": "application/jsonl"}
    assert await data(await client.put("/mugs.jsonl", data="\n".join(rows), headers=headers)) == 2000
    assert (await (await client.get("/mugs.jsonl")).text()).splitlines() == rows


@pytest.mark.parametrize(
    ("line", "detail"),
    [(b'{"colour": "red", "stock": -1}', "must be a mug in JSON"), (b"x" * 20_000, "must have shorter lines")],
)
async def test_json_lines_of_which_one_is_wrong_are_not_kept(recipe, tmp_path, line, detail):
    client = await recipe("json_lines", DATABASE=tmp_path / "mugs.db")
    content = b'{"colour": "red", "stock": 1}\n' + line
    answer = await client.put("/mugs.jsonl", data=content, headers={"Content-Type": "application/jsonl"})
    assert [fault["detail"] for fault in (await assert_problem(answer, 400))["errors"]] == [detail]
    assert await (await client.get("/mugs.jsonl")).text() == ""


async def test_people_talk_in_rooms(recipe, until):
    client = await recipe("chat")
    with pytest.raises(Exception, match="401"):
        await client.ws_connect("/rooms/blue")
    async with (
        client.ws_connect("/rooms/blue", headers={"Cookie": "session=s3cret"}) as ann,
        client.ws_connect("/rooms/blue", headers={"Cookie": "session=0ther"}) as bob,
        client.ws_connect("/rooms/red", headers={"Cookie": "session=0ther"}) as elsewhere,
    ):
        for one in (ann, elsewhere):  # who has heard something is in the room
            await one.send_json({"text": "is anybody here?"})
            await one.receive_json()
        await bob.send_json({"text": "hello"})
        while (await bob.receive_json())["name"] != "bob":
            pass  # ann, if bob was in the room by then
        await ann.send_json({"text": "hi"})
        assert [await ann.receive_json() for _ in range(2)] == [
            {"text": "hello", "name": "bob"},
            {"text": "hi", "name": "ann"},
        ]
        await ann.send_json({"text": ""})
        problem = await ann.receive_json()
        assert [fault["pointer"] for fault in problem["errors"]] == ["/text"]
        assert sorted(client.module.hubs) == ["blue", "red"]
        await elsewhere.close()
        assert (await elsewhere.receive()).type is WSMsgType.CLOSED

    async def empty():
        return not client.module.hubs

    await until(empty)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({}, None),
        ({"guest": " \t "}, "must not be blank"),
        ({"departure": "2027-05-01"}, "must be after arrival"),
    ],
)
async def test_values_must_fit_one_another(recipe, data, change, detail):
    client = await recipe("validators")
    stay = {"guest": " Ann  Smith ", "arrival": "2027-05-01", "departure": "2027-05-04", "beds": 2}
    answer = await client.post("/stays", json=stay | change)
    if detail is None:
        assert await data(answer, 201) == stay | {"guest": "Ann Smith"}
    else:
        await assert_problem(answer, 400, errors=[{"in": "body", "detail": detail}])


async def test_tenants_have_what_is_on_for_them(recipe, data):
    client = await recipe("tenants")
    north, south = {"X-Api-Key": "k-north"}, {"X-Api-Key": "k-south"}
    assert await data(await client.get("/prices/red", headers=north)) == "7.50 EUR"
    assert await data(await client.get("/prices/red", headers=south)) == "7.50 CHF"
    assert await data(await client.post("/gifts", headers=north), 201) == "a gift from north"
    await assert_problem(
        await client.post("/gifts", headers=south), 403, type="https://mugs.example/problems/feature-is-off"
    )
    assert (await client.get("/prices/red", headers={"X-Api-Key": "guessed"})).status == 401
    assert (await client.get("/prices/red")).status == 401


class Rates:
    """A service of rates, which counts what it is asked, and can be away."""

    def __init__(self):
        self.asked = []
        self.away = 0

    async def answer(self, request):
        self.asked.append(request.match_info["currency"])
        if self.away:
            self.away -= 1
            raise web.HTTPBadGateway
        return web.json_response(text="1.25")


@pytest.fixture
async def rates():
    rates = Rates()
    app = web.Application()
    app.router.add_get("/rates/{currency}", rates.answer)
    async with TestServer(app) as server:
        rates.url = str(server.make_url("/")).rstrip("/")
        yield rates


async def test_an_expensive_call_is_made_once_for_all(recipe, data, rates):
    client = await recipe("expensive_call", RATES_URL=rates.url)
    rates.away = 1  # and tried again
    prices = await asyncio.gather(*(client.get("/price-in/USD") for _ in range(20)))
    assert {Decimal(str(await data(price))) for price in prices} == {Decimal("9.38")}
    assert rates.asked == ["USD", "USD"]
    rates.away = 100
    assert (await client.get("/price-in/CHF")).status == 503
    assert (await client.get("/price-in/XXX")).status == 404


class MailServer:
    """A server of SMTP that keeps what it gets, and sends the first few away."""

    def __init__(self, refusals=0):
        self.refusals = refusals
        self.mails = asyncio.Queue()

    async def talk(self, reader, writer):
        if self.refusals:
            self.refusals -= 1
            writer.close()
            return
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            match line[:4].upper():
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    await self.mails.put(await reader.readuntil(b"\r\n.\r\n"))
                    writer.write(b"250 taken\r\n")
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 well\r\n")
        writer.close()


async def test_a_mail_is_sent_behind_the_answer_though_the_server_is_away_at_first(recipe):
    mail = MailServer(refusals=1)
    server = await asyncio.start_server(mail.talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = await recipe("mail", SMTP_URL=f"smtp://127.0.0.1:{port}")
        order = {"address": "ann@example.org", "product": "red mug"}
        assert (await client.post("/orders", json=order)).status == 202
        content = (await mail.mails.get()).decode()
        assert "To: ann@example.org\r\n" in content
        assert "Subject: Your red mug\r\n" in content
        for bad in ({"product": "a\nBcc: all@example.org"}, {"address": "ann@example.org, bob@example.org"}):
            assert (await client.post("/orders", json=order | bad)).status == 400


async def test_work_behind_the_answer_is_waited_for_though_one_before_it_raises(recipe, caplog):
    client = await recipe("background")
    for number in (7, 0, 8, 9):
        assert (await client.post(f"/orders/{number}")).status == 202
    await client.close()
    assert sorted(client.module.sent) == ["7", "8", "9"]
    assert "there is no such order" in caplog.text


async def test_csv_is_answered_row_by_row(recipe):
    client = await recipe("csv_report")
    answer = await client.get("/reports/sales.csv?year=2026")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sales.csv"'
    rows = ["day,product,sold", '2026-02-28,"mug, red",7', "2026-03-01,'=1+1,1", ""]
    assert await answer.text() == "\r\n".join(rows)
    await assert_problem(await client.get("/reports/sales.csv?year=last"), 400)
