"""The access log: one line for each request, whole whatever the client sent."""

import datetime

from aiohttp import hdrs, web
from aiohttp.abc import AbstractAccessLogger

CLIENT_LEFT = 499
"""What stands in place of a status where the client did not wait for its answer; nginx writes the same."""


class AccessLogger(AbstractAccessLogger):
    """Logs requests in the combined log format, at INFO, followed by the seconds that each took.

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
        began = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=time)
        version = request.version
        transport = request.transport
        has_left = transport is None or transport.is_closing()
        self.logger.info(
            '%s - - [%s] "%s %s HTTP/%d.%d" %d %d "%s" "%s" %.6f',
            request.remote or "-",
            began.strftime("%d/%b/%Y:%H:%M:%S +0000"),
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


def _plain(text: str) -> str:
    escaped = text.encode("unicode_escape").decode("ascii") if not text.isprintable() or not text.isascii() else None
    if escaped is None:
        escaped = text.replace("\\", r"\\")
    return escaped.replace('"', r"\"")
