"""`trusted_proxies`: the address, scheme and host of a client behind a proxy.

A client can write any address into a header. So the header is only read if the connection comes from a named proxy, and
only the elements that named proxies have written are used: they are read from the right, as long as they are addresses
of named proxies. The first other address is that of the client.
"""

import logging
from collections.abc import Iterator
from typing import Any, Literal

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ponty.core.errors.problems import problem
from ponty.core.logs.access_log import CLIENT_ADDRESS, addresses_told
from ponty.core.operations.addresses import TrustedPeers
from ponty.core.operations.forwarding import Hop, MalformedForwarded, read_forwarded, read_x_forwarded
from ponty.core.wire.server_state import SERVER_STATE, TRUSTS_ATTRIBUTE

logger: logging.Logger = logging.getLogger("ponty.core")

_LIMIT = "connections_per_client"


def trusted_proxies(
    *proxies: str, header: Literal["X-Forwarded-For", "Forwarded"] = "X-Forwarded-For", hops: int | None = None
) -> Middleware:
    """Make a middleware that reads the client's address, scheme and host from a header of your proxies.

    ::

        app = build_app(middlewares=[trusted_proxies("127.0.0.1", "10.0.0.0/8")])

    Handlers, and the middlewares after this one, find the client's address in `request.remote`, and the rest in
    `request.scheme`, `request.secure` and `request.host`. The access log has this address too. List this middleware
    first. `Limits.connections_per_client`, if set, limits the requests of a client that are handled at once through
    these proxies; further ones are answered with a 503.

    Args:
        *proxies: The addresses and networks of your proxies; `"unix"` for connections over a Unix socket.
        header: The header that your proxies write: `X-Forwarded-For`, together with `X-Forwarded-Proto` and
            `X-Forwarded-Host`, or `Forwarded` (RFC 7239). Only one of them is read, since most proxies pass the other
            one on unchanged.
        hops: The most proxies that a request passes through; None for any number of the named ones. Set it if clients
            may connect from the networks of the proxies.

    Raises:
        ValueError: There is no proxy, one of them is not an address or network, `header` is unknown, or `hops` is not a
            whole number of at least 1.
    """
    if not proxies:
        raise ValueError("trusted_proxies: name the addresses of your proxies, such as trusted_proxies('127.0.0.1')")
    trusted = TrustedPeers("trusted_proxies", proxies)
    if header not in {"X-Forwarded-For", "Forwarded"}:
        raise ValueError(f"trusted_proxies: header must be 'X-Forwarded-For' or 'Forwarded', not {header!r}")
    if hops is not None and (isinstance(hops, bool) or not isinstance(hops, int) or hops < 1):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"trusted_proxies: hops must be a whole number of at least 1, not {hops!r}")

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not trusted.has_sent(request):
            return await handler(request)
        try:
            client = _client(_hops(request, header), trusted, hops)
        except MalformedForwarded:
            return problem(400, detail="the header Forwarded is malformed")
        if client is None:
            return await handler(request)
        remote = None if client.address is None else str(client.address)
        told = {"remote": remote, "scheme": client.scheme, "host": client.host}
        changed: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
        seen = request.clone(**changed)
        counts = remote is not None and CLIENT_ADDRESS not in request
        if remote is not None:
            request[CLIENT_ADDRESS] = seen[CLIENT_ADDRESS] = remote
        try:
            return await (_in_share(remote, seen, handler) if counts else handler(seen))
        finally:
            # The access log reads the notes from this request, but handlers have put them into the clone.
            request.update(seen)  # pyright: ignore[reportCallIssue, reportArgumentType]  # a request is a mapping

    vars(middleware)[TRUSTS_ATTRIBUTE] = trusted.are_behind
    if not addresses_told:
        addresses_told.append(trusted_proxies)
    return middleware


async def _in_share(client: str | None, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Handle a request of `client`, or refuse it if the client has too many at once."""
    state = request.config_dict.get(SERVER_STATE)
    if state is None:
        return await handler(request)
    if not state.has_room(client):
        state.refusals[_LIMIT] += 1
        logger.info("a client was refused: %s", _LIMIT)
        return problem(503, headers={hdrs.RETRY_AFTER: "1"})
    state.enter(client)
    try:
        return await handler(request)
    finally:
        state.leave(client)


def _hops(request: web.Request, header: str) -> Iterator[Hop]:
    headers = request.headers
    if header == "Forwarded":
        return read_forwarded(headers.getall("Forwarded", ()))
    return read_x_forwarded(
        headers.getall("X-Forwarded-For", ()),
        headers.getall("X-Forwarded-Proto", ()),
        headers.getall("X-Forwarded-Host", ()),
    )


def _client(hops: Iterator[Hop], trusted: TrustedPeers, most: int | None) -> Hop | None:
    """Return the hop between the client and the first proxy, or the last known one on the way to the client.

    The scheme and host are those from the outermost trusted proxy.
    """
    client: Hop | None = None
    for count, hop in enumerate(hops, 1):
        if hop.address is None:
            return client or hop
        client = hop
        if hop.address not in trusted or count == most:
            return client
    return client
