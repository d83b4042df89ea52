"""Mugs in SQLAlchemy: an engine for the application, a session for each request."""

import dataclasses
import os
from collections.abc import AsyncIterator
from typing import Annotated

from aiohttp import web
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ponty import (
    Annotation,
    DoesNotExist,
    ParsedJsonBody,
    PontyError,
    Reply,
    Request,
    RouteParameter,
    Routes,
    Scoped,
    expect,
    render_json,
    startmeup,
)


class Base(DeclarativeBase):
    pass


class MugRow(Base):
    __tablename__ = "mugs"

    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str] = mapped_column(unique=True)
    supplier: Mapped[str] = mapped_column(default="Smith")


SESSIONS = web.AppKey("SESSIONS", async_sessionmaker[AsyncSession])


async def database(app: web.Application) -> AsyncIterator[None]:
    engine = create_async_engine(os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///:memory:"))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    app[SESSIONS] = async_sessionmaker(engine, expire_on_commit=False)
    try:
        yield
    finally:
        await engine.dispose()


async def session(request: web.Request) -> AsyncIterator[AsyncSession]:
    async with request.config_dict[SESSIONS].begin() as session:
        yield session


@dataclasses.dataclass
class NewMug:
    colour: Annotated[str, Annotation(minLength=1, maxLength=40)]


@dataclasses.dataclass
class Mug(NewMug):
    id: int


class ColourTaken(PontyError):
    status_code = 409


class AddMug(Request):
    mug = ParsedJsonBody(NewMug)
    db = Scoped(session)


mugs = Routes("/mugs")


@mugs.post("", raises=[ColourTaken])
@expect(AddMug, whole=True)
@render_json(Mug, status=201)
async def add_mug(r: AddMug) -> Reply[Mug]:
    row = MugRow(colour=r.mug.colour)
    r.db.add(row)
    try:
        await r.db.flush()  # to get the number, or a conflict, now
    except IntegrityError as error:
        raise ColourTaken from error
    return Reply(Mug(row.colour, row.id), headers={"Location": f"/mugs/{row.id}"})


class OneMug(Request):
    number = RouteParameter[int](Annotated[int, Annotation(minimum=1, maximum=2**63 - 1)])
    db = Scoped(session)


@mugs.get(f"/{OneMug.number}")
@expect(OneMug, whole=True)
@render_json(Mug)
async def show_mug(r: OneMug) -> Mug:
    row = await r.db.get(MugRow, r.number)
    if row is None:
        raise DoesNotExist
    return Mug(row.colour, row.id)


if __name__ == "__main__":
    startmeup(port=8080, routes=[mugs], providers=[database])
