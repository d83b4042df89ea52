"""Calling a function again when it fails."""

import asyncio
import functools
import inspect
import logging
import math

import pytest

from ponty.core import retry


class Flaky:
    """Fails `failures` times, then gives 42; of a plain function and of a coroutine function."""

    def __init__(self, failures, error=ConnectionError):
        self.failures, self.error, self.calls = failures, error, 0

    def __call__(self):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error(f"failure {self.calls}")
        return 42

    async def call(self):
        return self()


@pytest.fixture
def naps(monkeypatch):
    """Write down the waits instead of waiting, for plain functions."""
    seconds = []
    monkeypatch.setattr("time.sleep", seconds.append)
    return seconds


def waits(naps):
    return [round(1000 * seconds, 6) for seconds in naps]


def test_a_function_is_called_until_it_succeeds(naps):
    flaky = Flaky(3)
    assert retry(ConnectionError, max_retries=5)(lambda: flaky())() == 42
    assert (flaky.calls, waits(naps)) == (4, [100, 100, 100])


def test_a_coroutine_function_is_called_until_it_succeeds(run_virtually):
    flaky = Flaky(3)

    @retry(ConnectionError, max_retries=5, t1_ms=1000, backoff_factor=2, t2_ms=3000)
    async def fetch():
        return await flaky.call()

    async def main():
        assert await fetch() == 42
        return asyncio.get_running_loop().time()

    assert inspect.iscoroutinefunction(fetch)
    assert run_virtually(main()) == pytest.approx(1 + 2 + 3)
    assert flaky.calls == 4


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [100]),
        ({"max_retries": 0}, []),
        ({"max_retries": 4, "backoff_factor": 2}, [100, 200, 400, 800]),
        ({"max_retries": 4, "backoff_factor": 2, "t1_ms": 10, "t2_ms": 30}, [10, 20, 30, 30]),
        ({"max_retries": 3, "backoff_factor": 0.5}, [100, 50, 25]),
        ({"max_retries": 3, "backoff_factor": 0}, [100, 0, 0]),
        ({"max_retries": 2, "t1_ms": 0}, [0, 0]),
        ({"max_retries": 2, "t1_ms": 5000}, [4000, 4000]),
    ],
)
def test_the_waits(naps, options, expected):
    flaky = Flaky(math.inf)
    with pytest.raises(ConnectionError):
        retry(ConnectionError, **options)(lambda: flaky())()
    assert waits(naps) == expected
    assert flaky.calls == len(expected) + 1


def test_a_wait_without_bounds_is_the_longest_one(naps):
    flaky = Flaky(2000)
    assert retry(ConnectionError, max_retries=2000, backoff_factor=10.0)(lambda: flaky())() == 42
    assert waits(naps)[-1] == 4000


def test_the_last_error_is_raised_as_it_was(naps):
    errors = [ConnectionError("first"), ConnectionError("second")]
    raised = iter(errors)

    @retry(ConnectionError)
    def fail():
        raise next(raised)

    with pytest.raises(ConnectionError) as caught:
        fail()
    assert caught.value is errors[1]
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_another_error_is_raised_at_once(naps):
    flaky = Flaky(1, KeyError)
    with pytest.raises(KeyError):
        retry(ConnectionError, ValueError, max_retries=5)(lambda: flaky())()
    assert flaky.calls == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize(
    "trapped", [(BaseException,), (KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit)]
)
def test_what_ends_a_program_or_a_task_is_never_trapped(naps, error, trapped):
    flaky = Flaky(1, error)
    with pytest.raises(error):
        retry(*trapped, max_retries=5)(lambda: flaky())()
    assert flaky.calls == 1


