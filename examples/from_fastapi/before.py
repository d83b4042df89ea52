"""A small shop on FastAPI. `after.py` is the same shop on Ponty, and answers the same."""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, HTTPException, Path, Query, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict, Field

SCHEMA = """
CREATE TABLE users (token TEXT, name TEXT);
INSERT INTO users VALUES ('s3cret', 'ann');
CREATE TABLE mugs (id INTEGER PRIMARY KEY, colour TEXT, price TEXT, note TEXT, stock INTEGER, supplier TEXT);
INSERT INTO mugs VALUES (1, 'red', '7.50', NULL, 1, 'Smith'), (2, 'blue', '9.00', 'chipped', 5, 'Smith');
"""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Colour = Literal["red", "blue", "green"]


class NewMug(Strict):
    colour: Colour
    price: Annotated[str, Field(pattern=r"^\d{1,6}\.\d\d$")]
    note: Annotated[str, Field(max_length=20)] | None = None


class Change(Strict):
    price: Annotated[str, Field(pattern=r"^\d{1,6}\.\d\d$")] = ""
    note: Annotated[str, Field(max_length=20)] | None = None


class Mug(BaseModel):
    id: int
    colour: Colour
    price: Decimal
    note: str | None
    stock: int


class SoldOut(Exception):
    pass


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(SCHEMA)
    connection.row_factory = sqlite3.Row
    app.state.database = connection
    yield
    connection.close()


def database(request: Request) -> Iterator[sqlite3.Connection]:
    connection: sqlite3.Connection = request.app.state.database
    connection.execute("BEGIN")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


# The scope has the transaction end before the answer is sent; without it, a client could ask again before the COMMIT.
Database = Annotated[sqlite3.Connection, Depends(database, scope="function")]
bearer = OAuth2PasswordBearer(tokenUrl="token")


def current_user(token: Annotated[str, Depends(bearer)], db: Database) -> str:
    found = db.execute("SELECT name FROM users WHERE token = ?", [token]).fetchone()
    if found is None:
        raise HTTPException(401, "the token must be that of a user", headers={"WWW-Authenticate": "Bearer"})
    return str(found["name"])


User = Annotated[str, Depends(current_user, scope="function")]
Id = Annotated[int, Path(ge=1, le=1_000_000)]

router = APIRouter(prefix="/mugs", tags=["mugs"])


def find(db: sqlite3.Connection, number: int) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute("SELECT * FROM mugs WHERE id = ?", [number]).fetchone()
    if row is None:
        raise HTTPException(404, "there is no such mug")
    return row


@router.get("", response_model=list[Mug])
def list_mugs(
    db: Database,
    colour: Annotated[list[Colour], Query(default_factory=list)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[dict[str, object]]:
    rows = [dict(row) for row in db.execute("SELECT * FROM mugs ORDER BY id")]
    return [row for row in rows if not colour or row["colour"] in colour][:limit]


@router.post("", response_model=Mug, status_code=201)
def add_mug(user: User, mug: NewMug, db: Database, response: Response) -> dict[str, object]:
    insert = "INSERT INTO mugs (colour, price, note, stock, supplier) VALUES (?, ?, ?, 0, ?)"
    number = db.execute(insert, [mug.colour, mug.price, mug.note, user]).lastrowid or 0
    response.headers["Location"] = f"/mugs/{number}"
    return dict(find(db, number))


@router.get("/{number}", response_model=Mug)
def show_mug(number: Id, db: Database) -> dict[str, object]:
    return dict(find(db, number))


@router.patch("/{number}", response_model=Mug)
def change_mug(user: User, number: Id, change: Change, db: Database) -> dict[str, object]:
    before = dict(find(db, number))
    after = before | change.model_dump(exclude_unset=True)
    db.execute("UPDATE mugs SET price = :price, note = :note WHERE id = :id", after)
    return after


@router.post("/{number}/sale", status_code=204)
def sell_mug(user: User, number: Id, db: Database) -> None:
    db.execute("UPDATE mugs SET stock = stock - 1 WHERE id = ?", [number])
    if find(db, number)["stock"] < 0:
        raise SoldOut


@router.delete("/{number}", status_code=204)
def drop_mug(user: User, number: Id, db: Database) -> None:
    find(db, number)
    db.execute("DELETE FROM mugs WHERE id = ?", [number])


about = APIRouter(tags=["about"])


@about.get("/me")
def show_me(
    user: User, accept_language: Annotated[str, Header()] = "en", theme: Annotated[str, Cookie()] = "light"
) -> dict[str, str]:
    return {"name": user, "language": accept_language, "theme": theme}


@about.get("/stock.csv")
def export_stock(db: Database) -> StreamingResponse:
    lines = ["id,stock\r\n", *(f"{row['id']},{row['stock']}\r\n" for row in db.execute("SELECT * FROM mugs"))]
    return StreamingResponse(iter(lines), media_type="text/csv")


def answer_sold_out(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "the last one is gone"}, status_code=410)


app = FastAPI(lifespan=lifespan)
app.include_router(router)
app.include_router(about)
app.add_exception_handler(SoldOut, answer_sold_out)
app.add_middleware(
    CORSMiddleware,
    allow_origins=os.environ.get("ORIGINS", "https://shop.example").split(),
    allow_methods=["*"],
    allow_headers=["Authorization", "Content-Type"],
)
