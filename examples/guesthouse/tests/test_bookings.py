"""A room is booked by one party at a time."""

import asyncio

import pytest

GUESTS = [{"name": "Ann", "email": "ann@example.org"}]


def booking(room=2, arrival="2027-05-01", departure="2027-05-04", guests=GUESTS):
    return {"room": room, "stay": {"arrival": arrival, "departure": departure}, "guests": guests}


async def test_a_booking_is_kept(client):
    answer = await client.post("/bookings", json=booking())
    assert answer.status == 201
    number = (await answer.json())["data"]["id"]
    assert answer.headers["Location"] == f"/bookings/{number}"
    answer = await client.get(answer.headers["Location"])
    assert (await answer.json())["data"] == booking()


@pytest.mark.parametrize(
    ("wrong", "status", "pointer"),
    [
        (booking(room=7), 400, "/room"),
        (booking(guests=[]), 400, "/guests"),
        (booking(guests=[{"name": "Ann", "email": "nowhere"}]), 400, "/guests/0/email"),
        (booking(arrival="2027-02-30"), 400, "/stay/arrival"),
        (booking(departure="2027-05-01"), 400, "/stay"),
    ],
)
async def test_what_is_wrong_with_a_booking_is_told(client, wrong, status, pointer):
    answer = await client.post("/bookings", json=wrong)
    assert answer.status == status
    assert [fault["pointer"] for fault in (await answer.json())["errors"]] == [pointer]


async def test_of_many_who_want_a_room_one_gets_it(client):
    answers = await asyncio.gather(*(client.post("/bookings", json=booking()) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [201, *[409] * 9]


async def test_a_room_is_free_again_on_the_day_of_departure(client):
    assert (await client.post("/bookings", json=booking())).status == 201
    assert (await client.post("/bookings", json=booking(arrival="2027-05-03", departure="2027-05-05"))).status == 409
    assert (await client.post("/bookings", json=booking(arrival="2027-05-04", departure="2027-05-05"))).status == 201


async def test_the_calendar_shows_a_booking_at_once(client):
    """It is remembered, and forgotten when somebody books or cancels."""

    async def calendar():
        return (await (await client.get("/rooms/2/calendar")).json())["data"]

    assert await calendar() == []
    answer = await client.post("/bookings", json=booking())
    assert await calendar() == [booking()["stay"]]
    number = (await answer.json())["data"]["id"]
    assert (await client.delete(f"/bookings/{number}")).status == 204
    assert (await client.delete(f"/bookings/{number}")).status == 404
    assert await calendar() == []
