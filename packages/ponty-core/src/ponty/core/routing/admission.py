"""Admission: code of a middleware that runs after the guards of a request, and before its body is read.

A middleware runs before the handler, and so before the guards of the handler (fields that say who the client is). Some
work, such as reading the body, must only be done for a client that the guards admit. So the middleware puts an
`Admission` into the request, and the code that reads the fields calls it after the guards.
"""

from typing import Protocol

from aiohttp import web


class Admission(Protocol):
    """The object by which a middleware follows a request on its way to the handler.

    Use it in a middleware that must wait until the guards have admitted the client.
    """

    refused: bool
    """Whether reading the fields of the request has failed, so that its handler is not called. An error by which fields
    refuse a request has the attribute `__ponty_refuses__`."""

    async def admitted(self, request: web.Request) -> web.StreamResponse | None:
        """Do the work that was put off until the guards have admitted the client.

        Args:
            request: The request; no part of its body is read yet.

        Returns:
            An answer instead of the handler's; None if the handler is called.
        """
        ...


ADMISSION: web.RequestKey[Admission] = web.RequestKey("ponty.core.admission", Admission)
"""The key of a request under which a middleware puts its `Admission` for the handler.

Handlers with guards have the attribute `__ponty_admits__`. For other handlers, the middleware calls `admitted` itself,
before it calls them."""
