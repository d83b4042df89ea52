"""`json_logs`: log lines that machines read, one JSON object each.

A line is made of the record alone: what a client sent is escaped by JSON, so no line break in it can forge another.
Of the access log, only what tells no secret is taken: the path without its query, and neither of the headers that hold
tokens, cookies and addresses that a user came from.
"""

import datetime
import logging
import sys
from typing import TextIO

from ponty.core.answers.encoding import encode_json
from ponty.core.lifecycle.current_request import current_identity
from ponty.core.serving.access_log import ACCESS_LINE, ACCESS_LINE_WITH_ID

_ACCESS_FIELDS = (
    "client",
    None,  # the time, which each line has
    "method",
    "path",
    None,  # the version of HTTP
    None,
    "status",
    "bytes",
    None,  # the referrer
    "user_agent",
    "seconds",
)


def json_logs(
    *, level: int | str = logging.INFO, stream: TextIO | None = None, loggers: tuple[str, ...] = ("aiohttp", "ponty")
) -> logging.Handler:
    """Write logs as JSON lines.

    ::

        handler = json_logs(loggers=("",))

    Each line has `time`, `level`, `logger` and `message`; `request_id` and `trace_id` where `request_ids` has given
    the request one; `exception`, the traceback; and in the access log `client`, `method`, `path`, `status`, `bytes`,
    `user_agent` and `seconds`. Queries, referrers, cookies and other headers are left out. Called again, it takes the
    place of what the call before has set up.

    Args:
        level: The least level that is written.
        stream: Where to; None is the standard error stream.
        loggers: The loggers whose records are written, those below them included, and by nobody else then; `""` is
            the root of all.

    Returns:
        The handler that writes.
    """
    handler = _JsonHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonFormatter())
    for name in loggers:
        logger = logging.getLogger(name)
        for other in [*logger.handlers]:
            if isinstance(other, _JsonHandler):
                logger.removeHandler(other)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
    return handler


class _JsonHandler(logging.StreamHandler[TextIO]):
    """What `json_logs` has set up, told from other handlers."""


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, object] = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        identity = getattr(record, "request_identity", None) or current_identity.get()
        if identity is not None:
            line |= {"request_id": identity.id, "trace_id": identity.trace_id}
        arguments = record.args
        if record.msg in {ACCESS_LINE, ACCESS_LINE_WITH_ID} and isinstance(arguments, tuple):
            line |= _access(arguments)
        else:
            line["message"] = _sound(record.getMessage())
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = _sound(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = _sound(record.stack_info)
        return encode_json(line).decode()


def _access(arguments: tuple[object, ...]) -> dict[str, object]:
    told = {name: value for name, value in zip(_ACCESS_FIELDS, arguments, strict=False) if name is not None}
    told["path"] = str(told["path"]).partition("?")[0]
    return {"message": f"{told['method']} {told['path']} {told['status']}", **told}


def _sound(text: str) -> str:
    """Return a text that UTF-8 can hold."""
    return text.encode(errors="backslashreplace").decode()
