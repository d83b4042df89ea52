"""A room has one booking at a time."""

import asyncio

import pytest

GUESTS = [{"name": "Ann", "email": "ann@example.org"}]


def booking(room=2, arrival="2027-05-01", departure="2027-05-04", guests=GUESTS, **rest):
    return {"room": room, "stay": {"arrival": arrival, "departure": departure}, "guests": guests} | rest


async def test_a_booking_is_kept(ann):
    status, booked, headers = await ann.ask("POST", "/bookings", json=booking(note="a cot, please"))
    assert status == 201
    assert headers["Location"] == f"/bookings/{booked['id']}"
    assert booked == booking(note="a cot, please", id=booked["id"])
    status, found, shown = await ann.ask("GET", headers["Location"])
    assert (status, found) == (200, booked)
    assert shown["ETag"] == headers["ETag"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (booking(room=7), "/room"),
        (booking(guests=[]), "/guests"),
        (booking(guests=[{"name": "Ann", "email": "nowhere"}]), "/guests/0/email"),
        (booking(arrival="2027-02-30"), "/stay/arrival"),
        (booking(departure="2027-05-01"), "/stay"),
        (booking(pets=1), "/pets"),
    ],
)
async def test_what_is_wrong_with_a_booking_is_told(ann, wrong, pointer):
    status, problem, _ = await ann.ask("POST", "/bookings", json=wrong)
    assert status == 400
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


async def test_of_many_who_want_a_room_one_gets_it(ann):
    answers = await asyncio.gather(*(ann.ask("POST", "/bookings", json=booking()) for _ in range(10)))
    assert sorted(status for status, _, _ in answers) == [201, *[409] * 9]


async def test_who_comes_too_late_is_told_which_nights_are_taken(ann, user):
    await ann.ask("POST", "/bookings", json=booking())
    bob = await user("bob")
    status, problem, _ = await bob.ask("POST", "/bookings", json=booking(arrival="2027-05-03", departure="2027-05-05"))
    assert (status, problem["type"]) == (409, "https://guesthouse.example/problems/room-taken")
    assert problem["taken"] == [booking()["stay"]]


async def test_a_room_is_free_again_on_the_day_of_departure(ann):
    assert (await ann.ask("POST", "/bookings", json=booking()))[0] == 201
    next_guests = booking(arrival="2027-05-04", departure="2027-05-05")
    assert (await ann.ask("POST", "/bookings", json=next_guests))[0] == 201


async def test_an_error_after_a_write_leaves_nothing(ann):
    """The second guest is refused after the booking was written: neither it nor the first guest stays."""
    status, problem, _ = await ann.ask("POST", "/bookings", json=booking(guests=GUESTS * 2))
    assert (status, problem["errors"][0]["pointer"]) == (400, "/guests")
    assert (await ann.ask("GET", "/bookings"))[1]["bookings"] == []
    assert (await ann.ask("GET", "/rooms/2/calendar"))[1] == []
    assert (await ann.ask("POST", "/bookings", json=booking()))[0] == 201


async def test_the_calendar_shows_a_booking_at_once(ann):
    """It is cached, and dropped when somebody books, changes or cancels."""

    async def calendar():
        return (await ann.ask("GET", "/rooms/2/calendar"))[1]

    assert await calendar() == []
    _, booked, headers = await ann.ask("POST", "/bookings", json=booking())
    assert await calendar() == [booking()["stay"]]
    moved = {"arrival": "2027-06-01", "departure": "2027-06-02"}
    status, _, _ = await ann.ask("PATCH", headers["Location"], json={"stay": moved}, If_Match=headers["ETag"])
    assert status == 200
    assert await calendar() == [moved]
    assert (await ann.ask("DELETE", f"/bookings/{booked['id']}"))[0] == 204
    assert (await ann.ask("DELETE", f"/bookings/{booked['id']}"))[0] == 404
    assert await calendar() == []


async def test_bookings_are_listed_a_page_at_a_time(ann):
    for day in (1, 2, 3):
        status, _, _ = await ann.ask("POST", "/bookings", json=booking(1, f"2027-05-0{day}", f"2027-05-0{day + 1}"))
        assert status == 201
    pages, after = [], ""
    while after is not None:
        _, page, _ = await ann.ask("GET", f"/bookings?limit=2{after and f'&after={after}'}")
        pages.append([booked["stay"]["arrival"] for booked in page["bookings"]])
        after = page["next"]
    assert pages == [["2027-05-01", "2027-05-02"], ["2027-05-03"]]


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 40, "1" * 4000])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_number_that_no_booking_can_have_is_a_404(ann, method, number):
    """This includes a number that the database could not store."""
    assert (await ann.ask(method, f"/bookings/{number}"))[0] == 404
