"""The rooms of `before.py` on Ponty: what was there of aiohttp has stayed, and what was done by hand is gone."""

import dataclasses
import datetime
import sqlite3
from collections.abc import AsyncIterator
from typing import Annotated

from aiohttp import web

from ponty import (
    Annotation,
    BearerToken,
    DoesNotExist,
    Field,
    InvalidField,
    ParsedJsonBody,
    PontyError,
    Provided,
    QueryParameter,
    Reply,
    Request,
    RouteParameter,
    Routes,
    ValidationError,
    expect,
    json_response,
    render_json,
    startmeup,
)

SCHEMA = """
CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT UNIQUE, beds INTEGER, since TEXT);
INSERT INTO rooms VALUES (1, 'blue', 2, '2020-05-01'), (2, 'red', 4, '2021-01-01');
"""
TOKENS = {"s3cret": "ann"}
DATABASE = web.AppKey("DATABASE", sqlite3.Connection)


async def database(app: web.Application) -> AsyncIterator[None]:
    connection = app[DATABASE] = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    connection.row_factory = sqlite3.Row
    yield
    connection.close()


@dataclasses.dataclass
class NewRoom:
    name: Annotated[str, Annotation(minLength=1)]
    beds: Annotated[int, Annotation(minimum=1, maximum=20)]
    since: datetime.date


@dataclasses.dataclass
class Room:
    id: int
    name: str
    beds: int
    since: str


class NameTaken(PontyError):
    status_code = 409


class User(Field[str]):
    """Who may change something."""

    guard = True

    def extract(self, request: web.Request, *, token: str) -> str:
        if token not in TOKENS:
            raise InvalidField("must be that of a user", status=401, headers={"WWW-Authenticate": "Bearer"})
        return TOKENS[token]


class WithDatabase(Request):
    db = Provided(DATABASE)


class ListRooms(WithDatabase):
    beds = QueryParameter(int, default=1)


class OneRoom(WithDatabase):
    id = RouteParameter[int](Annotated[int, Annotation(minimum=0, maximum=999_999_999)])

    def found(self) -> Room:
        row = self.db.execute("SELECT * FROM rooms WHERE id = ?", [self.id]).fetchone()
        if row is None:
            raise DoesNotExist
        return Room(*row)


class AddRoom(WithDatabase):
    user = User(token=BearerToken())
    room = ParsedJsonBody(NewRoom)


class DropRoom(OneRoom):
    user = User(token=BearerToken())


rooms = Routes("/rooms")


@rooms.get("")
@expect(ListRooms, whole=True)
@render_json(list[Room])
async def list_rooms(r: ListRooms) -> list[Room]:
    return [Room(*row) for row in r.db.execute("SELECT * FROM rooms WHERE beds >= ? ORDER BY id", [r.beds])]


@rooms.get(f"/{OneRoom.id}")
@expect(OneRoom, whole=True)
@render_json(Room)
async def show_room(r: OneRoom) -> Room:
    return r.found()


@rooms.post("", raises=[NameTaken])
@expect(AddRoom, whole=True)
@render_json(Room, status=201)
async def add_room(r: AddRoom) -> Reply[Room]:
    insert = "INSERT INTO rooms (name, beds, since) VALUES (?, ?, ?) RETURNING *"
    try:
        made = Room(*r.db.execute(insert, [r.room.name, r.room.beds, r.room.since.isoformat()]).fetchone())
    except sqlite3.IntegrityError as error:
        raise NameTaken from error
    return Reply(made, headers={"Location": f"/rooms/{made.id}"})


@rooms.delete(f"/{DropRoom.id}")
@expect(DropRoom, whole=True)
@render_json(status=204)
async def drop_room(r: DropRoom) -> None:
    r.db.execute("DELETE FROM rooms WHERE id = ?", [r.found().id])


def name_taken(request: web.Request, error: NameTaken) -> web.Response:
    """Answer in the form that the clients know."""
    return json_response({"error": "this name is taken"}, status=409)


def not_found(request: web.Request, error: DoesNotExist) -> web.Response:
    return json_response({"error": "Not Found"}, status=404)


def answer_invalid(request: web.Request, error: ValidationError) -> web.Response:
    fault = error.faults[0]
    return json_response({"error": fault.pointer[1:] or fault.name}, status=400)


if __name__ == "__main__":
    startmeup(
        port=8080,
        routes=[rooms],
        providers=[database],
        envelope=False,
        errors={NameTaken: name_taken, DoesNotExist: not_found},
        answer_invalid=answer_invalid,
    )
