"""Who waits for whom, so that a call which would wait for itself is refused at once.

A *hold* is a stretch of code that keeps a key busy: a computation under way, or an `invalidate` block. A context
variable tells the code inside a hold which one it is in. What counts as inside:

- a computation, and every task that it starts, for it will mostly wait for them;
- an `invalidate` block, in its own task only: a task started there is often one that is meant to wait for its end.

Whoever waits for a hold from inside another one adds an edge to the graph of waits. A wait that would close a circle in
that graph could never end, and raises `Deadlock` instead.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ponty.memo.errors import Deadlock
from ponty.memo.lazy_imports import asyncio


class Hold:
    """A key kept busy, from when it is made until `end`.

    Args:
        name: What keeps the key busy, for messages.
        key: The key.
        parent: The hold in which this one began.
        task: The only task that counts as inside; None counts every one that is started there.
    """

    __slots__ = ("_task", "key", "live", "name", "parent", "waits_for")

    def __init__(
        self, name: str, key: Hashable, parent: "Hold | None", task: "asyncio.Task[Any] | None" = None
    ) -> None:
        self.name: str = name
        self.key: Hashable = key
        self.parent: Hold | None = parent
        self.live: bool = True
        self.waits_for: list[Hold] = []
        self._task = task

    def __str__(self) -> str:
        return f"{self.name} at key {self.key!r:.200}"

    def contains_running_code(self) -> bool:
        """Say whether code that finds this hold in its context is inside it, and it has not ended."""
        return self.live and (self._task is None or self._task is asyncio.current_task())

    def end(self) -> None:
        """Keep the key busy no longer."""
        self.live = False
        self.waits_for.clear()
        self._task = None


_inside: ContextVar[Hold | None] = ContextVar("ponty.memo.inside", default=None)


def current() -> Hold | None:
    """Give the innermost hold that the running code is inside of."""
    hold = _inside.get()
    while hold is not None and not hold.contains_running_code():
        hold = hold.parent
    return hold


def enter(hold: Hold) -> None:
    """Count the code of this context as inside `hold` from now on."""
    _inside.set(hold)


def leave(hold: Hold) -> None:
    """End `hold`, and count the code of this context as outside again."""
    hold.end()
    if _inside.get() is hold:
        _inside.set(hold.parent)


def refuse_circle(*targets: Hold) -> None:
    """Raise Deadlock if waiting for one of `targets` from here could never end."""
    here = current()
    if here is None:
        return
    for target in targets:
        seen: set[Hold] = set()
        ahead = [target]
        while ahead:
            hold = ahead.pop()
            if hold is here:
                raise Deadlock(
                    f"{target} is waited for from inside {'itself' if here is target else 'what it waits for'}: "
                    f"the call stands in {here}, and would wait for its own end"
                )
            if hold not in seen:
                seen.add(hold)
                ahead.extend(hold.waits_for)


@contextmanager
def waiting_for(*targets: Hold) -> Iterator[None]:
    """Note, while the block runs, that the hold this code is inside of waits for `targets`."""
    here = current()
    if here is None:
        yield
        return
    here.waits_for += targets
    try:
        yield
    finally:
        for target in targets:
            if target in here.waits_for:
                here.waits_for.remove(target)
