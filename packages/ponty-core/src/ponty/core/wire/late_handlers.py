"""Late handlers: a server cancels them with a special message, and the guards for errors answer that with a 503.

So the answer goes through the middlewares like any other. If the cancellation is not recognized, since the application
does not answer errors, or the handler has raised another cancellation, the server answers it.
"""

import asyncio

_TOO_LATE = "the handler took too long"


def cancel_late(task: "asyncio.Task[None]") -> None:
    """Cancel the task of a handler that took too long."""
    task.cancel(_TOO_LATE)


def is_late(error: BaseException) -> bool:
    """Return whether `error` was caused by `cancel_late`."""
    return isinstance(error, asyncio.CancelledError) and error.args == (_TOO_LATE,)


def take_late(error: asyncio.CancelledError) -> bool:
    """Return whether only `cancel_late` has cancelled the current task; if so, end its cancellation."""
    task = asyncio.current_task()
    is_it = is_late(error) and task is not None and task.cancelling() == 1
    if is_it and task is not None:
        task.uncancel()
    return is_it
