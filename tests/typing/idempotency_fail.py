"""What is no store, no scope or no key is refused."""

from aiohttp import web

from ponty import idempotent, post
from ponty.memo import LocalRecords, localcache

idempotent(localcache())  # E
idempotent(LocalRecords)  # E
idempotent(LocalRecords(), after_crash="maybe")  # E
idempotent(LocalRecords(), required="yes")  # E
idempotent(LocalRecords(), scope="user")  # E


def number(request: web.Request) -> int:
    return 1


idempotent(LocalRecords(), scope=number)  # E
post("/payments", middlewares=idempotent(LocalRecords()))  # E
