"""The most bytes that a request's body may have: that of its route, or else of its application.

aiohttp has the limit in the request itself, and holds it whenever it reads. Where a body is known to be within both
limits, the request stays as it is; that is nearly always. Only a body of unknown size, or one that the application's
limit would not let in, is read by way of a clone that has the limit of the route.
"""

import functools

from aiohttp import hdrs, web

from ponty.core.routing.route import Handler
from ponty.core.wire.announced_bodies import MAX_SIZE_ATTRIBUTE


def mark_limit(handler: Handler, max_size: int | None) -> Handler:
    """Have `body_limit` find the limit of a mounted handler."""
    if max_size is not None:
        setattr(handler, MAX_SIZE_ATTRIBUTE, max_size)
    return handler


def limited(handler: Handler, max_size: int) -> Handler:
    """Put around `handler` what gives each request the limit of its route.

    Raises:
        HTTPRequestEntityTooLarge: From the handler that is returned, where the size is known and too large.
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
