"""The access log: one complete line for each request, whatever the client sent."""

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
from ponty.core.wire.departures import CLIENT_LEFT

CLIENT_ADDRESS = web.RequestKey("ponty.core.client_address", str)
"""The key of a request for the address of its client, from a trusted proxy."""

addresses_told: list[object] = []
"""The middlewares that may set this address. If there are none, requests are not searched for it."""

SWITCHED = 101
"""The status of a websocket. It is logged when the conversation is over, so its connection is always closed then."""

ACCESS_LINE = '%s - - [%s] "%s %s HTTP/%d.%d" %d %d "%s" "%s" %.6f'
"""The format of the line of a request."""

ACCESS_LINE_WITH_ID = f"{ACCESS_LINE} %s"
"""The format of the line of a request with an id."""


class AccessLogger(AbstractAccessLogger):
    """Logs requests in the combined log format, at INFO, followed by the seconds that each took, and its id if any.

    Text from the client (request line, referrer, user agent) is written in printable ASCII, and all other characters,
    quotes and backslashes are escaped. So no request can break its line, forge another one, or prevent its line.
    """

    @property
    def enabled(self) -> bool:
        """Whether the logger is enabled."""
        return self.logger.isEnabledFor(20)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log one request.

        Args:
            request: The request.
            response: The answer.
            time: The seconds from the request to the answer.
        """
        logger = self.logger
        if not logger.isEnabledFor(logging.INFO):
            return
        transport = request.transport
        status = response.status
        if (transport is None or transport.is_closing()) and not (status == SWITCHED and response.prepared):
            status = CLIENT_LEFT
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
        # The same as `logger.info`, without its search for the calling function.
        if identity is None:
            record = access_record(logger, ACCESS_LINE, arguments)
        else:
            record = access_record(logger, ACCESS_LINE_WITH_ID, (*arguments, identity.id))
            record.request_id = identity.id
            record.request_identity = identity
        logger.handle(record)


class AccessEntry(msgspec.Struct, gc=False):
    """The values of a line of the access log, for handlers that write it in another form.

    Texts from the client are printable ASCII; quotes, backslashes and other characters are escaped by backslashes.
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
    """A log handler that can write lines of the access log without log records."""

    @abc.abstractmethod
    def takes_access(self) -> bool:
        """Return whether it is unchanged, so that log records would give the same lines."""

    @abc.abstractmethod
    def take(self, entry: AccessEntry) -> None:
        """Write a line of the access log."""


NAMES_ATTRIBUTE = "__ponty_names_records__"
"""The attribute of a filter that passes all records, and only adds the id of the request to them."""


def _takers(logger: logging.Logger) -> list[AccessTaker] | None:
    """Return the handlers of a logger, if all of them can take the access log without records; None otherwise."""
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
    """Return the requested path, without the query."""
    target = request.raw_path
    if target[:1] != "/" or target[:2] == "//" or "#" in target:  # the URL writes such a target differently
        target = request.path_qs
    return escaped(target).partition("?")[0]


@functools.lru_cache(maxsize=2)
def _written(second: int) -> str:
    """Return a time, in seconds since the epoch, in the form of the combined log format."""
    return datetime.datetime.fromtimestamp(second, datetime.UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


_HARMLESS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""The methods that need not be checked for characters to escape."""


def escaped(text: str) -> str:
    """Return a text in printable ASCII; quotes, backslashes and other characters are escaped."""
    is_printable = text.isascii() and text.isprintable()
    if is_printable and '"' not in text and "\\" not in text:
        return text
    written = text.replace("\\", r"\\") if is_printable else text.encode("unicode_escape").decode("ascii")
    return written.replace('"', r"\"")
