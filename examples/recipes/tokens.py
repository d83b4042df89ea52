"""Things for who has a token with the right for them."""

import hashlib

from aiohttp import web

from ponty import BearerToken, Field, InvalidField, Request, expect, get, post, render_json, startmeup


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


RIGHTS = {digest("reader"): {"read"}, digest("writer"): {"read", "write"}}  # in a database


class Right(Field[str]):
    """The name of a right, which the token must have."""

    guard = True

    def __init__(self, name: str) -> None:
        super().__init__(token=BearerToken())
        self._name = name

    async def extract(self, request: web.Request, *, token: str) -> str:
        rights = RIGHTS.get(digest(token))
        if rights is None:
            raise InvalidField("is not known", status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if self._name not in rights:
            challenge = 'Bearer error="insufficient_scope"'
            raise InvalidField("does not have the right", status=403, headers={"WWW-Authenticate": challenge})
        return self._name


class Read(Request):
    right = Right("read")


class Write(Request):
    right = Right("write")


@get("/mugs")
@expect(Read)
@render_json(str)
async def read(right: str) -> str:
    return right


@post("/mugs")
@expect(Write)
@render_json(str)
async def write(right: str) -> str:
    return right


if __name__ == "__main__":
    startmeup(port=8080)
