"""A large value is freed in slices.

When the last reference to a list of a million objects goes, all of them are freed in one go, and others wait. So what a
body was decoded to is kept, in pieces, for longer than its request holds it: until the task of the request is done. Then
the pieces are let go of in turns. What a program still holds stays with it, as it is.
"""

import asyncio
import time
from collections import deque

from ponty.request.large.sizes import SIZES

Kept = deque[object]
"""Pieces that are kept."""


def release(kept: Kept) -> None:
    """Let go of pieces, as soon as others have had their turn."""
    asyncio.get_running_loop().call_soon(_release_some, kept)


def release_after_request(kept: Kept) -> None:
    """Let go of pieces when the task that runs is done."""
    task = asyncio.current_task()
    if task is None:
        release(kept)
    else:
        task.add_done_callback(lambda _: release(kept))


def _release_some(kept: Kept) -> None:
    end = time.perf_counter() + SIZES.seconds
    while kept:
        kept.popleft()
        if time.perf_counter() >= end:
            release(kept)
            return
