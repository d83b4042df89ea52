"""The notes of `before.py` on Ponty."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Annotated

import aiosqlite
from aiohttp import web

from ponty import (
    Annotation,
    BearerToken,
    DoesNotExist,
    Field,
    InvalidField,
    ParsedJsonBody,
    Provided,
    QueryParameter,
    Reply,
    Request,
    RouteParameter,
    Routes,
    Scoped,
    expect,
    json_response,
    render_json,
    startmeup,
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (token TEXT UNIQUE, name TEXT);
INSERT OR IGNORE INTO users VALUES ('s3cret', 'ann'), ('0ther', 'bob');
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, owner TEXT, text TEXT, tag TEXT);
"""

DATABASE = web.AppKey("DATABASE", str)

notes = Routes("/notes")


async def database(app: web.Application) -> AsyncIterator[None]:
    app[DATABASE] = "notes.db"
    async with aiosqlite.connect(app[DATABASE]) as connection:
        await connection.executescript(SCHEMA)
    yield


async def connection(request: web.Request, *, path: str) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(path) as opened:
        yield opened
        await opened.commit()


@dataclasses.dataclass
class NewNote:
    text: Annotated[str, Annotation(minLength=1)]
    tag: str = ""


@dataclasses.dataclass
class Note(NewNote):
    id: int = 0


class CurrentUser(Field[str]):
    guard = True

    async def extract(self, request: web.Request, *, token: str, db: aiosqlite.Connection) -> str:
        for (name,) in await db.execute_fetchall("SELECT name FROM users WHERE token = ?", [token]):
            return str(name)
        raise InvalidField("must be that of a user", status=401, headers={"WWW-Authenticate": "Bearer"})


class OfUser(Request):
    db = Scoped(connection, path=Provided(DATABASE))
    user = CurrentUser(token=BearerToken(), db=db)


class OneNote(OfUser):
    number = RouteParameter[int](Annotated[int, Annotation(minimum=0, maximum=2**63 - 1)])


async def find(db: aiosqlite.Connection, number: int, user: str) -> Note:
    query = "SELECT text, tag, id FROM notes WHERE id = ? AND owner = ?"
    for row in await db.execute_fetchall(query, [number, user]):
        return Note(*row)
    raise DoesNotExist


class ListNotes(OfUser):
    tag = QueryParameter(str, default=None)
    limit = QueryParameter(int, default=20)


@notes.get("")
@expect(ListNotes, whole=True)
@render_json(list[Note])
async def list_notes(r: ListNotes) -> list[Note]:
    query = "SELECT text, tag, id FROM notes WHERE owner = ? AND (? IS NULL OR tag = ?) ORDER BY id LIMIT ?"
    return [Note(*row) for row in await r.db.execute_fetchall(query, [r.user, r.tag, r.tag, r.limit])]


class AddNote(OfUser):
    note = ParsedJsonBody(NewNote)


@notes.post("")
@expect(AddNote, whole=True)
@render_json(Note, status=201)
async def add_note(r: AddNote) -> Reply[Note]:
    insert = "INSERT INTO notes (owner, text, tag) VALUES (?, ?, ?)"
    number = (await r.db.execute(insert, [r.user, r.note.text, r.note.tag])).lastrowid or 0
    return Reply(await find(r.db, number, r.user), headers={"Location": f"/notes/{number}"})


@notes.get(f"/{OneNote.number}")
@expect(OneNote, whole=True)
@render_json(Note)
async def show_note(r: OneNote) -> Note:
    return await find(r.db, r.number, r.user)


@notes.delete(f"/{OneNote.number}")
@expect(OneNote, whole=True)
@render_json(status=204)
async def drop_note(r: OneNote) -> None:
    await find(r.db, r.number, r.user)
    await r.db.execute("DELETE FROM notes WHERE id = ?", [r.number])


def not_found(request: web.Request, error: DoesNotExist) -> web.Response:
    """Answer in the form that the clients know."""
    return json_response({"error": "Not Found"}, status=404)


if __name__ == "__main__":
    startmeup(port=8080, routes=[notes], providers=[database], envelope=False, errors={DoesNotExist: not_found})
