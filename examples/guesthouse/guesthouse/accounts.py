"""Accounts, and the guard that knows them by their tokens."""

import dataclasses
import hashlib
import secrets
import sqlite3
from typing import Annotated

from aiohttp import web

from guesthouse.database import DATABASE, Database, Transaction, transaction
from guesthouse.model import NameTaken
from ponty import (
    Annotation,
    BearerToken,
    Field,
    InvalidField,
    ParsedJsonBody,
    Provided,
    Request,
    Routes,
    Scoped,
    expect,
    render_json,
)

routes = Routes("/accounts", tags=["accounts"])


@dataclasses.dataclass(frozen=True)
class User:
    id: int
    name: str


class CurrentUser(Field[User]):
    """Whose token it is."""

    guard = True

    async def extract(self, request: web.Request, *, token: str, store: Database) -> User:
        query = "SELECT id, name FROM accounts WHERE token_hash = ?"
        async with store.reader.execute(query, [hashed(token)]) as cursor:
            row = await cursor.fetchone()
        if row is None:
            challenge = 'Bearer error="invalid_token"'
            raise InvalidField("must be that of an account", status=401, headers={"WWW-Authenticate": challenge})
        return User(*row)


class OfUser(Request):
    """A request of somebody whom the house knows."""

    user = CurrentUser(token=BearerToken(), store=Provided(DATABASE))


@dataclasses.dataclass(frozen=True)
class NewAccount:
    name: Annotated[str, Annotation(pattern="^[a-z][a-z0-9-]{0,39}$")]


@dataclasses.dataclass(frozen=True)
class Account(NewAccount):
    token: str


class OpenAccount(Request):
    account = ParsedJsonBody(NewAccount)
    tx = Scoped(transaction)


@routes.post("", raises=[NameTaken])
@expect(OpenAccount)
@render_json(Account, status=201)
async def open_account(account: NewAccount, tx: Transaction) -> Account:
    """Open an account; its token is told this once."""
    token = secrets.token_urlsafe(32)
    try:
        await tx.connection.execute(
            "INSERT INTO accounts (name, token_hash) VALUES (?, ?)", [account.name, hashed(token)]
        )
    except sqlite3.IntegrityError as error:
        raise NameTaken from error
    return Account(account.name, token)


def hashed(token: str) -> str:
    """Hash a token: it is random and long, so a fast hash will do."""
    return hashlib.sha256(token.encode()).hexdigest()
