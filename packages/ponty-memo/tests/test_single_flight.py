"""One computation per key, whoever waits for it."""

import asyncio
import contextlib
import gc
import traceback
import warnings
import weakref

import pytest

from ponty.memo import Deadlock, Lock, Stampede, cache, localcache, locallock


async def test_many_callers_share_one_computation():
    calls = []

    @localcache()
    async def square(x):
        calls.append(x)
        await asyncio.sleep(0.05)
        return x * x

    assert await asyncio.gather(*[square(7) for _ in range(100)]) == [49] * 100
    assert calls == [7]
    assert square.cache_info() == (0, 100, 1, 0, 0, 0)


async def test_different_keys_fly_side_by_side(now):
    @localcache()
    async def slow(x):
        await asyncio.sleep(0.1)
        return x

    assert await asyncio.gather(*[slow(x) for x in range(10)]) == list(range(10))
    assert now() == 100


async def test_none_is_a_value():
    calls = []

    @localcache()
    async def nothing():
        calls.append(1)

    assert await nothing() is None
    assert await nothing() is None
    assert len(calls) == 1


async def test_a_failure_reaches_everyone_who_waits_and_is_not_stored():
    calls = []

    @localcache()
    async def fail():
        calls.append(1)
        await asyncio.sleep(0.01)
        raise LookupError("no such thing")

    results = await asyncio.gather(*[fail() for _ in range(10)], return_exceptions=True)
    assert [str(error) for error in results] == ["no such thing"] * 10
    assert len(calls) == 1
    with pytest.raises(LookupError):
        await fail()
    assert len(calls) == 2


async def test_each_waiter_gets_a_traceback_of_its_own():
    @localcache()
    async def fail():
        await asyncio.sleep(0.01)
        raise LookupError("no such thing")

    async def handle():
        try:
            try:
                raise OSError("mine")  # noqa: TRY301 - what is being handled meanwhile
            except OSError:
                await fail()
        except LookupError as error:
            return error

    errors = await asyncio.gather(*[handle() for _ in range(10)])
    assert len({id(error) for error in errors}) == 10
    assert len({id(error.__context__) for error in errors}) == 10
    frames = [[frame.name for frame in traceback.extract_tb(error.__traceback__)] for error in errors]
    assert frames == [frames[0]] * 10
    assert frames[0][-1] == "fail"
    assert frames[0].count("fail") == 2  # the wrapper and the function


class Coded(Exception):
    def __init__(self, code, *, hint):
        super().__init__(f"code {code}")
        self.code, self.hint = code, hint


class Slotted(Exception):
    __slots__ = ("detail",)


class Rigid(Exception):
    def __setattr__(self, name, value):
        raise AttributeError(name)


def _slotted():
    error = Slotted("x")
    error.detail = [1]
    return error


def _noted():
    error = ValueError("x")
    error.add_note("more")
    return error


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (lambda: ValueError("a", 1), ["args"]),
        (lambda: KeyError("a"), ["args"]),
        (lambda: Coded(7, hint="h"), ["args", "code", "hint"]),
        (_slotted, ["args", "detail"]),
        (_noted, ["args", "__notes__"]),
        (lambda: OSError(2, "no file", "name.txt"), ["args", "errno", "strerror", "filename"]),
        (lambda: UnicodeDecodeError("ascii", b"\xff", 0, 1, "bad"), ["encoding", "object", "start", "end", "reason"]),
        (lambda: ImportError("x", name="n", path="p"), ["args", "name", "path"]),
        (lambda: AttributeError("x", name="n", obj=int), ["args", "name", "obj"]),
        (lambda: ExceptionGroup("g", [ValueError(1)]), ["message", "exceptions"]),
        (lambda: Rigid("x"), ["args"]),
    ],
)
async def test_a_failure_keeps_all_its_parts(make, parts):
    original = make()

    @localcache()
    async def fail():
        await asyncio.sleep(0.01)
        raise original

    for error in await asyncio.gather(fail(), fail(), fail(), return_exceptions=True):
        assert type(error) is type(original)
        assert str(error) == str(original)
        assert [getattr(error, part) for part in parts] == [getattr(original, part) for part in parts]


