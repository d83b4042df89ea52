"""Protocol errors: the answers to bytes that are not valid HTTP, in words that repeat nothing of them."""

import functools
import re

from aiohttp import hdrs, web
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError, LineTooLong

from ponty.core.connections.limits import Limits

# RFC 9110 §4.2, RFC 3986 §3.2: a name, an IPv4 address or an IPv6 address in brackets, and a port.
_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::(\d{0,5}))?")


def told_of(error: BaseException, limits: Limits) -> tuple[int, str, str | None]:
    """Return the status, the detail, and the exceeded limit if any, for an error of the parser.

    aiohttp only says by its words that there are too many headers, and only by the limit which line is too long.
    """
    if isinstance(error, LineTooLong):
        if len(error.args) > 1 and error.args[1] == line_limit(limits):
            return 414, f"the request line is longer than {limits.line_bytes} bytes", "line_bytes"
        return 431, f"a header is longer than {limits.header_bytes} bytes", "header_bytes"
    if isinstance(error, HttpProcessingError) and error.message == "Too many headers received":
        return 431, f"the request has more than {limits.headers} headers", "headers"
    if isinstance(error, ContentEncodingError):
        # The parser needs packages for br and zstd, which may not be installed; RFC 9110 §15.5.16.
        if "Please install" in error.message:
            return 415, "the server does not decode the Content-Encoding of the request", None
        return 400, "the body could not be read", None
    return 400, "the request is not valid HTTP", None


def line_limit(limits: Limits) -> int:
    """Return the limit of the request line for aiohttp's parser, which must differ from the limit of a header."""
    return limits.line_bytes + (limits.line_bytes == limits.header_bytes)


LONGEST_KEPT = 300
"""The most characters of a host that is cached; the names of real hosts are shorter (RFC 1035 §2.3.4)."""


def _is_host(value: str) -> bool:
    match = _HOST.fullmatch(value)
    return match is not None and int(match[1] or 0) <= 65535


_is_known_host = functools.lru_cache(maxsize=1024)(_is_host)


def fault_of_target(request: web.BaseRequest, path_bytes: int | None) -> tuple[int, str] | None:
    """Return the status and detail for a target that no handler could use; None for a valid one."""
    target = request.raw_path
    if path_bytes is not None and len(target) > path_bytes and len(target.partition("?")[0]) > path_bytes:
        return 414, f"the path is longer than {path_bytes} bytes"
    host = request.headers.get(hdrs.HOST)
    if host is not None and not (_is_known_host if len(host) <= LONGEST_KEPT else _is_host)(host):
        return 400, "the Host header is not valid"
    return None if target[:1] == "/" else _fault_of_odd_form(request)


def _fault_of_odd_form(request: web.BaseRequest) -> tuple[int, str] | None:
    """Check a target that is not a path (RFC 9112 §3.2); an empty one stands for a request that is not HTTP/1."""
    if not request.raw_path:
        return 400, "the request is not valid HTTP"
    if request.method == hdrs.METH_CONNECT:
        return 501, "this server is not a proxy"
    if request.raw_path == "*" and request.method != hdrs.METH_OPTIONS:
        return 400, "the request has no path"
    return None
