"""What aiohttp's server logs, without a traceback for each client that does not speak HTTP."""

import logging
from collections.abc import MutableMapping
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError


class ServerLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger that writes a malformed request as one short line, at INFO; everything else as it comes."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log, unless it is the noise of the public internet."""
        if isinstance(kwargs.get("exc_info"), HttpProcessingError):
            super().log(logging.INFO, "a request was malformed: %s", type(kwargs["exc_info"]).__name__)
        else:
            super().log(level, msg, *args, **kwargs)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Leave the message as it is."""
        return msg, kwargs
