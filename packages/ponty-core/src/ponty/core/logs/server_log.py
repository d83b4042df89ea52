"""The log of aiohttp's server: one line for each record, also with a traceback."""

import logging
from collections.abc import MutableMapping
from typing import Any

from ponty.core.log_lines import log_error, plain


class ServerLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger that writes each error on one line, whatever text is in it."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a record on one line."""
        error = kwargs.get("exc_info")
        if isinstance(error, BaseException):
            log_error(self.logger, plain(str(msg)), *args, error=error)
        else:
            super().log(level, msg, *args, **kwargs)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Return the message unchanged."""
        return msg, kwargs
