"""Two processes behind a real nginx are restarted in turn, with load on them: no request fails.

`hatch run rolling` does more of it.
"""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import rolling


@pytest.mark.parametrize("arrangement", rolling.ARRANGEMENTS)
async def test_no_request_fails_while_processes_restart(arrangement, tmp_path):
    load = await rolling.roll(arrangement, tmp_path, restarts=2)
    assert set(load.seen) == {"good"}
    assert len(load.processes) > 2  # those that were started meanwhile have served
