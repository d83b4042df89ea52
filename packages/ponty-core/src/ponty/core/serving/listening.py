"""Listening: the sockets on which a server accepts connections."""

import asyncio
import contextlib
import os
import socket
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence

import msgspec

BACKLOG = 1024
"""The most connections that may wait to be accepted; the kernel may allow fewer."""

HANDSHAKE_SECONDS = 15.0
"""The most seconds of a TLS handshake."""

TLS_CLOSE_SECONDS = 2.0
"""Seconds that a client has to confirm the end of a TLS connection."""

_TRIES = 20
_TAKEN = "cannot listen on {} at port {}: {}"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The address of a server: one of `port`, `path` and `socks`."""

    port: int | None = None
    host: str | None = None
    path: str | os.PathLike[str] | None = None
    socks: tuple[socket.socket, ...] = ()
    ssl_context: ssl.SSLContext | None = None
    reuse_port: bool | None = None


class Listening:
    """The sockets of a server, open from `open` to `close`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._servers: list[asyncio.Server] = []
        self._path: tuple[str, int] | None = None

    async def open(self, factory: Callable[[], asyncio.Protocol]) -> None:
        """Accept connections.

        Args:
            factory: Makes the protocol for each connection.

        Raises:
            OSError: The server cannot listen on the address.
        """
        place, loop = self._place, asyncio.get_running_loop()
        tls = place.ssl_context
        handshake, farewell = (HANDSHAKE_SECONDS, TLS_CLOSE_SECONDS) if tls else (None, None)
        if place.path is not None:
            path = os.fspath(place.path)
            server = await loop.create_unix_server(
                factory,
                path,
                ssl=tls,
                backlog=BACKLOG,
                ssl_handshake_timeout=handshake,
                ssl_shutdown_timeout=farewell,
                start_serving=False,
            )
            self._servers = [server]
            self._path = (path, os.stat(path).st_ino)  # noqa: PTH116 - it was made a moment ago
        else:
            for each in place.socks or await self._bound():
                server = await loop.create_server(
                    factory,
                    sock=each,
                    ssl=tls,
                    backlog=BACKLOG,
                    ssl_handshake_timeout=handshake,
                    ssl_shutdown_timeout=farewell,
                    start_serving=False,
                )
                self._servers.append(server)
        # Nothing above waits after a socket was made, so `close` has all of them if this is cancelled.
        for server in self._servers:
            await server.start_serving()

    def close(self) -> None:
        """Stop accepting connections, and remove the Unix socket."""
        for server in self._servers:
            server.close()
        if self._path is not None:
            path, number = self._path
            # Another server may have taken its place.
            with contextlib.suppress(FileNotFoundError):
                if os.stat(path).st_ino == number:  # noqa: PTH116
                    os.unlink(path)  # noqa: PTH108

    def sockets(self) -> list[socket.socket]:
        """Return the sockets that accept connections."""
        # asyncio wraps its sockets. A duplicate can be handed to another process, and is closed by its owner.
        return [socket.socket(fileno=os.dup(each.fileno())) for server in self._servers for each in server.sockets]

    def addresses(self) -> Iterator[str]:
        """Yield the URLs at which clients find the server."""
        scheme = "https" if self._place.ssl_context else "http"
        for server in self._servers:
            for each in server.sockets:
                address = each.getsockname()
                if isinstance(address, tuple):
                    host, port = address[0], address[1]
                    yield f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
                else:
                    yield f"{scheme}+unix://{address}"

    async def _bound(self) -> list[socket.socket]:
        """Bind a socket to each address of the host, all at the same port."""
        place, loop = self._place, asyncio.get_running_loop()
        infos = await loop.getaddrinfo(place.host or None, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in infos))
        tries = _TRIES if place.port == 0 and len(addresses) > 1 else 1
        while True:
            tries -= 1
            try:
                return _bind_all(addresses, place)
            except OSError:
                if not tries:
                    raise


def _bind_all(addresses: Sequence[tuple[int, tuple[object, ...]]], place: Place) -> list[socket.socket]:
    port = place.port
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in addresses:
            try:
                each = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:  # a machine without IPv6 may list its addresses
                missing = error
                continue
            sockets.append(each)
            _set_up(each, family, reuse_port=bool(place.reuse_port))
            here = (address[0], port, *address[2:])
            try:
                each.bind(here)
            except OSError as error:
                raise OSError(error.errno, _TAKEN.format(*here[:2], (error.strerror or "").lower())) from None
            port = each.getsockname()[1]
    except BaseException:
        for each in sockets:
            each.close()
        raise
    if not sockets:
        raise missing or OSError(f"the host {place.host!r} has no address to listen on")
    return sockets


def _set_up(each: socket.socket, family: int, *, reuse_port: bool) -> None:
    if os.name == "posix" and sys.platform != "cygwin":
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
