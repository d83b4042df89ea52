"""The access log: one line for each request, whole whatever the client sent."""

import datetime

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
        began = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=time)
        version = request.version
        transport = request.transport
        has_left = transport is None or transport.is_closing()
        arguments = (
            request.get(CLIENT_ADDRESS) or request.remote or "-",
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
        identity = request.get(IDENTITY)
        if identity is None:
            self.logger.info(ACCESS_LINE, *arguments)
        else:
            extra = {"request_id": identity.id, "request_identity": identity}
            self.logger.info(ACCESS_LINE_WITH_ID, *arguments, identity.id, extra=extra)


def _plain(text: str) -> str:
    escaped = text.encode("unicode_escape").decode("ascii") if not text.isprintable() or not text.isascii() else None
    if escaped is None:
        escaped = text.replace("\\", r"\\")
    return escaped.replace('"', r"\"")
