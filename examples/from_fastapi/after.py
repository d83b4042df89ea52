"""The shop of `before.py` on Ponty: its clients need not know that it moved."""

import dataclasses
import os
import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Literal

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
    Provided,
    QueryParameter,
    Reply,
    Request,
    RouteParameter,
    Routes,
    Scoped,
    UnsetType,
    api_docs,
    cors,
    expect,
    json_response,
    render_csv,
    render_json,
    startmeup,
)

SCHEMA = """
CREATE TABLE users (token TEXT, name TEXT);
INSERT INTO users VALUES ('s3cret', 'ann');
CREATE TABLE mugs (id INTEGER PRIMARY KEY, colour TEXT, price TEXT, note TEXT, stock INTEGER, supplier TEXT);
INSERT INTO mugs VALUES (1, 'red', '7.50', NULL, 1, 'Smith'), (2, 'blue', '9.00', 'chipped', 5, 'Smith');
"""

Colour = Literal["red", "blue", "green"]
Price = Annotated[str, Annotation(pattern=r"^\d{1,6}\.\d\d$")]
Note = Annotated[str, Annotation(maxLength=20)]


@dataclasses.dataclass
class NewMug:
    colour: Colour
    price: Price
    note: Note | None = None


@dataclasses.dataclass
class Change:
    price: Price | UnsetType = UNSET
    note: Note | UnsetType | None = UNSET


@dataclasses.dataclass
class Mug:
    id: int
    colour: Colour
    price: Decimal
    note: str | None
    stock: int


@dataclasses.dataclass
class MugRow(Mug):
    supplier: str


class SoldOut(PontyError):
    status_code = 410


DATABASE = web.AppKey("DATABASE", sqlite3.Connection)


async def database(app: web.Application) -> AsyncIterator[None]:
    app[DATABASE] = connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
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


class CurrentUser(Field[str]):
    guard = True

    def extract(self, request: web.Request, *, token: str, store: sqlite3.Connection) -> str:
        for (name,) in store.execute("SELECT name FROM users WHERE token = ?", [token]):
            return str(name)
        raise InvalidField("must be that of a user", status=401, headers={"WWW-Authenticate": "Bearer"})


class OfUser(Request):
    user = CurrentUser(token=BearerToken(), store=Provided(DATABASE))


class OneMug(Request):
    number = RouteParameter[int](Annotated[int, Annotation(minimum=1, maximum=1_000_000)])
    db = Scoped(transaction)


class OneMugOfUser(OfUser, OneMug):
    pass


mugs = Routes("/mugs", tags=["mugs"])


def find(db: sqlite3.Connection, number: int) -> MugRow:
    for number_, colour, price, note, stock, supplier in db.execute("SELECT * FROM mugs WHERE id = ?", [number]):
        return MugRow(number_, colour, Decimal(price), note, stock, supplier)
    raise DoesNotExist(detail="there is no such mug")


class ListMugs(Request):
    db = Scoped(transaction)
    colour = QueryParameter[list[Colour]](list[Colour], default=[])
    limit = QueryParameter[int](Annotated[int, Annotation(minimum=1, maximum=100)], default=20)


@mugs.get("")
@expect(ListMugs, whole=True)
@render_json(list[Mug])
async def list_mugs(r: ListMugs) -> list[Mug]:
    found: list[Mug] = [find(r.db, number) for (number,) in r.db.execute("SELECT id FROM mugs ORDER BY id")]
    return [mug for mug in found if not r.colour or mug.colour in r.colour][: r.limit]


class AddMug(OfUser):
    mug = ParsedJsonBody(NewMug)
    db = Scoped(transaction)


@mugs.post("")
@expect(AddMug, whole=True)
@render_json(Mug, status=201)
async def add_mug(r: AddMug) -> Reply[Mug]:
    insert = "INSERT INTO mugs (colour, price, note, stock, supplier) VALUES (?, ?, ?, 0, ?)"
    number = r.db.execute(insert, [r.mug.colour, r.mug.price, r.mug.note, r.user]).lastrowid or 0
    return Reply(find(r.db, number), headers={"Location": f"/mugs/{number}"})


@mugs.get(f"/{OneMug.number}")
@expect(OneMug, whole=True)
@render_json(Mug)
async def show_mug(r: OneMug) -> Mug:
    return find(r.db, r.number)


class ChangeMug(OneMugOfUser):
    change = ParsedJsonBody(Change)


@mugs.patch(f"/{ChangeMug.number}")
@expect(ChangeMug, whole=True)
@render_json(Mug)
async def change_mug(r: ChangeMug) -> Mug:
    before = find(r.db, r.number)
    price = before.price if r.change.price is UNSET else Decimal(r.change.price)
    note = before.note if r.change.note is UNSET else r.change.note
    after = dataclasses.replace(before, price=price, note=note)
    r.db.execute("UPDATE mugs SET price = ?, note = ? WHERE id = ?", [str(after.price), after.note, after.id])
    return after


@mugs.post(f"/{OneMugOfUser.number}/sale", raises=[SoldOut])
@expect(OneMugOfUser, whole=True)
@render_json(status=204)
async def sell_mug(r: OneMugOfUser) -> None:
    r.db.execute("UPDATE mugs SET stock = stock - 1 WHERE id = ?", [r.number])
    if find(r.db, r.number).stock < 0:
        raise SoldOut(detail="the last one is gone")


@mugs.delete(f"/{OneMugOfUser.number}")
@expect(OneMugOfUser, whole=True)
@render_json(status=204)
async def drop_mug(r: OneMugOfUser) -> None:
    find(r.db, r.number)
    r.db.execute("DELETE FROM mugs WHERE id = ?", [r.number])


about = Routes(tags=["about"])


class ShowMe(OfUser):
    accept_language = Header(key="Accept-Language", default="en")
    theme = Cookie(name="theme", default="light")


@about.get("/me")
@expect(ShowMe, whole=True)
@render_json(dict[str, str])
async def show_me(r: ShowMe) -> dict[str, str]:
    return {"name": r.user, "language": r.accept_language, "theme": r.theme}


class ExportStock(Request):
    db = Provided(DATABASE)


@about.get("/stock.csv")
@expect(ExportStock)
@render_csv(columns=["id", "stock"])
async def export_stock(db: sqlite3.Connection) -> AsyncIterator[tuple[int, int]]:
    for row in db.execute("SELECT id, stock FROM mugs"):
        yield row


def detail(request: web.Request, error: PontyError) -> web.Response:
    """Answer an error in the form that the clients know from FastAPI."""
    return json_response({"detail": error.detail}, status=error.status_code)


if __name__ == "__main__":
    startmeup(
        port=8080,
        routes=[mugs, about, api_docs(mugs, about, title="Shop", version="1.0.0", envelope=False, answer_invalid=422)],
        providers=[database],
        middlewares=[cors(os.environ.get("ORIGINS", "https://shop.example").split())],
        envelope=False,
        errors={DoesNotExist: detail, SoldOut: detail},
        answer_invalid=422,
    )
