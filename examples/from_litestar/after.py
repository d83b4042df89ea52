"""The library of `before.py` on Ponty: its clients need not know that it moved."""

import sqlite3
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec
from aiohttp import web

from ponty import (
    UNSET,
    Annotation,
    BearerToken,
    Cookie,
    DoesNotExist,
    Field,
    Header,
    InvalidField,
    ParsedJsonBody,
    PontyError,
    QueryParameter,
    Reply,
    Request,
    RouteParameter,
    Routes,
    Scoped,
    UnsetType,
    ValidationError,
    cors,
    expect,
    json_response,
    render_json,
    render_lines,
    startmeup,
)

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
    title: Title | UnsetType = UNSET
    pages: Pages | UnsetType = UNSET


class Book(msgspec.Struct, rename="camel"):
    id: int
    title: str
    genre: Genre
    page_count: int
    is_lent: bool


class Lent(PontyError):
    status_code = 409


DATABASE = web.AppKey("DATABASE", sqlite3.Connection)


async def database(app: web.Application) -> AsyncIterator[None]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    connection.row_factory = sqlite3.Row
    app[DATABASE] = connection
    yield
    connection.close()


async def transaction(request: web.Request) -> AsyncIterator[sqlite3.Connection]:
    connection = request.config_dict[DATABASE]
    connection.execute("BEGIN")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class NotLibrarian(PontyError):
    status_code = 403


class User(Field[str]):
    """Who asks, and must be a librarian if that is needed."""

    guard = True

    def __init__(self, *, librarian: bool = False) -> None:
        super().__init__(token=BearerToken())
        self._librarian = librarian

    def extract(self, request: web.Request, *, token: str) -> str:
        if token not in USERS:
            raise InvalidField("must be that of a user", status=401, headers={"WWW-Authenticate": "Bearer"})
        name, is_librarian = USERS[token]
        if self._librarian and not is_librarian:
            raise NotLibrarian(detail="only librarians may do this")
        return name


def told(row: sqlite3.Row) -> Book:
    return Book(row["id"], row["title"], row["genre"], row["pages"], row["reader"] is not None)


class WithBooks(Request):
    db = Scoped(transaction)


class OneBook(WithBooks):
    number = RouteParameter[int](Annotated[int, Annotation(minimum=0, maximum=2**63 - 1)])

    def found(self) -> sqlite3.Row:
        row: sqlite3.Row | None = self.db.execute("SELECT * FROM books WHERE id = ?", [self.number]).fetchone()
        if row is None:
            raise DoesNotExist(detail="there is no such book")
        return row


class ListBooks(WithBooks):
    genre = QueryParameter[list[Genre]](list[Genre], default=[])
    limit = QueryParameter[int](Annotated[int, Annotation(minimum=1, maximum=100)], default=20)


class AddBook(WithBooks):
    user = User(librarian=True)
    data = ParsedJsonBody(NewBook)


class ChangeBook(OneBook):
    user = User(librarian=True)
    data = ParsedJsonBody(Change)


class LendBook(OneBook):
    user = User()


class DropBook(OneBook):
    user = User(librarian=True)


books = Routes("/books")


@books.get("")
@expect(ListBooks, whole=True)
@render_json(list[Book])
async def list_books(r: ListBooks) -> list[Book]:
    found = [told(row) for row in r.db.execute("SELECT * FROM books ORDER BY id")]
    return [book for book in found if not r.genre or book.genre in r.genre][: r.limit]


@books.post("")
@expect(AddBook, whole=True)
@render_json(Book, status=201)
async def add_book(r: AddBook) -> Reply[Book]:
    insert = "INSERT INTO books (title, genre, pages) VALUES (?, ?, ?) RETURNING *"
    book = told(r.db.execute(insert, [r.data.title, r.data.genre, r.data.pages]).fetchone())
    return Reply(book, headers={"Location": f"/books/{book.id}"})


@books.get(f"/{OneBook.number}")
@expect(OneBook, whole=True)
@render_json(Book)
async def show_book(r: OneBook) -> Book:
    return told(r.found())


@books.patch(f"/{ChangeBook.number}")
@expect(ChangeBook, whole=True)
@render_json(Book)
async def change_book(r: ChangeBook) -> Book:
    before = r.found()
    title = before["title"] if r.data.title is UNSET else r.data.title
    pages = before["pages"] if r.data.pages is UNSET else r.data.pages
    r.db.execute("UPDATE books SET title = ?, pages = ? WHERE id = ?", [title, pages, r.number])
    return told(r.found())


@books.post(f"/{LendBook.number}/loan", raises=[Lent])
@expect(LendBook, whole=True)
@render_json(status=204)
async def lend_book(r: LendBook) -> None:
    reader = r.found()["reader"]
    r.db.execute("UPDATE books SET reader = ? WHERE id = ?", [r.user, r.number])
    if reader is not None:
        raise Lent(detail="somebody has it")


@books.delete(f"/{DropBook.number}")
@expect(DropBook, whole=True)
@render_json(status=204)
async def drop_book(r: DropBook) -> None:
    r.found()
    r.db.execute("DELETE FROM books WHERE id = ?", [r.number])


class ShowMe(Request):
    user = User()
    language = Header(key="Accept-Language", default="en")
    theme = Cookie(name="theme", default="light")


about = Routes()


@about.get("/me")
@expect(ShowMe, whole=True)
@render_json(dict[str, str])
async def show_me(r: ShowMe) -> dict[str, str]:
    return {"name": r.user, "language": r.language, "theme": r.theme}


@about.get("/catalogue.jsonl")
@expect(WithBooks)
@render_lines(Book)
async def export_catalogue(db: sqlite3.Connection) -> AsyncIterator[Book]:
    for row in db.execute("SELECT * FROM books ORDER BY id"):
        yield told(row)


def answer_error(request: web.Request, error: PontyError) -> web.Response:
    """Answer an error in the form that the clients know."""
    return json_response({"status_code": error.status_code, "detail": error.detail}, status=error.status_code)


def answer_invalid(request: web.Request, error: ValidationError) -> web.Response:
    """Answer an invalid request in the form that the clients know."""
    extra = [
        {"message": fault.detail, "source": fault.location}
        | {"key": fault.pointer[1:] if fault.location == "body" else fault.name}
        for fault in error.faults
    ]
    document = {"status_code": 400, "detail": f"Validation failed for {request.method} {request.path}", "extra": extra}
    return json_response(document, status=400)


if __name__ == "__main__":
    startmeup(
        port=8080,
        routes=[books, about],
        providers=[database],
        middlewares=[cors(["https://library.example"])],
        envelope=False,
        errors={DoesNotExist: answer_error, Lent: answer_error, NotLibrarian: answer_error},
        answer_invalid=answer_invalid,
    )
