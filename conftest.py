"""For all tests: a garbage collector that leaves alone what was there before them, and nothing that a clock decides.

`PONTY_EXAMPLES` says how many examples Hypothesis makes of each property; by default so few that nobody waits.
"""

import gc
import importlib.util
import logging
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "tests"))  # `warm`, which tests of layers take as well

if importlib.util.find_spec("hypothesis") is not None:  # some of the tests are run where it is not installed
    import hypothesis

    # How long an example takes tells of a busy machine.
    examples = int(os.environ.get("PONTY_EXAMPLES", "30"))
    hypothesis.settings.register_profile("ponty", deadline=None, max_examples=examples)
    hypothesis.settings.load_profile("ponty")


def pytest_configure() -> None:
    """Leave slow steps out of the log, which many tests want to be empty; let garbage wait while tests are collected.

    What asyncio's debug mode says of a slow step tells of a busy machine.
    """
    logging.getLogger("asyncio").addFilter(lambda record: not str(record.msg).startswith("Executing %s took"))
    gc.disable()


def pytest_collection_finish() -> None:
    """Have the collector look at what tests make alone: the thousands of tests and modules are there to the end.

    Otherwise each collection, and many tests ask for one, walks through all of them.
    """
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """Have the collector as it was: what is imported to the end may ask who refers to an object."""
    gc.unfreeze()
    gc.enable()