async def test_maxwait_ends_the_wait_of_those_who_join_and_not_of_the_one_who_computes(now):
    @localcache(maxwait_ms=100)
    async def slow():
        await asyncio.sleep(5)
        return "done"

    first = asyncio.create_task(slow())
    await asyncio.sleep(0.03)
    with pytest.raises(Stampede):
        await slow()
    assert now() == 130
    assert await first == "done"
    assert now() == 5000
    assert slow.cache_info().stampedes == 1


async def test_who_is_refused_reads_what_to_set():
    """In the traceback, which no client sees."""

    @localcache(name="prices of the slow")
    async def slow():
        await asyncio.sleep(5)

    first = asyncio.create_task(slow())
    await asyncio.sleep(0)
    with pytest.raises(Stampede) as caught:
        await slow()
    await first
    assert str(caught.value) == ""
    assert "was still held after 1000 ms" in caught.value.__notes__[0]
    assert "'prices of the slow'" in caught.value.__notes__[1]
    assert "maxwait_ms=1000: choose more than a computation takes" in caught.value.__notes__[1]


async def test_each_joiner_has_its_own_limit(now):
    @localcache(maxwait_ms=100)
    async def slow():
        await asyncio.sleep(0.25)

    refused = []

    async def call(after):
        await asyncio.sleep(after / 1000)
        try:
            await slow()
        except Stampede:
            refused.append((after, now()))

    await asyncio.gather(*[call(after) for after in (0, 10, 20, 20, 140, 151, 200)])
    assert refused == [(10, 110), (20, 120), (20, 120), (140, 240)]


async def test_maxwait_zero_refuses_at_once(now):
    @localcache(maxwait_ms=0)
    async def slow():
        await asyncio.sleep(0.1)
        return 1

    first = asyncio.create_task(slow())
    await asyncio.sleep(0.01)
    with pytest.raises(Stampede):
        await slow()
    assert now() == 10
    assert await first == 1
    assert await slow() == 1


async def test_who_follows_a_cancelled_leader_waits_without_a_limit(now, ticks):
    """The work is then done for that caller, as it would be had the first one never come."""

    @localcache(maxwait_ms=100)
    async def slow():
        await asyncio.sleep(1)
        return 1

    first, second, third = (asyncio.create_task(slow()) for _ in range(3))
    await ticks()
    first.cancel()
    with pytest.raises(Stampede):
        await third
    assert await second == 1
    assert now() == 1000


async def test_a_call_inside_its_own_computation_is_refused_at_once(now):
    @localcache()
    async def recurse(n):
        return await recurse(n)

    with pytest.raises(Deadlock, match="recurse"):
        await recurse(1)
    assert now() == 0


@pytest.mark.parametrize("again", ["call", "task", "block", "circle"])
async def test_a_call_inside_a_computation_that_nobody_joins_any_more_is_refused_at_once(now, again):
    """The cache was cleared meanwhile, but the computation still holds the key."""

    @localcache(maxwait_ms=1000)
    async def outer():
        outer.cache_clear()
        if again == "block":
            return await outer.invalidate()
        call = inner() if again == "circle" else outer()
        return await (asyncio.create_task(call) if again == "task" else call)

    @localcache(maxwait_ms=1000)
    async def inner():
        return await outer()

    with pytest.raises(Deadlock):
        await outer()
    assert now() == 0


async def test_a_call_that_waits_for_a_computation_that_nobody_joins_any_more_takes_part_in_circles(now):
    """Whoever began it."""

    @localcache(maxwait_ms=1000)
    async def outer():
        if not inside:
            inside.append(1)
            outer.cache_clear()
            await asyncio.sleep(0.01)
            return await outer()
        return 2

    inside = []
    first = asyncio.create_task(outer())
    while not inside:
        await asyncio.sleep(0)
    second = asyncio.create_task(outer())
    with pytest.raises(Deadlock):
        await first
    assert await second == 2
    assert now() == 10


