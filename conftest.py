"""For all tests: what asyncio's debug mode says of a slow step tells of a busy machine, and is not logged."""

import logging


def pytest_configure() -> None:
    """Leave slow steps out of the log, which many tests want to be empty."""
    logging.getLogger("asyncio").addFilter(lambda record: not str(record.msg).startswith("Executing %s took"))
