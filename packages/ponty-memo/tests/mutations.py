# ruff: noqa: E501 - a table of code as it stands
"""Plant faults in a copy of `ponty.memo`, one at a time, and see that the tests catch every one.

`python packages/ponty-memo/tests/mutations.py [word]` plants those whose name has the word in it, or all. It needs what
the tests need, takes half an hour, and fails if a fault is not caught, or if the code has moved away from under one.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from fleet_faults import FLEET_FAULTS

HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parent / "src"

FAULTS = [
    # name, room, what stands there, what is planted
    ("a hit is not told from a stale value", "keys/wrapper.py", "%record[1] > %clock.now():", "%record[1] >= 0:"),
    (
        "a hit does not count as a use",
        "keys/wrapper.py",
        '        lines.append("    %touch(%key)")\n',
        "",
    ),
    (
        "True is an atom, equal to 1",
        "keys/forms.py",
        "frozenset({str, int, NoneType})",
        "frozenset({str, int, bool, NoneType})",
    ),
    (
        "a tuple is keyed like a list",
        "keys/forms.py",
        "return (cls, *[form(part) for part in parts])",
        "return (tuple, *[form(part) for part in parts])",
    ),
    (
        "self is keyed by its address",
        "keys/forms.py",
        "    return known_identity(value) or _own_identity(value) or form(value)",
        "    return (id, id(value))",
    ),
    ("an identity is never buried", "keys/identity.py", "            grave.append(identity)", "            pass"),
    ("two functions share their keys", "stores/cache_store.py", "    if name in taken:", "    if False:"),
    ("texts of kwargs are not quoted", "keys/wrapper.py", "(repr(name), part(", "(name, part("),
    (
        "a landed flight removes its successor",
        "flights/table.py",
        "if self.joinable.get(flight.key) is flight:",
        "if flight.key in self.joinable:",
    ),
    (
        "the references are not counted",
        "flights/flight.py",
        "is None or self.waiters or self.refresh:",
        "is None or self.refresh:",
    ),
    (
        "abandoned work is not cancelled",
        "flights/flight.py",
        "                self._task.cancel()\n",
        "                pass\n",
    ),
    (
        "who joins an abandoned flight gets its cancellation",
        "flights/memoizer.py",
        "            if flight.state is not State.ABANDONED:\n",
        "            if True:\n",
    ),
    (
        "abandoned work is stored",
        "flights/flight.py",
        "return self.attached and self.state is _COMPUTING",
        "return self.attached",
    ),
    (
        "cleared work is stored",
        "flights/table.py",
        "            flight.attached = False\n",
        "",
    ),
    (
        "the leader has a limit",
        "flights/flight.py",
        "return free and not self.refresh and",
        "return False and",
    ),
    (
        "who joins has no limit",
        "flights/flight.py",
        "        if self._timer is None and (self.state is not _COMPUTING or self.refresh or len(self.waiters) > 1):\n            self._set_timer()\n        try",
        "        try",
    ),
    (
        "a renewal is cancelled with its last guest",
        "flights/flight.py",
        "or self.waiters or self.refresh:",
        "or self.waiters:",
    ),
    ("one exception is raised to all", "flights/flight.py", "        if self._raised:\n", "        if False:\n"),
    (
        "work cancelled before its first step never lands",
        "flights/flight.py",
        "        if self.live:\n            if error is None",
        "        if False:\n            if error is None",
    ),
    (
        "recursion is not noticed",
        "flights/memoizer.py",
        "                raise_if_deadlock([flight])\n",
        "                pass\n",
    ),
    (
        "a call in its own block is not noticed",
        "flights/memoizer.py",
        "            raise_if_deadlock(ahead)",
        "            pass",
    ),
    (
        "waits are not noted",
        "flights/deadlocks.py",
        "            self._here.wait_for(self._targets)\n",
        "            self._here.wait_for([self._here.parent or WaitNode('', 0, None)])\n",
    ),
    (
        "a task started in a block counts as inside",
        "flights/deadlocks.py",
        "self._only_task is None or self._only_task is asyncio.current_task()",
        "True",
    ),
    (
        "the store is not read again under the lock",
        "flights/memoizer.py",
        "            value: Any = cachemiss if without_store else await self.backend.get(key)\n            if value is cachemiss:",
        "            value: Any = cachemiss\n            if value is cachemiss:",
    ),
    (
        "a failure is stored",
        "flights/memoizer.py",
        "            self._fail(flight, error, found_here=flight.attached and not without_store)\n",
        "            self._fail(flight, error, found_here=flight.attached)\n            await self.backend.put(key, error, owner)\n",
    ),
    (
        "a failure is stored the short way",
        "flights/memoizer.py",
        "            self._fail(flight, error, found_here=flight.attached)\n",
        "            self._fail(flight, error, found_here=flight.attached)\n            self.backend.put_at_once(flight.key, error)\n",
    ),
    (
        "abandoned work is stored the short way",
        "flights/memoizer.py",
        "                flight.may_store\n",
        "                True\n",
    ),
    (
        "the first caller does not leave",
        "flights/memoizer.py",
        "                        flight.leave(waiter)\n",
        "                        pass\n",
    ),
    (
        "the wait of the first caller is not noted",
        "flights/memoizer.py",
        "                        with waiting_for([flight]):\n",
        "                        with waiting_for([]):\n",
    ),
    (
        "a computation of the short way counts as outside",
        "flights/memoizer.py",
        "        inside.set(flight)\n        try:\n            if self._has_hook",
        "        try:\n            if self._has_hook",
    ),
    (
        "the least recent value of a cache without lifetimes stays",
        "stores/lru.py",
        "self.records.popitem(last=False)",
        "self.records.popitem(last=True)",
    ),
    (
        "two flights hold one key",
        "locks/fair_queue.py",
        "        if ticket.key in self._held:\n            return False\n",
        "",
    ),
    (
        "invalidate does not drop the value",
        "flights/invalidation.py",
        "            await self._backend.remove(key)\n        except",
        "            pass\n        except",
    ),
    (
        "invalidate gives the lock back at once",
        "flights/invalidation.py",
        "        self._node = self._table.blocks[key]",
        "        await self._acquisition.__aexit__(None, None, None)\n        self._node = self._table.blocks[key]",
    ),
    (
        "a store cleared while it is written keeps the value",
        "flights/memoizer.py",
        "                            await self.backend.remove(key)\n            flight",
        "                            pass\n            flight",
    ),
    (
        "a stale value survives on failure for ever",
        "stores/lru.py",
        "record.fresh_until + extra <= self._now()",
        "False",
    ),
    ("jitter lengthens lives", "stores/lifetimes.py", "lasting * (1 - jitter", "lasting * (1 + jitter"),
    (
        "expired values pile up",
        "stores/lru.py",
        "            self.tidy()\n        fresh",
        "            pass\n        fresh",
    ),
    (
        "a value that is dropped stays in its bucket",
        "stores/lru.py",
        "            del self._buckets[record.bucket][key]",
        "            pass",
    ),
    (
        "the most recent value is evicted",
        "stores/lru.py",
        "self._discard(next(iter(self.records))",
        "self._discard(next(reversed(self.records))",
    ),
    (
        "values outlive a clock that went back",
        "stores/lru.py",
        "        if self._now() < self._latest:",
        "        if False:",
    ),
    (
        "a ticket is released by its key",
        "locks/fair_queue.py",
        "if self._held.get(key) is ticket:",
        "if key in self._held:",
    ),
    (
        "a key is free between two holders",
        "locks/fair_queue.py",
        "ticket = self._held[key] = _Ticket(key, loop)\n                waiter",
        "self._held.pop(key)\n                ticket = _Ticket(key, loop)\n                waiter",
    ),
    ("last come first served", "locks/fair_queue.py", "queue.popitem(last=False)", "queue.popitem(last=True)"),
    (
        "a ticket for a cancelled waiter is lost",
        "locks/fair_queue.py",
        "                self.release(ticket)\n            raise",
        "                pass\n            raise",
    ),
    ("a waiter that leaves stays in the queue", "locks/fair_queue.py", "            queue.pop(waiter, None)\n", ""),
    (
        "the ticket of a closed loop is kept",
        "locks/fair_queue.py",
        "            if ticket.loop.is_closed():\n                if",
        "            if False:\n                if",
    ),
    (
        "another thread is let in",
        "event_loop.py",
        "            if self._is_busy():\n                raise",
        "            if False:\n                raise",
    ),
    (
        "a sentinel added for nobody stays",
        "locks/acquisition.py",
        "if asked.cancelled() or asked.exception() is not None or not asked.result():",
        "if True:",
    ),
    (
        "a store that fails to release keeps the ticket",
        "locks/acquisition.py",
        "        finally:\n            self._release_ticket()\n        return None",
        "        finally:\n            pass\n        return None",
    ),
    (
        "a failing store leaves no doubt",
        "locks/acquisition.py",
        "            doubts[self._key] = self.owner\n            raise",
        "            raise",
    ),
    (
        "a failure to look puts the key in doubt",
        "locks/acquisition.py",
        "        if self._lock.three_methods and await",
        "        doubts[self._key] = self.owner\n        if self._lock.three_methods and await",
    ),
    (
        "a failing store masks the error of the block",
        "locks/acquisition.py",
        "            if exc is None:\n                raise error",
        "            raise error",
    ),
    (
        "every lock has a queue of its own",
        "locks/shared_state.py",
        "    if known is not None and known[0]() is sentinels:",
        "    if False:",
    ),
    (
        "a release can be cancelled",
        "locks/acquisition.py",
        "error = await asyncio.shield(release)",
        "error = await release",
    ),
    (
        "a flight that took its lock as it began keeps it",
        "flights/memoizer.py",
        "            self._queue.release(flight)",
        "            pass",
    ),
    ("values are not copied for callers", "keys/wrapper.py", '"%copy("', '"("'),
    (
        "values are not copied as they are stored",
        "flights/memoizer.py",
        "kept = value if self._copy is None else self._copy(value)",
        "kept = value",
    ),
    (
        "values are not copied as they are stored the short way",
        "flights/memoizer.py",
        "put_at_once(flight.key, value if self._copy is None else self._copy(value))",
        "put_at_once(flight.key, value)",
    ),
    (
        "two functions share a name",
        "decorators/registry.py",
        "    if others:\n        raise",
        "    if False:\n        raise",
    ),
    (
        "a store is cleared while it is written",
        "decorators/cache.py",
        "            await backend.written()",
        "            pass",
    ),
    ("a value without a life is kept", "stores/local_backend.py", "        if lasting <= 0:", "        if False:"),
]


def main(word: str = "") -> int:
    """Plant the faults and count those that survive."""
    survivors = []
    in_process, over_redis = [HERE, f"--ignore={HERE / 'fleet'}"], [HERE / "test_leases.py", HERE / "fleet"]
    faults = [(*fault, in_process) for fault in FAULTS] + [(*fault, over_redis) for fault in FLEET_FAULTS]
    for name, room, before, after, tests in faults:
        if word not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder, "src")
            shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
            file = copy / "ponty/memo" / room
            code = file.read_text()
            if code.count(before) != 1:
                print(f"MOVED     {name}: {room} has {code.count(before)} of {before!r}")
                survivors.append(name)
                continue
            file.write_text(code.replace(before, after))
            environment = {**os.environ, "PYTHONPATH": str(copy)}
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *map(str, tests)]
            try:
                run = subprocess.run(
                    command, env=environment, cwd=HERE.parents[2], capture_output=True, timeout=300, check=False
                )
                caught = run.returncode != 0
            except subprocess.TimeoutExpired:
                caught = True
            print(f"{'caught   ' if caught else 'SURVIVED '} {name}", flush=True)
            if not caught:
                survivors.append(name)
    print(f"{len(survivors)} of {len(faults)} faults not caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