async def test_recursion_on_other_keys_is_fine():
    @localcache()
    async def fib(n):
        return n if n < 2 else await fib(n - 1) + await fib(n - 2)

    assert await fib(60) == 1548008755920


async def test_a_circle_of_two_computations_is_refused():
    """Also where each was begun outside the other."""

    @localcache()
    async def left(n):
        await asyncio.sleep(0.01)
        return await right(n)

    @localcache()
    async def right(n):
        await asyncio.sleep(0.01)
        return await left(n)

    results = await asyncio.gather(left(1), right(1), return_exceptions=True)
    assert [type(result) for result in results] == [Deadlock, Deadlock]


async def test_a_circle_through_a_task_of_the_computation_is_refused():
    @localcache()
    async def outer():
        return await asyncio.create_task(outer())

    with pytest.raises(Deadlock):
        await outer()


async def test_a_task_that_outlives_the_computation_may_call_it():
    tasks = []

    @localcache(maxsize=1)
    async def compute(n):
        async def later():
            await asyncio.sleep(0.1)
            return await compute(n + 10)

        if n < 10:
            tasks.append(asyncio.create_task(later()))
        return n

    assert await compute(1) == 1
    await compute.invalidate(1)
    assert await tasks[0] == 11


async def test_a_shared_part_of_two_computations_is_no_circle():
    @localcache()
    async def part():
        await asyncio.sleep(0.01)
        return 1

    @localcache()
    async def whole(n):
        return sum(await asyncio.gather(part(), part())) + n

    assert await asyncio.gather(whole(1), whole(2), part()) == [3, 4, 1]


async def test_the_computation_runs_in_the_context_of_the_caller_who_began_it():
    from contextvars import ContextVar

    who = ContextVar("who", default="nobody")

    @localcache()
    async def compute():
        await asyncio.sleep(0.01)
        seen = who.get()
        who.set("the computation")
        return seen

    async def call(name):
        who.set(name)
        return await compute(), who.get()

    assert await asyncio.gather(call("first"), call("second")) == [("first", "first"), ("first", "second")]


async def test_over_a_store_the_lock_is_taken_and_the_store_read_again(make_store, make_sentinels):
    """Another holder of the lock may have stored the value meanwhile."""
    store, calls = make_store(), []
    lock = locallock(maxwait_ms=1000)

    @cache(store, lock, name="n")
    async def compute(x):
        calls.append(x)
        return x

    await compute(0)
    (key,) = store.data
    other = key.replace("0", "1")
    async with lock.lock(other):
        task = asyncio.create_task(compute(1))
        await asyncio.sleep(0.01)
        store.data[other] = "stored meanwhile"
    assert await task == "stored meanwhile"
    assert calls == [0]


async def test_a_hit_over_a_slow_store_takes_no_lock(make_store):
    store = make_store(delay_ms=5)
    lock = locallock()

    @cache(store, lock)
    async def compute(x):
        return x

    assert await compute(1) == 1
    assert await asyncio.gather(*[compute(1) for _ in range(100)]) == [1] * 100
    assert compute.cache_info().hits == 100


@pytest.mark.parametrize("method", ["get", "set"])
async def test_a_failing_store_fails_the_call_and_leaves_nothing_locked(make_store, method):
    store = make_store()

    @cache(store, locallock(maxwait_ms=100))
    async def compute(x):
        return x

    store.fail = [method]
    with pytest.raises(ConnectionError, match=method):
        await compute(1)
    assert await compute(1) == 1


