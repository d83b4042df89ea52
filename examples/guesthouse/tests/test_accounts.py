"""Bookings belong to accounts, which are known by their tokens."""

import pytest

BOOKING = {
    "room": 3,
    "stay": {"arrival": "2027-05-01", "departure": "2027-05-04"},
    "guests": [{"name": "Ann", "email": "ann@example.org"}],
}


async def test_a_name_is_taken_once(client, ann):
    answer = await client.post("/accounts", json={"name": "ann"})
    assert answer.status == 409
    assert (await answer.json())["type"] == "https://guesthouse.example/problems/name-taken"


@pytest.mark.parametrize(
    ("credentials", "detail"),
    [({}, "is required"), ({"Authorization": "Bearer guessed"}, "must be that of an account")],
)
async def test_a_stranger_is_told_nothing_but_that(client, credentials, detail):
    """The answer says nothing about the body, which is invalid in every way."""
    answer = await client.post("/bookings", json={"rooms": "all"}, headers=credentials)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert [fault["detail"] for fault in (await answer.json())["errors"]] == [detail]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_booking_of_somebody_else_does_not_exist(ann, user, method):
    _, _, headers = await ann.ask("POST", "/bookings", json=BOOKING)
    bob = await user("bob")
    assert (await bob.ask(method, headers["Location"]))[0] == 404
    assert (await bob.ask("GET", "/bookings"))[1]["bookings"] == []
    assert (await ann.ask("GET", headers["Location"]))[0] == 200


async def test_the_file_of_the_database_holds_no_token(client, ann, tmp_path):
    token = ann.headers["Authorization"].removeprefix("Bearer ").encode()
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert any(b"ann" in content for content in files)
    assert not any(token in content for content in files)
