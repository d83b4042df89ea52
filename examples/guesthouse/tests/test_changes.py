"""A PATCH changes the members that it has, unless somebody else was faster."""

import pytest

BOOKING = {
    "room": 2,
    "stay": {"arrival": "2027-05-01", "departure": "2027-05-04"},
    "guests": [{"name": "Ann", "email": "ann@example.org"}],
    "note": "a cot, please",
}


@pytest.fixture
async def booked(ann):
    """Book a room, and return its path and its entity tag."""
    _, _, headers = await ann.ask("POST", "/bookings", json=BOOKING)
    return headers["Location"], headers["ETag"]


@pytest.mark.parametrize(
    ("change", "note"),
    [({}, "a cot, please"), ({"note": None}, None), ({"note": ""}, ""), ({"note": "no cot"}, "no cot")],
)
async def test_what_is_absent_stays_and_null_is_taken_away(ann, booked, change, note):
    path, etag = booked
    status, after, headers = await ann.ask("PATCH", path, json=change, If_Match=etag)
    assert (status, after["note"]) == (200, note)
    assert (headers["ETag"] == etag) == (not change)
    _, found, _ = await ann.ask("GET", path)
    assert found == after == {**BOOKING, **change, "id": after["id"]}


async def test_a_stay_is_no_nights_that_are_null(ann, booked):
    path, etag = booked
    status, problem, _ = await ann.ask("PATCH", path, json={"stay": None}, If_Match=etag)
    assert (status, problem["errors"][0]["pointer"]) == (400, "/stay")


async def test_of_two_who_have_seen_one_version_the_second_changes_nothing(ann, booked):
    """No update is lost: the second client has to read the booking again first."""
    path, seen = booked
    assert (await ann.ask("PATCH", path, json={"note": "first"}, If_Match=seen))[0] == 200
    assert (await ann.ask("PATCH", path, json={"note": "second"}, If_Match=seen))[0] == 412
    _, found, headers = await ann.ask("GET", path)
    assert found["note"] == "first"
    assert (await ann.ask("PATCH", path, json={"note": "second"}, If_Match=headers["ETag"]))[0] == 200


async def test_who_has_seen_no_version_changes_nothing(ann, booked):
    status, problem, _ = await ann.ask("PATCH", booked[0], json={"note": "blind"})
    assert status == 428
    assert problem["errors"][0]["name"] == "If-Match"


async def test_an_error_after_a_write_leaves_what_was_there(ann, booked):
    """The guests are replaced one by one, and the second of the new ones is refused."""
    path, etag = booked
    twice = [{"name": name, "email": "both@example.org"} for name in ("Bob", "Cas")]
    assert (await ann.ask("PATCH", path, json={"note": "new", "guests": twice}, If_Match=etag))[0] == 400
    _, found, _ = await ann.ask("GET", path)
    assert (found["note"], found["guests"]) == (BOOKING["note"], BOOKING["guests"])


async def test_a_client_that_has_the_booking_is_sent_it_once(ann, booked):
    path, etag = booked
    assert (await ann.ask("GET", path, If_None_Match=etag))[:2] == (304, {})
