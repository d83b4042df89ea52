"""The limit for the body of a request: that of its route, or otherwise of its application.

aiohttp keeps the limit in the request, and checks it whenever it reads the body. If a body is known to be within both
limits, which is the usual case, the request is used as it is. A body of unknown size, or one that is larger than the
application's limit, is read from a clone of the request, which has the limit of the route.
"""

import functools

from aiohttp import hdrs, web

from ponty.core.routing.route import Handler
from ponty.core.wire.announced_bodies import MAX_SIZE_ATTRIBUTE


def mark_limit(handler: Handler, max_size: int | None) -> Handler:
    """Note the limit of a route in its mounted handler, where `body_limit` finds it."""
    if max_size is not None:
        setattr(handler, MAX_SIZE_ATTRIBUTE, max_size)
    return handler


def limited(handler: Handler, max_size: int) -> Handler:
    """Return a handler that calls `handler` with the limit of its route.

    Raises:
        HTTPRequestEntityTooLarge: Raised by the returned handler, if the size is known and too large.
    """

    async def within_limit(request: web.Request) -> web.StreamResponse:
        content = request.content
        if content.is_eof():
            size: int | None = content.total_bytes
        elif hdrs.CONTENT_ENCODING in request.headers:
            size = None
        else:
            size = request.content_length
        if size is not None and size > max_size:
            raise web.HTTPRequestEntityTooLarge(max_size, size)
        if size is None or 0 < request.client_max_size < size:
            request = request.clone(client_max_size=max_size)
        return await handler(request)

    return functools.update_wrapper(within_limit, handler)
