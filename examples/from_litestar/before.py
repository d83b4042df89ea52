"""A lending library on Litestar. `after.py` is the same on Ponty, and answers the same."""

import sqlite3
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Litestar, Request, Response, delete, get, patch, post
from litestar.config.cors import CORSConfig
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException, NotFoundException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter
from litestar.response import Stream

SCHEMA = """
CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT, genre TEXT, pages INTEGER, reader TEXT);
INSERT INTO books VALUES (1, 'Emma', 'novel', 474, NULL), (2, 'Walden', 'essay', 352, 'bob');
"""
USERS = {"s3cret": ("ann", True), "0ther": ("bob", False)}

Genre = Literal["novel", "essay", "poems"]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Pages = Annotated[int, msgspec.Meta(ge=1, le=5000)]


class NewBook(msgspec.Struct, forbid_unknown_fields=True):
    title: Title
    genre: Genre
    pages: Pages


class Change(msgspec.Struct, forbid_unknown_fields=True):
    title: Title | msgspec.UnsetType = msgspec.UNSET
    pages: Pages | msgspec.UnsetType = msgspec.UNSET


class Book(msgspec.Struct, rename="camel"):
    id: int
    title: str
    genre: Genre
    page_count: int
    is_lent: bool


class Lent(Exception):
    pass


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncGenerator[None, None]:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(SCHEMA)
    connection.row_factory = sqlite3.Row
    app.state.database = connection
    yield
    connection.close()


def transaction(request: Request[Any, Any, Any]) -> Iterator[sqlite3.Connection]:
    connection: sqlite3.Connection = request.app.state.database
    connection.execute("BEGIN")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def user_of(connection: ASGIConnection[Any, Any, Any, Any]) -> tuple[str, bool]:
    scheme, _, token = connection.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or token not in USERS:
        raise NotAuthorizedException(headers={"WWW-Authenticate": "Bearer"})
    return USERS[token]


def known(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    user_of(connection)


def librarian(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    if not user_of(connection)[1]:
        raise PermissionDeniedException("only librarians may do this")


def current_user(request: Request[Any, Any, Any]) -> str:
    return user_of(request)[0]


def told(row: sqlite3.Row) -> Book:
    return Book(row["id"], row["title"], row["genre"], row["pages"], row["reader"] is not None)


def find(db: sqlite3.Connection, number: int) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute("SELECT * FROM books WHERE id = ?", [number]).fetchone()
    if row is None:
        raise NotFoundException("there is no such book")
    return row


class BookController(Controller):
    path = "/books"
    dependencies = {"db": Provide(transaction)}  # noqa: RUF012

    @get()
    async def list_books(
        self,
        db: NamedDependency[sqlite3.Connection],
        genre: Annotated[list[Genre] | None, Parameter(query="genre")] = None,
        limit: Annotated[int, Parameter(ge=1, le=100)] = 20,
    ) -> list[Book]:
        books = [told(row) for row in db.execute("SELECT * FROM books ORDER BY id")]
        return [book for book in books if not genre or book.genre in genre][:limit]

    @post(guards=[librarian])
    async def add_book(self, data: NewBook, db: NamedDependency[sqlite3.Connection]) -> Response[Book]:
        insert = "INSERT INTO books (title, genre, pages) VALUES (?, ?, ?)"
        number = db.execute(insert, [data.title, data.genre, data.pages]).lastrowid or 0
        return Response(told(find(db, number)), headers={"Location": f"/books/{number}"})

    @get("/{number:int}")
    async def show_book(self, number: int, db: NamedDependency[sqlite3.Connection]) -> Book:
        return told(find(db, number))

    @patch("/{number:int}", guards=[librarian])
    async def change_book(self, number: int, data: Change, db: NamedDependency[sqlite3.Connection]) -> Book:
        before = dict(find(db, number))
        after = before | msgspec.structs.asdict(data)
        after = {name: before[name] if value is msgspec.UNSET else value for name, value in after.items()}
        db.execute("UPDATE books SET title = :title, pages = :pages WHERE id = :id", after)
        return told(find(db, number))

    @post("/{number:int}/loan", guards=[known], status_code=204)
    async def lend_book(self, number: int, user: NamedDependency[str], db: NamedDependency[sqlite3.Connection]) -> None:
        reader = find(db, number)["reader"]
        db.execute("UPDATE books SET reader = ? WHERE id = ?", [user, number])
        if reader is not None:
            raise Lent

    @delete("/{number:int}", guards=[librarian])
    async def drop_book(self, number: int, db: NamedDependency[sqlite3.Connection]) -> None:
        find(db, number)
        db.execute("DELETE FROM books WHERE id = ?", [number])


@get("/me", guards=[known])
async def show_me(
    user: NamedDependency[str],
    language: Annotated[str, Parameter(header="Accept-Language")] = "en",
    theme: Annotated[str, Parameter(cookie="theme")] = "light",
) -> dict[str, str]:
    return {"name": user, "language": language, "theme": theme}


@get("/catalogue.jsonl", dependencies={"db": Provide(transaction)})
async def export_catalogue(db: NamedDependency[sqlite3.Connection]) -> Stream:
    lines = [msgspec.json.encode(told(row)) + b"\n" for row in db.execute("SELECT * FROM books ORDER BY id")]
    return Stream(iter(lines), media_type="application/jsonl")


def answer_lent(request: Request[Any, Any, Any], error: Lent) -> Response[dict[str, object]]:
    return Response({"status_code": 409, "detail": "somebody has it"}, status_code=409)


app = Litestar(
    [BookController, show_me, export_catalogue],
    dependencies={"user": Provide(current_user, sync_to_thread=False)},
    lifespan=[lifespan],
    exception_handlers={Lent: answer_lent},
    cors_config=CORSConfig(allow_origins=["https://library.example"], allow_headers=["Authorization", "Content-Type"]),
    openapi_config=None,
)
