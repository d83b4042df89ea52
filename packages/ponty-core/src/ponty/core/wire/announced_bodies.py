"""Announced bodies: those that a request announces as too large are refused before they are sent or read."""

from aiohttp import web

MAX_SIZE_ATTRIBUTE = "__ponty_max_size__"
"""The attribute of a mounted handler for the limit of its route, in bytes."""


def body_limit(request: web.Request) -> int:
    """Return the most bytes that the body of `request` may have; 0 stands for no limit."""
    limit: int | None = getattr(request.match_info.handler, MAX_SIZE_ATTRIBUTE, None)
    return request.client_max_size if limit is None else limit


def announces_too_much(request: web.Request) -> bool:
    """Return whether the Content-Length of `request` is over its limit."""
    return 0 < body_limit(request) < (request.content_length or 0)
