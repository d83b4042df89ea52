"""Handlers that take too long: a server cancels them by a word of its own, and whoever answers errors answers that.

So the answer goes through the middlewares like any other. Where nobody takes the cancellation for what it is, since an
application answers no errors or a handler has made another cancellation of it, it comes back to the server.
"""

import asyncio

_TOO_LATE = "the handler took too long"


def cancel_late(task: "asyncio.Task[None]") -> None:
    """Cancel the task of a handler that took too long."""
    task.cancel(_TOO_LATE)


def is_late(error: BaseException) -> bool:
    """Return whether `error` is that of `cancel_late`."""
    return isinstance(error, asyncio.CancelledError) and error.args == (_TOO_LATE,)


def take_late(error: asyncio.CancelledError) -> bool:
    """Return whether `error` is that of `cancel_late`, and the only one; then the current task is cancelled no more."""
    task = asyncio.current_task()
    is_it = is_late(error) and task is not None and task.cancelling() == 1
    if is_it and task is not None:
        task.uncancel()
    return is_it
