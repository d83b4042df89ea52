"""`json_logs` writes log lines for machines, each a JSON object.

Text from a client is escaped by JSON, so a line break in it cannot forge another line. Values of the access log that
may be secret are left out: the query of the path, and headers with tokens, cookies, or the page that a user came from.
"""

import contextlib
import datetime
import functools
import logging
import sys
import time
from collections.abc import Iterable
from typing import TextIO

import msgspec

from ponty.core.lifecycle.current_request import current_identity
from ponty.core.logs.access_log import ACCESS_LINE, ACCESS_LINE_WITH_ID, AccessEntry, AccessTaker


def json_logs(
    *, level: int | str = logging.INFO, stream: TextIO | None = None, loggers: Iterable[str] = ("aiohttp", "ponty")
) -> logging.Handler:
    """Write the logs of Ponty and aiohttp as JSON lines.

    ::

        handler = json_logs(loggers=("",))

    Each line has `time`, `level`, `logger` and `message`. With `request_ids`, lines of a request have `request_id` and
    `trace_id`. A line of an error has `exception`, its traceback. Lines of the access log have `client`, `method`,
    `path`, `status`, `bytes`, `user_agent` and `seconds`; queries, referrers, cookies and other headers are left out.
    Another call replaces the handler of an earlier call.

    Args:
        level: The lowest level that is written.
        stream: The stream to write to; None for the standard error stream.
        loggers: The names of the loggers whose records are written, with those of their children. Handlers of their
            parents no longer get these records. `""` is the root logger.

    Returns:
        The log handler.

    Raises:
        TypeError: `loggers` is a text, not a list.
        ValueError: `level` is not a level.
    """
    if isinstance(loggers, str):
        raise TypeError(f"json_logs: loggers must be a list of names, such as [{loggers!r}]")
    handler = _JsonHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonFormatter())
    for name in loggers:
        logger = logging.getLogger(name)
        logger.setLevel(level)  # it raises before anything is changed if there is no such level
        for other in [*logger.handlers]:
            if isinstance(other, _JsonHandler):
                logger.removeHandler(other)
        logger.addHandler(handler)
        logger.propagate = False
    return handler


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        line: dict[str, object] = {
            "time": _time(record.created),
            "level": record.levelname,
            "logger": record.name,
        }
        identity = getattr(record, "request_identity", None) or current_identity.get()
        if identity is not None:
            line["request_id"] = identity.id
            line["trace_id"] = identity.trace_id
        arguments = record.args
        if record.msg in _ACCESS_LINES and isinstance(arguments, tuple):
            _add_access(line, arguments)
        else:
            line["message"] = _sound(record.getMessage())
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = _sound(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = _sound(record.stack_info)
        return _encode(line).decode()


class _JsonHandler(AccessTaker, logging.StreamHandler[TextIO]):
    """The handler that `json_logs` adds; a later call finds it by its class.

    It writes lines of the access log without log records, in the same form.
    """

    def takes_access(self) -> bool:
        """Return whether its filters, level and formatter are unchanged."""
        return (
            not self.filters
            and self.level <= logging.INFO
            and type(self.formatter) is JsonFormatter
            and hasattr(self.stream, "flush")
        )

    def take(self, entry: AccessEntry) -> None:
        """Write a line of the access log."""
        client, method, path, user_agent = entry.client, entry.method, entry.path, entry.user_agent
        texts = f"{client}{method}{path}{user_agent}"
        if "\\" in texts or '"' in texts or not texts.isprintable():
            client, method, path, user_agent = map(_inside, (client, method, path, user_agent))
        identity, status = entry.identity, entry.status
        ids = "" if identity is None else _IDS % (identity.id, identity.trace_id)
        line = _LINE % (
            _time(time.time()),
            _inside_once(entry.logger),
            ids,
            method,
            path,
            status,
            client,
            method,
            path,
            status,
            entry.size,
            user_agent,
            entry.seconds,
        )
        with self.lock or contextlib.nullcontext():
            try:
                stream = self.stream
                stream.write(line)
                stream.flush()
            except Exception:  # noqa: BLE001 - an error of logging must not end a request
                self.handleError(logging.makeLogRecord({"msg": line, "name": entry.logger}))


_LINE = (
    '{"time":"%s","level":"INFO","logger":"%s"%s,"message":"%s %s %d","client":"%s","method":"%s","path":"%s",'
    '"status":%d,"bytes":%d,"user_agent":"%s","seconds":%.6f}\n'
)
_IDS = ',"request_id":"%s","trace_id":"%s"'

_ACCESS_LINES = frozenset({ACCESS_LINE, ACCESS_LINE_WITH_ID})

_encode = msgspec.json.Encoder().encode
"""Encode a line, which only has texts and numbers."""


def _add_access(line: dict[str, object], arguments: tuple[object, ...]) -> None:
    client, _, method, target, _, _, status, size, _, user_agent, seconds, *_ = arguments
    path = str(target).partition("?")[0]
    line["message"] = f"{method} {path} {status}"
    line["client"] = client
    line["method"] = method
    line["path"] = path
    line["status"] = status
    line["bytes"] = size
    line["user_agent"] = user_agent
    line["seconds"] = seconds


def _time(seconds: float) -> str:
    """Return a time since the epoch in the form of RFC 3339, with milliseconds."""
    second = int(seconds)
    return _written(second) + _MILLISECONDS[int((seconds - second) * 1000)]


@functools.lru_cache(maxsize=2)
def _written(second: int) -> str:
    return datetime.datetime.fromtimestamp(second, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")


_MILLISECONDS = [f".{number:03}+00:00" for number in range(1000)]


def _inside(text: str) -> str:
    """Return a text as it is written between the quotes of a JSON string."""
    return _encode(_sound(text)).decode()[1:-1]


_inside_once = functools.lru_cache(maxsize=64)(_inside)


def _sound(text: str) -> str:
    """Return a text that UTF-8 can encode."""
    return text.encode(errors="backslashreplace").decode()
