"""Forwarding: the headers that proxies add to requests, `X-Forwarded-*` and `Forwarded` (RFC 7239).

Each proxy adds an element at the right, about the connection from which it got the request. A client may invent all
elements to the left of the first one that a trusted proxy has added, so elements are read from the right. Reading ends
at an element that is not valid, since nothing to the left of it can be trusted.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from ponty.core.operations.addresses import Address, parse_address

MOST_ELEMENTS = 50
"""The most elements that are read."""


class Hop(msgspec.Struct, frozen=True):
    """An element: what a proxy says about the connection from which it got the request; None for missing parts.

    Args:
        address: The address at the other end.
        scheme: `http` or `https`.
        host: The requested host, possibly with a port.
    """

    address: Address | None
    scheme: str | None = None
    host: str | None = None


class MalformedForwarded(ValueError):
    """A header `Forwarded` breaks the syntax of RFC 7239 §4."""


def read_x_forwarded(addresses: Sequence[str], schemes: Sequence[str], hosts: Sequence[str]) -> Iterator[Hop]:
    """Read the headers `X-Forwarded-For`, `-Proto` and `-Host`, the latest hop first.

    If there are as many schemes or hosts as addresses, each address has its own; otherwise the last one is for all.

    Args:
        addresses: The lines of `X-Forwarded-For`.
        schemes: The lines of `X-Forwarded-Proto`.
        hosts: The lines of `X-Forwarded-Host`.
    """
    listed = _elements(addresses)
    said_schemes = [_scheme(text) for text in _elements(schemes)]
    said_hosts = [_host(text) for text in _elements(hosts)]
    for place in range(1, min(len(listed), MOST_ELEMENTS) + 1):
        scheme = _at(said_schemes, place, len(listed))
        host = _at(said_hosts, place, len(listed))
        yield Hop(_node(listed[-place]), scheme, host)


def read_forwarded(lines: Sequence[str]) -> Iterator[Hop]:
    """Read the header `Forwarded`, the latest hop first.

    Args:
        lines: The lines of the header. Each is read separately, so that a line of a client cannot break that of a
            proxy.

    Raises:
        MalformedForwarded: A line breaks the syntax, or an element names a parameter twice.
    """
    count = 0
    for line in reversed(lines):
        for element in reversed(_parse_forwarded(line)):
            if count == MOST_ELEMENTS:
                return
            count += 1
            yield Hop(_node(element.get("for", "")), _scheme(element.get("proto", "")), _host(element.get("host", "")))


def _elements(lines: Sequence[str]) -> list[str]:
    return [element.strip(" \t") for line in lines for element in line.split(",")]


def _at(said: Sequence[str | None], place: int, count: int) -> str | None:
    if not said:
        return None
    return said[-place] if len(said) == count else said[-1]


_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(?:[0-9]{1,5}|_[A-Za-z0-9._\-]+))?")


def _node(text: str) -> Address | None:
    """Read a node (RFC 7239 §6): an address, possibly with a port; None for `unknown` and obfuscated nodes."""
    if match := _NODE.fullmatch(text):
        return parse_address(match[1] or match[2])
    return parse_address(text)  # IPv6 without brackets, as in X-Forwarded-For


def _scheme(text: str) -> str | None:
    scheme = text.lower()
    return scheme if scheme in {"http", "https"} else None


_HOST = re.compile(
    r"(?:[A-Za-z0-9]|[A-Za-z0-9_][A-Za-z0-9_.\-]{0,252}[A-Za-z0-9.]|\[[0-9A-Fa-f:.]+\])"
    r"(?::([0-9]{1,5}))?"
)


def _host(text: str) -> str | None:
    match = _HOST.fullmatch(text)
    if match is None or (match[1] and not 0 < int(match[1]) < 65536):
        return None
    if text.startswith("[") and parse_address(text[1 : text.index("]")]) is None:
        return None
    return text


_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = r"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\U0010ffff]|\\[\t\x20-\x7e\x80-\U0010ffff])*"
_PAIR = re.compile(rf'[ \t]*({_NAME})=(?:({_NAME})|"({_QUOTED})")[ \t]*')


def _parse_forwarded(line: str) -> list[dict[str, str]]:
    elements: list[dict[str, str]] = [{}]
    position = 0
    while True:
        pair = _PAIR.match(line, position)
        if pair is not None:
            name, token, quoted = pair.groups()
            value = re.sub(r"\\(.)", r"\1", quoted) if token is None else token
            if elements[-1].setdefault(name.lower(), value) is not value:
                raise MalformedForwarded("a parameter is given twice")
            position = pair.end()
        else:
            position += len(line[position:]) - len(line[position:].lstrip(" \t"))
        if position == len(line):
            return [element for element in elements if element]
        if line[position] == ",":
            elements.append({})
        elif line[position] != ";":
            raise MalformedForwarded("a comma or semicolon is missing")
        position += 1
