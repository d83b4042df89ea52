"""What aiohttp's server logs: one line for each record, tracebacks included."""

import logging
from collections.abc import MutableMapping
from typing import Any

from ponty.core.log_lines import log_error, plain


class ServerLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger that writes an error on one line, whatever is in it."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log, on one line."""
        error = kwargs.get("exc_info")
        if isinstance(error, BaseException):
            log_error(self.logger, plain(str(msg)), *args, error=error)
        else:
            super().log(level, msg, *args, **kwargs)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Leave the message as it is."""
        return msg, kwargs
