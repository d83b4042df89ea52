"""The spools of uploads, which a request holds until it ends."""

import asyncio

from aiohttp import web

from ponty.request.forms.spool import Spool

_HELD: web.RequestKey[list[Spool]] = web.RequestKey("ponty.request.held", list)


def hold(request: web.Request) -> Spool:
    """Make a spool that is closed when `request` ends."""
    spool = Spool()
    if _HELD not in request:
        request[_HELD] = []
    request[_HELD].append(spool)
    return spool


async def release(request: web.Request) -> None:
    """Close everything that `request` holds."""
    # All closings begin before the first wait, so that a cancellation leaves nothing open.
    closing = [closed for spool in request.get(_HELD, ()) if (closed := spool.close()) is not None]
    if closing:
        await asyncio.wait(closing)
