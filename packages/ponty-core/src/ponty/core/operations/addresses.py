"""Addresses: the peers that a program trusts, by addresses and networks."""

import asyncio
import functools
import ipaddress
from collections.abc import Iterable

from aiohttp import web

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

UNIX = "unix"
"""The name for all peers on a Unix socket, which have no address."""


class TrustedPeers:
    """A set of trusted addresses.

    Args:
        user: The name of the function that takes them, for errors.
        named: Addresses and networks (`10.0.0.0/8`, `::1`), and `UNIX`.

    Raises:
        ValueError: One of them is not valid, or a network has bits set after its prefix.
        TypeError: `named` is a text, not a list.
    """

    def __init__(self, user: str, named: Iterable[str]) -> None:
        if isinstance(named, str):
            raise TypeError(f"{user} takes a list of addresses and networks, such as [{named!r}]")
        listed = tuple(named)
        self._has_unix = UNIX in listed
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for name in listed:
            if name == UNIX:
                continue
            try:
                self._networks.append(ipaddress.ip_network(name))
            except ValueError as error:
                raise ValueError(f"{user}: {name!r} is not an address, network or {UNIX!r}: {error}") from None

        self.are_any: bool = bool(listed)
        """Whether any peer is trusted."""
        self._has = functools.lru_cache(maxsize=1024)(self._has_text)

    def __contains__(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)

    def has_sent(self, request: web.BaseRequest) -> bool:
        """Return whether the other end of the connection of `request` is trusted."""
        return self.are_behind(request.transport)

    def are_behind(self, transport: asyncio.BaseTransport | None) -> bool:
        """Return whether the other end of a connection is trusted."""
        peer = peer_of(transport)
        if not peer:
            return self._has_unix and peer is not None
        return self._has(peer)

    def _has_text(self, peer: str) -> bool:
        return parse_address(peer) in self


def peer_of(transport: asyncio.BaseTransport | None) -> str | None:
    """Return the address at the other end of a connection: empty for a Unix socket, None if it is closed."""
    name = None if transport is None else transport.get_extra_info("peername")
    if name is None:
        return None
    return str(name[0]) if isinstance(name, tuple | list) and name else ""


def parse_address(text: str) -> Address | None:
    """Read an address; return None if it is not valid. An IPv4-mapped IPv6 address becomes an IPv4 address."""
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
