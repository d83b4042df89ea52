"""Streams and websockets in the description of an API."""

import dataclasses

from aiohttp import web

from ponty.core import Routes, render_csv, render_events, render_json, render_lines
from ponty.request import LastEventId, Request, Socket, accept_socket, expect, openapi


@dataclasses.dataclass
class Room:
    number: int


class Follow(Request):
    last = LastEventId(int)


def answer_of(document, path):
    return document["paths"][path]["get"]["responses"]


def test_they_are_described_by_their_media_types_and_items():
    table = Routes()

    @table.get("/events")
    @expect(Follow)
    @render_events(Room)
    async def events(last: int | None):
        yield Room(1)

    @table.get("/lines")
    @render_lines(Room)
    async def lines(request: web.Request):
        yield Room(1)

    @table.get("/rows")
    @render_csv(Room)
    async def rows(request: web.Request):
        yield Room(1)

    @table.get("/array")
    @render_json(list[Room], envelope=False)
    async def array(request: web.Request):
        yield Room(1)

    @table.websocket("/talk")
    @accept_socket(Room, int)
    async def talk(socket: Socket[Room, int], request: web.Request) -> None: ...

    document = openapi(table, title="Rooms", version="1")
    for path, media_type in [
        ("/events", "text/event-stream"),
        ("/lines", "application/jsonl"),
        ("/rows", "text/csv"),
    ]:
        (content,) = answer_of(document, path)["200"]["content"].items()
        assert content[0] == media_type
        assert "Room" in str(content[1])
    (parameter,) = document["paths"]["/events"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["schema"]["type"]) == ("Last-Event-ID", "header", "integer")
    schema = answer_of(document, "/array")["200"]["content"]["application/json"]["schema"]
    assert schema["type"] == "array"
    messages = answer_of(document, "/talk")["101"]["x-messages"]
    assert messages["server"] == {"type": "integer"}
    assert messages["client"]["properties"] == {"number": {"type": "integer"}}
