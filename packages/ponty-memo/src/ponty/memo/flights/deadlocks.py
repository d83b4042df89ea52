"""The wait-for graph: a call that would wait for itself is refused at once.

Each piece of code that keeps a key busy, a running computation or an `invalidate` block, is a *node* of the graph. A
context variable has the node that the running code is inside of. This code counts as inside:

- of a computation: its own task and every task that it starts, because it will usually wait for them;
- of an `invalidate` block: its own task only, because a task that is started there often waits for the end of the
  block.

A wait for one node from inside another node adds an edge to the graph. A wait that would close a cycle could never end;
it raises `Deadlock` instead.
"""

from collections.abc import Hashable, Iterable
from contextvars import ContextVar
from typing import Any, Final

from ponty.memo.errors import Deadlock
from ponty.memo.lazy_imports import asyncio


class WaitNode:
    """A node of the wait-for graph: it keeps a key busy from its creation until `end`.

    Args:
        name: The name of the node, for messages.
        key: The key.
        parent: The node in which this one began.
        task: The only task that counts as inside; None means every task that is started inside.
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
        """Return whether the running code, which has this node in its context, is inside it, and it has not ended."""
        return self.live and (self._only_task is None or self._only_task is asyncio.current_task())

    def end(self) -> None:
        """End the node: the key is not busy any more."""
        self.live = False
        self.waits_for = ()
        self._only_task = None

    def wait_for(self, targets: "Iterable[WaitNode]") -> None:
        """Note that the code inside waits for `targets`."""
        if not self.waits_for:
            self.waits_for = []
        self.waits_for += targets


inside: Final[ContextVar[WaitNode | None]] = ContextVar("ponty.memo.inside", default=None)
"""The innermost node in which the code of a context began; use `current` for the node that it is still inside of."""


def current() -> WaitNode | None:
    """Return the innermost node that the running code is inside of."""
    node = inside.get()
    while node is not None and not node.contains_running_code():
        node = node.parent
    return node


def leave(node: WaitNode) -> None:
    """End `node`; the code of this context is outside of it again."""
    node.end()
    if inside.get() is node:
        inside.set(node.parent)


def raise_if_deadlock(targets: Iterable[WaitNode]) -> None:
    """Raise `Deadlock` if a wait for one of `targets` from here could never end."""
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
                    f"the call is made in {here}, and would wait for its own end"
                )
            if node not in seen:
                seen.add(node)
                ahead.extend(node.waits_for)


class waiting_for:  # noqa: N801 - used as a function
    """A context manager that notes, while its block runs, that the current node waits for `targets`."""

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
