"""The access log: one line for each request, whole whatever the client sent."""

import abc
import datetime
import functools
import logging
from time import time as now

import msgspec
from aiohttp import hdrs, web
from aiohttp.abc import AbstractAccessLogger

from ponty.core.lifecycle.current_request import IDENTITY, RequestIdentity
from ponty.core.logs.access_records import access_record

CLIENT_ADDRESS = web.RequestKey("ponty.core.client_address", str)
"""Where a request has the address of its client if a proxy that is trusted has told it."""

addresses_told: list[object] = []
"""Who may have told one: where nobody is, requests are not asked."""

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
        logger = self.logger
        if not logger.isEnabledFor(logging.INFO):
            return
        transport = request.transport
        status = CLIENT_LEFT if transport is None or transport.is_closing() else response.status
        identity = request.get(IDENTITY)
        address = request.get(CLIENT_ADDRESS) if addresses_told else None
        client = address or request.remote or "-"
        method = request.method
        if method not in _HARMLESS:
            method = escaped(method)
        user_agent = escaped(request.headers.get(hdrs.USER_AGENT, "-"))
        size = response.body_length
        takers = _takers(logger)
        if takers is not None:
            path = _path(request)
            entry = AccessEntry(logger.name, identity, client, method, path, status, size, user_agent, time)
            for taker in takers:
                taker.take(entry)
            return
        version = request.version
        arguments: tuple[object, ...] = (
            client,
            _written(int(now() - time)),
            method,
            escaped(request.path_qs),
            version.major,
            version.minor,
            status,
            size,
            escaped(request.headers.get(hdrs.REFERER, "-")),
            user_agent,
            time,
        )
        # As `logger.info` does it, but for the search of who has called it.
        if identity is None:
            record = access_record(logger, ACCESS_LINE, arguments)
        else:
            record = access_record(logger, ACCESS_LINE_WITH_ID, (*arguments, identity.id))
            record.request_id = identity.id
            record.request_identity = identity
        logger.handle(record)


class AccessEntry(msgspec.Struct, gc=False):
    """What a line of the access log tells, for who writes it in a form of his own.

    Texts that the client chose are printable ASCII, with backslashes for escapes, and without quotes otherwise.
    """

    logger: str
    identity: RequestIdentity | None
    client: str
    method: str
    path: str
    status: int
    size: int
    user_agent: str
    seconds: float


class AccessTaker(abc.ABC):
    """A handler of log records that takes the access log without them."""

    @abc.abstractmethod
    def takes_access(self) -> bool:
        """Return whether nothing was changed in it by which records would be written otherwise."""

    @abc.abstractmethod
    def take(self, entry: AccessEntry) -> None:
        """Write a line."""


NAMES_ATTRIBUTE = "__ponty_names_records__"
"""The attribute of a filter that lets all records pass, and only writes the id of the request into them."""


def _takers(logger: logging.Logger) -> list[AccessTaker] | None:
    """Return the handlers of a logger, if all of them take the access log without records and nobody else sees it."""
    if type(logger) is not logging.Logger or logging.getLogRecordFactory() is not logging.LogRecord:
        return None
    for each in logger.filters:
        if not hasattr(each, NAMES_ATTRIBUTE):
            return None
    takers: list[AccessTaker] = []
    current: logging.Logger | None = logger
    while current is not None:
        for handler in current.handlers:
            if not (isinstance(handler, AccessTaker) and handler.takes_access()):
                return None
            takers.append(handler)
        current = current.parent if current.propagate else None
    return takers or None


def _path(request: web.BaseRequest) -> str:
    """Return the path that was asked for, without the query."""
    target = request.raw_path
    if target[:1] != "/" or target[:2] == "//" or "#" in target:  # which a URL is written otherwise from
        target = request.path_qs
    return escaped(target).partition("?")[0]


@functools.lru_cache(maxsize=2)
def _written(second: int) -> str:
    """Return a second, since the epoch, as the combined log format writes it."""
    return datetime.datetime.fromtimestamp(second, datetime.UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


_HARMLESS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""The methods that need not be looked through."""


def escaped(text: str) -> str:
    """Return a text in printable ASCII, without quotes, and with backslashes as escapes only."""
    is_printable = text.isascii() and text.isprintable()
    if is_printable and '"' not in text and "\\" not in text:
        return text
    written = text.replace("\\", r"\\") if is_printable else text.encode("unicode_escape").decode("ascii")
    return written.replace('"', r"\"")
