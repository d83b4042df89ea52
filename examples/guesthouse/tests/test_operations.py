"""Everything around the routes: ids, headers, origins, health and metrics."""

import pytest
from guesthouse.settings import Settings


async def test_a_page_of_the_house_may_read_answers_and_errors(client):
    for path in ("/rooms", "/nothing"):
        answer = await client.get(path, headers={"Origin": "https://inn.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "https://inn.example"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Request-ID"]


async def test_it_is_ready_while_its_database_answers(client):
    answer = await client.get("/readyz")
    assert await answer.json() == {"ready": True, "checks": {"database_answers": "ok"}}


async def test_its_description_tells_of_every_route(client):
    document = await (await client.get("/docs/openapi.json")).json()
    assert set(document["paths"]["/bookings/{number}"]) == {"get", "patch", "delete"}
    answers = document["paths"]["/bookings/{number}"]["patch"]["responses"]
    assert {"200", "401", "404", "409", "412", "428"} <= set(answers)


async def test_metrics_are_told_by_the_template_of_a_route(client):
    await client.get("/rooms/2/price")
    text = await (await client.get("/metrics")).text()
    assert 'http_route="/rooms/{room}/price"' in text


def test_settings_come_from_the_environment():
    settings = Settings.from_environment({"PORT": "80", "ORIGINS": "https://a.example https://b.example"})
    assert (settings.port, settings.origins) == (80, ("https://a.example", "https://b.example"))
    assert settings.database == "guesthouse.db"
    with pytest.raises(ValueError, match="http"):
        Settings.from_environment({"PORT": "http"})
