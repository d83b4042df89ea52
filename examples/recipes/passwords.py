"""Things for who has a name and a password, which the program knows by a slow hash of it."""

import asyncio
import hashlib
import hmac

from aiohttp import web

from ponty import (
    BasicCredentials,
    Credentials,
    Field,
    InvalidField,
    Request,
    expect,
    get,
    render_json,
    startmeup,
)

USERS = {  # salt and hash, in a database
    "ann": (
        "8f14e45fceea167a5a36dedd4bea2543",
        "557b96aa5873a9b1cb1664cd9bb8a00d0a1243634b3a838bbe0e51e0eb250620",
    )
}
NOBODY = ("00000000000000000000000000000000", "")


def matches(password: str, salt: str, hashed: str) -> bool:
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32)
    return hmac.compare_digest(found.hex(), hashed)


class Admin(Field[str]):
    """Who asks."""

    guard = True

    def __init__(self) -> None:
        super().__init__(credentials=BasicCredentials(realm="admin"))

    async def extract(self, request: web.Request, *, credentials: Credentials) -> str:
        # An unknown name takes as long as a known one; a thread, since the hash is meant to take long.
        salt, hashed = USERS.get(credentials.username, NOBODY)
        if not await asyncio.to_thread(matches, credentials.password, salt, hashed):
            raise InvalidField("is wrong", status=401, headers={"WWW-Authenticate": 'Basic realm="admin"'})
        return credentials.username


class Administer(Request):
    admin = Admin()


@get("/admin")
@expect(Administer)
@render_json(str)
async def administer(admin: str) -> str:
    return admin


if __name__ == "__main__":
    startmeup(port=8080)
