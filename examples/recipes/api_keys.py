"""Access with API keys, of which the program stores only digests."""

import hashlib

from aiohttp import web

from ponty import ApiKey, Description, Field, InvalidField, Request, expect, get, render_json, startmeup

CALLERS = {"aa4a06182e4117e496cfce811bd4900a9e884b74578bfcbdfed7e3cdfef6622a": "ann"}  # a database in practice


class Caller(Field[str]):
    """The name of the caller that a key belongs to."""

    guard = True

    def __init__(self) -> None:
        super().__init__(key=ApiKey(header="X-Api-Key"))

    def extract(self, request: web.Request, *, key: str) -> str:
        name = CALLERS.get(hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest())
        if name is None:
            raise InvalidField("is not known", status=401, headers={"WWW-Authenticate": "ApiKey"})
        return name

    def describe(self) -> Description:
        return Description("header", "X-Api-Key")


class Private(Request):
    caller = Caller()


@get("/private")
@expect(Private)
@render_json(str)
async def private(caller: str) -> str:
    return caller


if __name__ == "__main__":
    startmeup(port=8080)
