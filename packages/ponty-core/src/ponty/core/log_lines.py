"""Errors in the log: one record is one line, so that nothing a client sent can look like a record of its own.

The message of an exception may hold what a client sent, line breaks and all. A traceback is therefore written with its
line breaks escaped; on a terminal, where a person reads it, they stay, and each further line is indented.
"""

import logging
import sys
import traceback


def log_error(logger: logging.Logger, message: str, *args: object, error: BaseException) -> None:
    """Log `error` with its traceback, as one line.

    Args:
        logger: Where to.
        message: What has failed.
        *args: What `message` has placeholders for.
        error: Why.
    """
    if not logger.isEnabledFor(logging.ERROR):
        return
    record = logger.makeRecord(
        logger.name, logging.ERROR, __file__, 0, message, args, (type(error), error, error.__traceback__), "log_error"
    )
    # A formatter takes this in place of what it would make of the exception by itself.
    record.exc_text = _shown(error)
    logger.handle(record)


def plain(text: str) -> str:
    """Return `text` in printable characters, with an escape in place of each other one."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _shown(error: BaseException) -> str:
    lines = "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
    return ("\n  " if sys.stderr.isatty() else r"\n").join(map(plain, lines))