async def test_no_failure_is_left_unretrieved():
    @localcache()
    async def fail():
        await asyncio.sleep(0.01)
        raise LookupError

    problems = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    task = asyncio.create_task(fail())
    other = asyncio.create_task(fail())
    await asyncio.sleep(0.005)
    asyncio.get_running_loop().call_later(0.005, task.cancel)
    await asyncio.gather(task, other, return_exceptions=True)
    del task, other
    gc.collect()
    await asyncio.sleep(0.1)
    assert problems == []


async def test_cancellation_from_within_reaches_the_callers():
    """As it would without the cache."""

    @localcache()
    async def give_up():
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    results = await asyncio.gather(give_up(), give_up(), return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 2
    assert give_up.cache_info().flights == 0


async def test_eager_tasks_fly_too():
    factory = getattr(asyncio, "eager_task_factory", None)
    if factory is None:
        pytest.skip("Python 3.12 brought eager tasks")
    asyncio.get_running_loop().set_task_factory(factory)
    calls = []

    @localcache()
    async def at_once(x):
        calls.append(x)
        return x

    @localcache()
    async def slow(x):
        await asyncio.sleep(0.01)
        return await at_once(x)

    assert await at_once(1) == 1
    assert await asyncio.gather(slow(1), slow(1), slow(2)) == [1, 1, 2]
    assert calls == [1, 2]


async def test_ten_thousand_waiters_time_out_together():
    @localcache(maxwait_ms=10)
    async def slow():
        await asyncio.sleep(1)

    leader = asyncio.create_task(slow())
    await asyncio.sleep(0)
    with warnings.catch_warnings():
        results = await asyncio.gather(*[slow() for _ in range(10_000)], return_exceptions=True)
    assert {type(result) for result in results} == {Stampede}
    leader.cancel()


@pytest.mark.parametrize("fails", [False, True])
async def test_what_is_over_leaves_no_work_for_the_garbage_collector(fails, ticks):
    class Shop:
        @localcache()
        async def price(self, product):
            await asyncio.sleep(0)
            if fails:
                raise LookupError(product)
            return 1

    async def call(shop):
        with contextlib.suppress(LookupError):
            await shop.price("tea")

    gc.collect()
    gc.disable()
    try:
        shop = Shop()
        gone = weakref.ref(shop)
        await call(shop)
        del shop
        await ticks()
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("method", ["exists", "add", "remove"])
async def test_a_lock_whose_store_fails_once_holds_up_nobody_for_long(make_store, make_sentinels, method, caplog):
    """A value that is known is served all the same, and the failure to free the key is logged."""
    sentinels = make_sentinels()

    @cache(make_store(), Lock(sentinels, maxwait_ms=100), cache_if=lambda _: False)
    async def compute(x):
        return x

    sentinels.fail_before.append(method)
    results = await asyncio.gather(compute(1), compute(1), return_exceptions=True)
    assert [type(result) for result in results] == [int if method == "remove" else ConnectionError] * 2
    assert ("could not be released" in caplog.text) == (method == "remove")
    assert await compute(1) == 1
    assert sentinels.keys == set()


def test_keyboard_interrupts_pass_through(virtual_loop):
    """They end the program, not just the computation."""

    @localcache()
    async def compute():
        await asyncio.sleep(0)
        raise KeyboardInterrupt

    loop = virtual_loop()
    task = loop.create_task(compute())
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(task)
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(task)
    assert isinstance(task.exception(), KeyboardInterrupt)
    loop.close()
    assert compute.cache_info().flights == 0


async def test_callers_that_keep_coming_do_not_pile_up(ticks):
    """Those who have given up are forgotten while the computation goes on."""

    @localcache(maxwait_ms=10)
    async def slow():
        await asyncio.sleep(1)

    leader = asyncio.create_task(slow())
    await ticks()
    for _ in range(50):
        with contextlib.suppress(Stampede, TimeoutError):
            await slow()
        assert compute_waiters(slow) == 1
    await leader


def compute_waiters(function):
    return function.cache_info().waiters
