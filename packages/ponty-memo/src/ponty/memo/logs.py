"""The logger of what reaches no caller."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


def logger() -> "logging.Logger":
    """Return the logger `ponty.memo`."""
    import logging  # noqa: PLC0415 - as long to import as the rest of this package, and seldom needed

    return logging.getLogger("ponty.memo")
