"""Prices are in euros, and in other currencies while exchange rates are known."""

import pytest


async def test_euros_need_no_rate(client):
    answer = await client.get("/rooms/2/price?nights=3")
    assert (await answer.json())["data"] == "240.00"


async def test_a_rate_is_asked_for_again_when_it_fails(client, rates):
    rates.answers[:] = [(503, None), (200, "1.10")]
    answer = await client.get("/rooms/2/price?nights=3&currency=USD")
    assert (await answer.json())["data"] == "264.00"


async def test_a_rate_is_remembered(client, rates):
    rates.answers[:] = [(200, "1.10")]
    for _ in range(3):
        assert (await client.get("/rooms/1/price?currency=USD")).status == 200


async def test_without_rates_the_answer_says_try_later(client, rates):
    rates.answers[:] = [(503, None)] * 4
    answer = await client.get("/rooms/2/price?currency=USD")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")


@pytest.mark.parametrize("room", ["4", "0", "kitchen", "4" * 40])
async def test_a_room_that_is_none_has_no_price(client, room):
    assert (await client.get(f"/rooms/{room}/price")).status == 404


async def test_a_misspelt_filter_is_no_answer_over_everything(client):
    assert (await client.get("/rooms?bed=4")).status == 400


async def test_rooms_are_listed_by_price(client):
    answer = await client.get("/rooms?beds=2&order=price")
    assert [room["number"] for room in (await answer.json())["data"]] == [2, 3]
