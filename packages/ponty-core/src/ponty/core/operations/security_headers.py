"""`security_headers` adds headers that make browsers treat answers as data, and nothing else."""

import re
from collections.abc import Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from ponty.core.middlewares.passages import Notes, Step, passage
from ponty.core.responses.further_headers import FurtherHeaders, further_headers

_DEFAULTS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

# Shared caches do not keep it, and a browser asks before each use (RFC 9111 §5.2.2.4, §5.2.2.7).
_ASKED_EACH_TIME = "private, no-cache"

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\x20-\x7e]+")


def security_headers(
    *, hsts_seconds: int | None = 31_536_000, headers: Mapping[str, str | None] | None = None
) -> Middleware:
    """Make a middleware that adds security headers for browsers to each answer.

    ::

        app = build_app(middlewares=[security_headers(headers={"Cache-Control": None})])

    Browsers then run no script in an answer, do not show it in a frame, do not guess its type, and do not cache it. An
    answer with an entity tag may be cached by the browser alone, which asks before each use (`Cache-Control: private,
    no-cache`), since a tag would be useless with `no-store`. Headers that a handler sets itself are kept.

    Args:
        hsts_seconds: Seconds for which browsers must only use HTTPS (`Strict-Transport-Security`, RFC 6797). The header
            is only sent if the request came by HTTPS; None to send none.
        headers: Further headers, or other values for the default ones; None as a value leaves a header out.

    Raises:
        ValueError: A header or its value is not valid, or `hsts_seconds` is less than 0.
    """
    if hsts_seconds is not None and hsts_seconds < 0:
        raise ValueError(f"security_headers: hsts_seconds must be a number of at least 0, not {hsts_seconds!r}")
    chosen: dict[str, str | None] = {**_DEFAULTS}
    names = {name.lower(): name for name in chosen}
    for name, value in (headers or {}).items():
        if not _TOKEN.fullmatch(name) or (value is not None and not _VALUE.fullmatch(value)):
            raise ValueError(f"security_headers: {name!r} is not a valid header name, or its value is not valid")
        chosen[names.get(name.lower(), name)] = value
    plain = {name: value for name, value in chosen.items() if value is not None}
    strict = {} if hsts_seconds is None else {"Strict-Transport-Security": f"max-age={hsts_seconds}"}
    return passage(_Hardening(_for_answers(plain), _for_answers(plain | strict)))


class _Hardening(Step):
    """The step that adds the headers.

    Args:
        over_http: The headers for requests over HTTP.
        over_https: The headers for requests over HTTPS.
    """

    def __init__(self, over_http: FurtherHeaders, over_https: FurtherHeaders) -> None:
        self._over_http = over_http
        self._over_https = over_https

    def enter(self, request: web.Request, notes: Notes) -> FurtherHeaders:
        """Return the headers for the scheme of the request."""
        del notes
        return self._over_https if request.scheme == "https" else self._over_http


def _for_answers(headers: dict[str, str]) -> FurtherHeaders:
    if headers.get(hdrs.CACHE_CONTROL) != _DEFAULTS[hdrs.CACHE_CONTROL]:
        return further_headers(headers, keep=True)
    tagged = further_headers(headers | {hdrs.CACHE_CONTROL: _ASKED_EACH_TIME}, keep=True)
    return further_headers(headers, keep=True, tagged=tagged)
