"""Admission: what a middleware does between the guards of a request and its body.

A middleware runs before the handler, and so before the guards of the handler (fields that say who the client is). What
may only be done for a client that they let in, such as reading the body, is left to the handler: the middleware puts an
`Admission` into the request, and who reads the fields calls it when the guards are passed.
"""

from typing import Protocol

from aiohttp import web


class Admission(Protocol):
    """What a middleware wants to know of the request on its way to the handler."""

    refused: bool
    """Set where reading the fields of the request fails, so that its handler is not called. What fields refuse in their
    own words is an error with the attribute `__ponty_refuses__`."""

    async def admitted(self, request: web.Request) -> web.StreamResponse | None:
        """Do what was put off until the guards are passed.

        Args:
            request: The request, of whose body nothing is read yet.

        Returns:
            An answer in place of the handler's; None where the request goes on to it.
        """
        ...


ADMISSION: web.RequestKey[Admission] = web.RequestKey("ponty.core.admission", Admission)
"""Where a middleware leaves its `Admission` for the handler that it stands around. Handlers with guards have the
attribute `__ponty_admits__`; for others, the middleware does it itself, before it calls them."""
