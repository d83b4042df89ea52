"""The logger for errors that reach no caller."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


def logger() -> "logging.Logger":
    """Return the logger `ponty.memo`."""
    import logging  # noqa: PLC0415 - importing it takes as long as the rest of this package, and it is seldom needed

    return logging.getLogger("ponty.memo")
