"""The access log: one line for each request, whole whatever the client sent."""

import datetime
import functools
import logging
import re
from time import time as now

from aiohttp import hdrs, web
from aiohttp.abc import AbstractAccessLogger

from ponty.core.lifecycle.current_request import IDENTITY

CLIENT_ADDRESS = web.RequestKey("ponty.core.client_address", str)
"""Where a request has the address of its client if a proxy that is trusted has told it."""


CLIENT_LEFT = 499
"""What stands in place of a status where the client did not wait for its answer; nginx writes the same."""

ACCESS_LINE = '%s - - [%s] "%s %s HTTP/%d.%d" %d %d "%s" "%s" %.6f'
"""The line of a request."""

ACCESS_LINE_WITH_ID = f"{ACCESS_LINE} %s"
"""The line of a request that has an id."""


class AccessLogger(AbstractAccessLogger):
    """Logs requests in the combined log format, at INFO, followed by the seconds that each took, and its id if any.

    What a client chose (request line, referrer, user agent) is written in printable ASCII: a quote, a backslash and
    all else as an escape, so that no request can break its line, forge another, or stop the line from being written.
    """

    @property
    def enabled(self) -> bool:
        """Whether anybody reads what is logged."""
        return self.logger.isEnabledFor(20)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log one request.

        Args:
            request: What was asked.
            response: What was answered.
            time: The seconds from the one to the other.
        """
        version = request.version
        transport = request.transport
        has_left = transport is None or transport.is_closing()
        arguments = (
            request.get(CLIENT_ADDRESS) or request.remote or "-",
            _written(int(now() - time)),
            _plain(request.method),
            _plain(request.path_qs),
            version.major,
            version.minor,
            CLIENT_LEFT if has_left else response.status,
            response.body_length,
            _plain(request.headers.get(hdrs.REFERER, "-")),
            _plain(request.headers.get(hdrs.USER_AGENT, "-")),
            time,
        )
        # As `logger.info` does it, but for the search of who has called it.
        logger = self.logger
        if not logger.isEnabledFor(logging.INFO):
            return
        identity = request.get(IDENTITY)
        line, told = (ACCESS_LINE, arguments) if identity is None else (ACCESS_LINE_WITH_ID, (*arguments, identity.id))
        record = logger.makeRecord(logger.name, logging.INFO, __file__, 0, line, told, None, "log")
        if identity is not None:
            record.request_id = identity.id
            record.request_identity = identity
        logger.handle(record)


@functools.lru_cache(maxsize=2)
def _written(second: int) -> str:
    """Return a second, since the epoch, as the combined log format writes it."""
    return datetime.datetime.fromtimestamp(second, datetime.UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


_HARMLESS = re.compile(r"[ !#-\[\]-~]*")
"""Printable ASCII but for quotes and backslashes."""


def _plain(text: str) -> str:
    if _HARMLESS.fullmatch(text):
        return text
    escaped = text.encode("unicode_escape").decode("ascii") if not text.isprintable() or not text.isascii() else None
    if escaped is None:
        escaped = text.replace("\\", r"\\")
    return escaped.replace('"', r"\"")
