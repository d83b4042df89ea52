"""Mugs for who has a JWT with the right for it."""

import dataclasses

import jwt
from aiohttp import web

from ponty import BearerToken, Field, InvalidField, Request, Routes, expect, render_json, startmeup

KEY = "a key of at least thirty-two bytes"  # from the settings


@dataclasses.dataclass(frozen=True)
class User:
    name: str
    rights: frozenset[str]


class CurrentUser(Field[User]):
    """Who a token was given to."""

    guard = True

    def __init__(self, right: str) -> None:
        super().__init__(token=BearerToken())
        self._right = right

    def extract(self, request: web.Request, *, token: str) -> User:
        try:
            claims = jwt.decode(
                token,
                KEY,
                algorithms=["HS256"],
                audience="mugs",
                issuer="https://login.example",
                options={"require": ["exp", "sub"]},
            )
        except jwt.InvalidTokenError:
            challenge = 'Bearer error="invalid_token"'
            raise InvalidField("must be a good token", status=401, headers={"WWW-Authenticate": challenge}) from None
        user = User(claims["sub"], frozenset(claims.get("scope", "").split()))
        if self._right not in user.rights:
            challenge = f'Bearer error="insufficient_scope", scope="{self._right}"'
            raise InvalidField("must have the right", status=403, headers={"WWW-Authenticate": challenge})
        return user


class ReadMugs(Request):
    user = CurrentUser("mugs:read")


class WriteMugs(Request):
    user = CurrentUser("mugs:write")


mugs = Routes("/mugs")


@mugs.get("")
@expect(ReadMugs)
@render_json(str)
async def read_mugs(user: User) -> str:
    return user.name


@mugs.post("")
@expect(WriteMugs)
@render_json(status=204)
async def write_mugs(user: User) -> None:
    pass


if __name__ == "__main__":
    startmeup(port=8080, routes=[mugs])
