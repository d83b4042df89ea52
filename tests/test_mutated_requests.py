"""Requests that are damaged at random get well-formed answers, and put no connection out of step."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "hostile"))
import mutants


async def test_mutants_of_valid_requests():
    """500 of them, always the same; CONTRIBUTING.md says how to send more."""
    process, port = await mutants.start()
    try:
        statuses = await mutants.attack(port, 500, seed=1)
    finally:
        process.kill()
        await process.communicate()
    assert statuses[200] >= 40
    assert statuses[400] >= 200
