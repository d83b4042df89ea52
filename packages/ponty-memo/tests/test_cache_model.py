"""The cache against a plain model of it: Hypothesis calls, cancels, invalidates, expires, fails, evicts and clears.

`PONTY_EXAMPLES` says how many times over.
"""

import asyncio
import itertools
from collections import OrderedDict

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ponty.memo import Stampede, localcache

KEYS = st.integers(0, 3)
MAXSIZE = 2
TTL = 10.0
MAXWAIT = 3.0


class CacheMachine(RuleBasedStateMachine):
    """Computations end only when a rule ends them, so each step is one event, and the model knows all of them.

    The model: `stored` maps a key to its value and the end of its life, least recently used first; `flying` maps a key
    to the callers who wait for its computation, the leader first; the end of a caller's wait stands beside it.
    """

    loop_class: type[asyncio.AbstractEventLoop]

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=self.loop_class)
        self.numbers = itertools.count()
        self.running = {}
        self.stored = OrderedDict()
        self.flying = {}
        self.owned = {}
        self.stampedes = self.hits = self.misses = 0

        @localcache(ttl_ms=TTL * 1000, maxsize=MAXSIZE, maxwait_ms=MAXWAIT * 1000)
        async def compute(key):
            assert key not in self.running, "two computations of one key"
            result = self.running[key] = asyncio.get_running_loop().create_future()
            try:
                return await result
            finally:
                del self.running[key]

        self.compute = compute
        self.settle()

    def settle(self, seconds=0.0):
        async def pause():
            if seconds:
                await asyncio.sleep(seconds)
            for _ in range(20):
                await asyncio.sleep(0)

        self.runner.run(pause())
        self.now = self.runner.get_loop().time()

    def fresh(self, key):
        return key in self.stored and self.stored[key][1] > self.now

    @rule(key=KEYS)
    def call(self, key):
        task = self.runner.get_loop().create_task(self.compute(key))
        self.settle()
        if self.fresh(key):
            self.hits += 1
            self.stored.move_to_end(key)
            assert task.result() == self.stored[key][0]
            return
        self.misses += 1
        assert not task.done()
        self.flying.setdefault(key, []).append((task, self.now + MAXWAIT))
        self.owned.setdefault(key, True)
        assert key in self.running

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def succeed(self, data):
        key = data.draw(st.sampled_from(sorted(self.flying)))
        value = next(self.numbers)
        self.running[key].set_result(value)
        self.settle()
        for task, _ in self.flying.pop(key):
            assert task.result() == value
        if self.owned.pop(key):
            self.stored.pop(key, None)
            self.stored[key] = (value, self.now + TTL)
            for old in [old for old, (_, end) in self.stored.items() if end <= self.now]:
                del self.stored[old]
            while len(self.stored) > MAXSIZE:
                self.stored.popitem(last=False)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def fail(self, data):
        key = data.draw(st.sampled_from(sorted(self.flying)))
        self.running[key].set_exception(LookupError(next(self.numbers)))
        self.settle()
        del self.owned[key]
        errors = [task.exception() for task, _ in self.flying.pop(key)]
        assert {type(error) for error in errors} == {LookupError}
        assert len({id(error) for error in errors}) == len(errors)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def cancel(self, data):
        key = data.draw(st.sampled_from(sorted(self.flying)))
        callers = self.flying[key]
        task, _ = callers.pop(data.draw(st.integers(0, len(callers) - 1)))
        task.cancel()
        self.settle()
        assert task.cancelled()
        self.forget_if_abandoned(key)

    def forget_if_abandoned(self, key):
        if not self.flying[key]:
            del self.flying[key], self.owned[key]
            assert key not in self.running

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.5, 4.0, 9.0, 11.0]))
    def wait(self, seconds):
        self.settle(seconds)
        for key, callers in list(self.flying.items()):
            refused = [(task, end) for task, end in callers[1:] if end <= self.now]
            for task, _ in refused:
                assert isinstance(task.exception(), Stampede)
            self.stampedes += len(refused)
            self.flying[key] = [caller for caller in callers if caller not in refused]

    @precondition(lambda self: set(range(4)) - set(self.flying))
    @rule(data=st.data())
    def invalidate(self, data):
        key = data.draw(st.sampled_from(sorted(set(range(4)) - set(self.flying))))
        self.runner.run(_block(self.compute, key))
        self.stored.pop(key, None)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def invalidate_in_flight(self, data):
        """Wait for the flight, drop what it has stored."""
        key = data.draw(st.sampled_from(sorted(self.flying)))
        loop = self.runner.get_loop()
        task = loop.create_task(_block(self.compute, key))
        self.settle()
        assert not task.done()
        self.succeed_one(key)
        assert task.result() is None
        if self.stored.pop(key, None) is None:
            return

    def succeed_one(self, key):
        value = next(self.numbers)
        before = OrderedDict(self.stored)
        self.running[key].set_result(value)
        self.settle()
        for task, _ in self.flying.pop(key):
            assert task.result() == value
        owned = self.owned.pop(key)
        if owned:
            self.stored = OrderedDict((k, v) for k, v in before.items() if v[1] > self.now and k != key)
            self.stored[key] = (value, self.now + TTL)
            while len(self.stored) > MAXSIZE:
                self.stored.popitem(last=False)

    @precondition(lambda self: not self.flying)
    @rule()
    def clear(self):
        self.compute.cache_clear()
        self.stored.clear()
        self.hits = self.misses = self.stampedes = 0

    @precondition(lambda self: len(self.flying) == 1)
    @rule()
    def clear_in_flight(self):
        """Those who wait get the value, and nobody stores it."""
        ((key, callers),) = self.flying.items()
        self.compute.cache_clear()
        self.stored.clear()
        self.hits = self.misses = self.stampedes = 0
        value = next(self.numbers)
        self.running[key].set_result(value)
        self.settle()
        assert [task.result() for task, _ in callers] == [value] * len(callers)
        self.flying.clear()
        self.owned.clear()

    @invariant()
    def agree(self):
        info = self.compute.cache_info()
        alive = {key for key, (_, end) in self.stored.items() if end > self.now}
        assert {key for key in range(4) if self.compute.cache_contains(key)} == alive
        assert len(alive) <= info.size <= MAXSIZE
        assert (info.hits, info.misses, info.stampedes) == (self.hits, self.misses, self.stampedes)
        assert (info.flights, info.waiters) == (len(self.flying), sum(map(len, self.flying.values())))
        assert set(self.running) == set(self.flying)

    def teardown(self):
        for callers in self.flying.values():
            for task, _ in callers:
                task.cancel()
        self.settle()
        assert self.compute.cache_info().flights == 0
        self.runner.close()


async def _block(compute, key):
    async with compute.invalidate(key):
        pass


def test_the_cache_does_what_its_model_does(virtual_loop):
    from hypothesis.stateful import run_state_machine_as_test

    machine = type("Machine", (CacheMachine,), {"loop_class": virtual_loop})
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=40))
