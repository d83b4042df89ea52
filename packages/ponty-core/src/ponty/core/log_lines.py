"""Errors in the log: each record is one line, so text from a client cannot look like a separate record.

The message of an exception may hold text from a client, with its line breaks. So a traceback is written with its line
breaks escaped. On a terminal, where a person reads it, the line breaks stay, and each further line is indented.
"""

import logging
import sys
import traceback


def log_error(logger: logging.Logger, message: str, *args: object, error: BaseException) -> None:
    """Log `error` with its traceback, as one line.

    Args:
        logger: The logger.
        message: A sentence that says what has failed.
        *args: The values for the placeholders of `message`.
        error: The error.
    """
    if not logger.isEnabledFor(logging.ERROR):
        return
    record = logger.makeRecord(
        logger.name, logging.ERROR, __file__, 0, message, args, (type(error), error, error.__traceback__), "log_error"
    )
    # A formatter writes this text instead of formatting the exception itself.
    record.exc_text = _shown(error)
    logger.handle(record)


def plain(text: str) -> str:
    """Return `text` in printable characters; each other character is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _shown(error: BaseException) -> str:
    lines = "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
    return ("\n  " if sys.stderr.isatty() else r"\n").join(map(plain, lines))