def test_a_task_is_cancelled_in_the_call_and_in_the_wait(run_virtually):
    calls = []

    @retry(BaseException, max_retries=5, t1_ms=1000)
    async def fetch(step):
        calls.append(step)
        if step == "call":
            await asyncio.sleep(10)
        raise ConnectionError

    async def main():
        for step in ("call", "wait"):
            task = asyncio.create_task(fetch(step))
            await asyncio.sleep(0.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run_virtually(main())
    assert calls == ["call", "wait"]


def test_anticollision_draws_each_wait_uniformly_from_zero_up_to_what_it_would_have_been(naps, monkeypatch):
    draws = []

    def uniform(low, high):
        draws.append((low, high))
        return high / 4

    monkeypatch.setattr("random.uniform", uniform)
    flaky = Flaky(3)
    assert retry(ConnectionError, max_retries=3, backoff_factor=2, anticollision=True)(lambda: flaky())() == 42
    assert draws == [(0, 100), (0, 200), (0, 400)]
    assert waits(naps) == [25, 50, 100]


def test_anticollision_differs_from_call_to_call(naps):
    flaky = Flaky(50)
    retry(ConnectionError, max_retries=50, anticollision=True)(lambda: flaky())()
    assert len(set(naps)) > 40
    assert 0 <= min(naps) < max(naps) <= 0.1


def test_arguments_result_name_and_documentation_are_kept(naps):
    @retry(ConnectionError)
    def add(a: int, *, b: int) -> int:
        """Add."""
        return a + b

    assert add(1, b=2) == 3
    assert (add.__name__, add.__doc__) == ("add", "Add.")
    assert list(inspect.signature(add).parameters) == ["a", "b"]


def test_any_parameter_may_be_given_by_name(naps):
    @retry(ConnectionError)
    def call(fn, self, args):
        return fn, self, args

    assert call(fn=1, self=2, args=3) == (1, 2, 3)


@pytest.mark.parametrize("error", [KeyboardInterrupt, asyncio.CancelledError])
def test_a_group_with_what_ends_a_program_or_a_task_is_never_trapped(naps, error):
    calls = []

    @retry(BaseException, max_retries=5)
    def fail():
        calls.append(1)
        raise BaseExceptionGroup("group", [ValueError(), error()])

    with pytest.raises(BaseExceptionGroup):
        fail()
    assert len(calls) == 1


def test_a_generator_is_refused_at_decoration():
    def generator():
        yield

    async def async_generator():
        yield

    for function in (generator, async_generator):
        with pytest.raises(TypeError, match=f"'.*{function.__name__}' is a generator"):
            retry(ValueError)(function)


@pytest.mark.parametrize(
    ("excs", "options", "words"),
    [
        ((), {}, "needs the exceptions to trap"),
        ((42,), {}, "exception classes, not 42"),
        ((len,), {}, "exception classes, not <built-in function len>"),
        ((int,), {}, "exception classes"),
        ((ConnectionError("x"),), {}, "exception classes"),
        ((OSError,), {"max_retries": -1}, "max_retries must be a whole number of at least 0, not -1"),
        ((OSError,), {"max_retries": 1.5}, "max_retries must be a whole number"),
        ((OSError,), {"t1_ms": "100"}, "t1_ms must be a number of at least 0"),
        ((OSError,), {"t2_ms": None}, "t2_ms must be a number of at least 0"),
        ((OSError,), {"t1_ms": -1}, "t1_ms must be a number of at least 0"),
        ((OSError,), {"t2_ms": math.nan}, "t2_ms must be a number of at least 0"),
        ((OSError,), {"t2_ms": math.inf}, "t2_ms must be a number of at least 0"),
        ((OSError,), {"backoff_factor": -2}, "backoff_factor must be a number of at least 0"),
    ],
)
def test_impossible_arguments_are_refused_at_decoration(excs, options, words):
    with pytest.raises(ValueError, match=words):
        retry(*excs, **options)


class Later:
    """An object whose `__call__` is a coroutine function."""

    def __init__(self, flaky):
        self.flaky = flaky

    async def __call__(self):
        return await self.flaky.call()


def returns_a_coroutine(flaky):
    return lambda: flaky.call()


def returns_a_task(flaky):
    return lambda: asyncio.ensure_future(flaky.call())


def is_partial(flaky):
    return functools.partial(Later(flaky).__call__)


def fails_before_and_after(flaky):
    def fetch():
        if 0 < flaky.failures > flaky.calls == 0:
            flaky()
        return flaky.call()

    return fetch


@pytest.mark.parametrize("kind", [Later, returns_a_coroutine, returns_a_task, is_partial, fails_before_and_after])
@pytest.mark.parametrize(("failures", "calls"), [(0, 1), (3, 4), (9, 4)])
def test_whatever_is_awaited_is_retried(run_virtually, naps, kind, failures, calls):
    flaky = Flaky(failures)

    async def main():
        return await retry(ConnectionError, max_retries=3)(kind(flaky))()

    if failures > 3:
        with pytest.raises(ConnectionError):
            run_virtually(main())
    else:
        assert run_virtually(main()) == 42
    assert flaky.calls == calls


def test_what_a_function_returns_that_is_no_coroutine_is_returned_as_it_is(naps):
    class Manager:
        def __await__(self):
            raise AssertionError("nobody awaited it")

    manager = Manager()
    assert retry(ConnectionError)(lambda: manager)() is manager


def test_methods_of_classes_are_retried(naps):
    flaky = Flaky(2)

    class Shop:
        @retry(ConnectionError, max_retries=2)
        @classmethod
        def opened(cls):
            return cls, flaky()

        @retry(ConnectionError)
        @staticmethod
        def price():
            return flaky()

    assert Shop.opened() == (Shop, 42)
    assert Shop().price() == 42
    assert flaky.calls == 4


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (Flaky, "@retry: 'Flaky' is a class; retry a function that makes an instance"),
        (42, "@retry decorates a function, not a 'int'"),
        (property(len), "@retry decorates a function, not a 'property'"),
    ],
)
def test_what_cannot_be_retried_is_refused_at_decoration(function, words):
    with pytest.raises(TypeError) as caught:
        retry(ConnectionError)(function)
    assert str(caught.value) == words


@pytest.mark.parametrize("kind", ["plain", "coroutine", "object"])
def test_each_retry_is_logged_without_the_words_of_the_error(naps, run_virtually, caplog, kind):
    flaky = Flaky(2)

    def fetch():
        return flaky()

    async def fetch_later():
        return flaky()

    function = {"plain": fetch, "coroutine": fetch_later, "object": Later(flaky)}[kind]
    retrying = retry(ConnectionError, max_retries=5, backoff_factor=2)(function)
    with caplog.at_level(logging.WARNING, "ponty.core"):
        if kind == "plain":
            retrying()
        else:
            run_virtually(retrying())
    name = getattr(function, "__qualname__", "Later")
    assert caplog.messages == [
        f"{name} failed with ConnectionError; it is called again in 100 ms (retry 1 of 5)",
        f"{name} failed with ConnectionError; it is called again in 200 ms (retry 2 of 5)",
    ]
