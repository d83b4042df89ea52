"""Who waits for whom, so that a call which would wait for itself is refused at once.

Each stretch of code that keeps a key busy, a computation under way or an `invalidate` block, is a *node* of the graph
of waits. A context variable says which node the running code is inside of. What counts as inside:

- a computation, and every task that it starts, for it will mostly wait for them;
- an `invalidate` block, in its own task only: a task started there is often one that is meant to wait for its end.

Whoever waits for a node from inside another one adds an edge to the graph. A wait that would close a circle could never
end, and raises `Deadlock` instead.
"""

from collections.abc import Hashable, Iterable
from contextvars import ContextVar
from typing import Any, Final

from ponty.memo.errors import Deadlock
from ponty.memo.lazy_imports import asyncio


class WaitNode:
    """A key kept busy, from when the node is made until `end`.

    Args:
        name: What keeps the key busy, for messages.
        key: The key.
        parent: The node in which this one began.
        task: The only task that counts as inside; None counts every one that is started there.
    """

    __slots__ = ("_only_task", "key", "live", "name", "parent", "waits_for")

    def __init__(
        self, name: str, key: Hashable, parent: "WaitNode | None", task: "asyncio.Task[Any] | None" = None
    ) -> None:
        self.name: str = name
        self.key: Hashable = key
        self.parent: WaitNode | None = parent
        self.live: bool = True
        self.waits_for: list[WaitNode] | tuple[()] = ()
        self._only_task = task

    def __str__(self) -> str:
        return f"{self.name} at key {self.key!r:.200}"

    def contains_running_code(self) -> bool:
        """Return whether code that finds this node in its context is inside it, and it has not ended."""
        return self.live and (self._only_task is None or self._only_task is asyncio.current_task())

    def end(self) -> None:
        """Keep the key busy no longer."""
        self.live = False
        self.waits_for = ()
        self._only_task = None

    def wait_for(self, targets: "Iterable[WaitNode]") -> None:
        """Note that the code inside waits for `targets`."""
        if not self.waits_for:
            self.waits_for = []
        self.waits_for += targets


inside: Final[ContextVar[WaitNode | None]] = ContextVar("ponty.memo.inside", default=None)
"""The innermost node in which the code of a context began; `current` says whether it is still inside."""


def current() -> WaitNode | None:
    """Return the innermost node that the running code is inside of."""
    node = inside.get()
    while node is not None and not node.contains_running_code():
        node = node.parent
    return node


def leave(node: WaitNode) -> None:
    """End `node`, and count the code of this context as outside again."""
    node.end()
    if inside.get() is node:
        inside.set(node.parent)


def raise_if_deadlock(targets: Iterable[WaitNode]) -> None:
    """Raise Deadlock if waiting for one of `targets` from here could never end."""
    here = current()
    if here is None:
        return
    for target in targets:
        seen: set[WaitNode] = set()
        ahead = [target]
        while ahead:
            node = ahead.pop()
            if node is here:
                raise Deadlock(
                    f"{target} is waited for from inside {'itself' if here is target else 'what it waits for'}: "
                    f"the call stands in {here}, and would wait for its own end"
                )
            if node not in seen:
                seen.add(node)
                ahead.extend(node.waits_for)


class waiting_for:  # noqa: N801 - used as a function
    """Note, while the block of `with` runs, that the node which this code is inside of waits for `targets`."""

    __slots__ = ("_here", "_targets")

    def __init__(self, targets: Iterable[WaitNode]) -> None:
        self._here = current()
        self._targets = [*targets]

    def __enter__(self) -> None:
        if self._here is not None:
            self._here.wait_for(self._targets)

    def __exit__(self, *_: object) -> None:
        if self._here is not None:
            for target in self._targets:
                if self._here.waits_for and target in self._here.waits_for:
                    self._here.waits_for.remove(target)
