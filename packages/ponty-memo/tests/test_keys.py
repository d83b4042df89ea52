"""Two calls share a value exactly when they are the same call."""

import asyncio
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import gc
import inspect
import pathlib
import re
import subprocess
import sys
import uuid
import weakref
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponty.memo import CacheStore, cache, cachemiss, localcache, locallock
from ponty.memo.keys.forms import form, text


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Right(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Point:
    x: float
    tags: list = dataclasses.field(default_factory=list)
    note: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: object


@dataclasses.dataclass(eq=False)
class Unequal:
    x: int


class Plain:
    pass


class Text(str):
    __slots__ = ()


Pair = collections.namedtuple("Pair", "a b")  # noqa: PYI024 - the untyped one is the point
UTC, PARIS = datetime.UTC, zoneinfo.ZoneInfo("Europe/Paris")
MORNING = datetime.datetime(2020, 1, 1, 8)  # noqa: DTZ001 - a naive one, among others

DIFFERENT = [
    *(1, True, 1.0, 1 + 0j, "1", b"1", bytearray(b"1"), Text("1"), "(1,)", "True", "None", None, ..., int, str, Plain),
    *((1,), [1], {1}, frozenset({1}), {1: 2}, {"1": 2}, {1: "2"}, {1: True}, collections.OrderedDict({1: 2})),
    *(collections.Counter([1]), collections.deque([1]), (), [], {}, set(), frozenset(), "", 0, False, 0.0, -0.0),
    *([[1]], [(1,)], [[True]], ((1,),), ((1.0,),), (("a", 1),), ("a", 1), {1: [1]}, {1: [True]}, Pair(1, 2), (1, 2)),
    *(float("nan"), float("inf"), decimal.Decimal(1), decimal.Decimal("1.0"), fractions.Fraction(1)),
    *(Colour.RED, Level.LOW, Right.READ, Right.READ | Right.WRITE, Plain(), Plain(), Unequal(1), Unequal(1)),
    *(Point(1), Point(True), Point(1, [1]), Point(1, [True]), Frozen(1), Frozen(True), Frozen((1,)), Frozen([1])),
    *(datetime.date(2020, 1, 1), datetime.timedelta(1), datetime.time(1), datetime.time(1, fold=1)),
    *(MORNING, MORNING.replace(fold=1), MORNING.replace(tzinfo=UTC), MORNING.replace(tzinfo=PARIS)),
    MORNING.replace(hour=9, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
    *(uuid.UUID(int=1), pathlib.PurePosixPath("1"), re.compile("1"), re.compile(b"1"), range(1), range(1, 2), slice(1)),
    *(len, print, [].append, [].append, functools.partial(len), inspect.signature, "1,2", "1),(2"),
]


def test_types_tell_values_apart_at_every_depth():
    for wrap in (lambda v: v, lambda v: [v], lambda v: {"k": (v,)}, lambda v: Frozen([v])):
        forms = {}
        for value in DIFFERENT:
            made = form(wrap(value))
            assert forms.setdefault(made, value) is value, (forms[made], value)


def test_texts_tell_them_apart_too():
    texts = {}
    for value in DIFFERENT:
        if not isinstance(value, type(len)) or value in {len, print}:
            made = text(value)
            assert texts.setdefault(made, value) is value, (texts[made], value)


_atoms = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(width=16), st.text(max_size=2), st.binary(max_size=2)
)
_values = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
        st.builds(Frozen, inner),
    ),
)


def _same(a, b):
    """Compare two values the slow and obvious way."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, Frozen):
        return _same(a.x, b.x)
    return repr(a) == repr(b)


@given(_values, _values)
def test_forms_and_texts_are_equal_exactly_for_the_same_value(a, b):
    assert (form(a) == form(b)) == _same(a, b)
    assert (text(a) == text(b)) == _same(a, b)
    import copy

    assert form(copy.deepcopy(a)) == form(a)
    assert text(copy.deepcopy(a)) == text(a)


@pytest.mark.parametrize("mode", ["local", "store"])
async def test_all_forms_of_one_call_are_one_call(mode, make_store):
    calls = []
    decorate = localcache() if mode == "local" else cache(make_store(), locallock())

    @decorate
    async def compute(a, /, b, c=3, *, d=4, e=5):
        calls.append((a, b, c, d, e))

    await compute(1, 2)
    await compute(1, b=2)
    await compute(1, 2, 3)
    await compute(1, c=3, b=2)
    await compute(1, 2, e=5, d=4)
    assert calls == [(1, 2, 3, 4, 5)]
    await compute(1, 2, d=5)
    assert len(calls) == 2


@pytest.mark.parametrize("mode", ["local", "store"])
async def test_variadic_calls_keep_their_shape(mode, make_store):
    calls = []
    decorate = localcache() if mode == "local" else cache(make_store(), locallock())

    @decorate
    async def compute(*args, **kwargs):
        calls.append((args, kwargs))

    different = [
        ((), {}),
        ((1,), {}),
        ((("a", 1),), {}),
        (("a", 1), {}),
        ((), {"a": 1}),
        ((), {"a": True}),
        (({"a": 1},), {}),
        ((), {"a": 1, "b": 2}),
        ((), {"a,1),(b": 2}),
    ]
    for args, kwargs in different:
        await compute(*args, **kwargs)
    assert calls == different
    await compute(b=2, a=1)
    assert len(calls) == len(different)


async def test_a_function_behind_another_decorator_keeps_its_forms():
    calls = []

    def logged(function):
        @functools.wraps(function)
        async def wrapper(*args, **kwargs):
            return await function(*args, **kwargs)

        return wrapper

    @localcache()
    @logged
    async def compute(a, b=2):
        calls.append((a, b))

    await compute(1)
    await compute(1, 2)
    await compute(b=2, a=1)
    assert calls == [(1, 2)]
    with pytest.raises(TypeError, match="nonsense"):
        await compute(nonsense=1)


async def test_signature_name_and_kind_are_kept():
    @localcache()
    async def compute(a: int, b: str = "x", *, c: float = 1.0) -> int:
        """Say something."""
        return a

    assert inspect.iscoroutinefunction(compute)
    assert asyncio.iscoroutinefunction(compute) if sys.version_info < (3, 12) else True
    assert str(inspect.signature(compute)) == "(a: int, b: str = 'x', *, c: float = 1.0) -> int"
    assert (compute.__name__, compute.__doc__) == ("compute", "Say something.")
    with pytest.raises(TypeError, match=r"compute\(\) missing 1 required positional argument: 'a'"):
        await compute()


async def test_parameters_may_have_any_name():
    @localcache()
    async def compute(_ponty_key, hits, get, self_=None, *, record=None, _ponty__get=7):
        return _ponty_key, hits, get, record, _ponty__get

    for _ in range(2):
        assert await compute(1, 2, 3, record=4) == (1, 2, 3, 4, 7)


async def test_mutable_defaults_and_arguments_are_read_when_called():
    @localcache()
    async def total(numbers, extra=[1]):  # noqa: B006 - that is the point
        return sum(numbers) + sum(extra)

    numbers = [1, 2]
    assert await total(numbers) == 4
    numbers.append(3)
    assert await total(numbers) == 7


async def test_methods_tell_their_objects_apart_and_keep_none_alive():
    class Shop:
        def __init__(self, name):
            self.name = name

        @localcache()
        async def price(self, product):
            return f"{product} of {self.name}"

    shops = [Shop(str(n)) for n in range(5)]
    for shop in shops:
        for _ in range(2):
            assert await shop.price("tea") == f"tea of {shop.name}"
    assert Shop.price.cache_info()[:3] == (5, 5, 5)
    gone = weakref.ref(shops.pop())
    del shop
    gc.collect()
    assert gone() is None
    assert Shop.price.cache_info().size == 4
    await Shop.price.invalidate(shops[0], "tea")
    assert not Shop.price.cache_contains(shops[0], "tea")


async def test_an_address_used_again_is_another_object():
    class Thing:
        def __init__(self, n):
            self.n = n

        @localcache(maxsize=10_000)
        async def get(self):
            return self.n

    addresses = set()
    for n in range(500):
        thing = Thing(n)
        addresses.add(id(thing))
        assert await thing.get() == n
        del thing
    assert len(addresses) < 500
    assert Thing.get.cache_info().size <= 2


@pytest.mark.parametrize("kind", ["custom equality", "unhashable", "frozen dataclass", "slots", "class"])
async def test_methods_of_every_kind_of_object(kind):
    class Custom:
        def __init__(self):
            self.mark = [1]

        def __eq__(self, other):
            return isinstance(other, Custom)

        def __hash__(self):
            return 1

        @localcache()
        async def who(self):
            return object()

    class Unhashable(Custom):
        __hash__ = None

    @dataclasses.dataclass(frozen=True)
    class Value:
        n: int = 1
        who = Custom.__dict__["who"]

    class Slots:
        __slots__ = ()
        who = Custom.__dict__["who"]

    class Holder:
        who = classmethod(Custom.__dict__["who"])

    made = {
        "custom equality": Custom,
        "unhashable": Unhashable,
        "frozen dataclass": Value,
        "slots": Slots,
        "class": Holder,
    }
    first, second = made[kind](), made[kind]()
    assert await first.who() is await first.who()
    assert (await first.who() is await second.who()) == (kind in {"frozen dataclass", "class"})


class Stubborn:
    def __eq__(self, other):
        return True

    __hash__ = None


def _loop():
    inside = []
    inside.append(inside)
    return inside


@pytest.mark.parametrize(
    ("value", "why"),
    [(Stubborn(), "not hashable"), ([1, {"a": Stubborn()}], "not hashable"), (_loop(), "inside itself")],
)
@pytest.mark.parametrize("mode", ["local", "store"])
async def test_what_cannot_be_keyed_is_named(value, why, mode, make_store):
    decorate = localcache() if mode == "local" else cache(make_store(), locallock())

    @decorate
    async def compute(a, b):
        return 1

    with pytest.raises(TypeError, match=f"compute.*argument 'b' cannot be part of a key.*{why}.*key="):
        await compute(1, value)
    with pytest.raises(TypeError, match="argument 'b'"):
        await compute.cache_contains(1, value) if mode == "store" else compute.cache_contains(1, value)


@pytest.mark.parametrize("mode", ["local", "store"])
async def test_a_key_of_ones_own(mode, make_store):
    calls = []
    options = {"key": lambda a, *_, **__: [a.x]}
    decorate = localcache(**options) if mode == "local" else cache(make_store(), locallock(), **options)

    @decorate
    async def compute(a, b=0, *, c=0):
        calls.append(a.x)

    for a, b in ((Frozen(1), 1), (Frozen(1), 2), (Frozen(True), 1)):
        await compute(a, b, c=3)
    assert calls == [1, True]
    await compute.invalidate(Frozen(1))
    await compute(Frozen(1))
    assert len(calls) == 3


async def test_a_key_of_ones_own_that_cannot_be_keyed_is_named():
    @localcache(key=lambda _: Stubborn())
    async def compute(a):
        return 1

    with pytest.raises(TypeError, match="what key= returned"):
        await compute(1)


async def test_two_functions_never_share_keys_in_one_store(make_store):
    store, lock = make_store(), locallock(100)

    def make(n, **options):
        @cache(store, lock, **options)
        async def compute(x):
            return n

        return compute

    @cache(store, lock)
    async def other(x):
        return "other"

    functions = [make(0), make(1), make(2, name="n"), make(3, name="n"), other]
    for _ in range(2):
        assert [await function(1) for function in functions] == [0, 1, 2, 3, "other"]
    assert all(type(key) is str for key in store.data)
    assert len(store.data) == 5


async def test_in_a_shared_store_two_functions_of_one_name_are_refused():
    class Shared(CacheStore):
        shared = True

        async def get(self, _):
            return cachemiss()

        async def set(self, *_):
            raise NotImplementedError

        async def remove(self, _):
            raise NotImplementedError

    store = Shared()

    def make():
        @cache(store, locallock(), name="n")
        async def compute():
            return 1

    make()
    with pytest.raises(ValueError, match="taken"):
        make()


def test_texts_are_the_same_in_every_process():
    code = (
        "import datetime as d, decimal, enum, pathlib, uuid, zoneinfo\n"
        "from ponty.memo.keys.forms import text\n"
        "print(text([{'b': {3, 1, 'x'}, 'a': frozenset({'p', 'q', 'r'})}, uuid.UUID(int=5), pathlib.PurePosixPath('a'),"
        "d.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Paris')), decimal.Decimal('1.50'), print, dict]))"
    )
    run = functools.partial(subprocess.run, [sys.executable, "-c", code], capture_output=True, check=True)
    assert run(env={"PYTHONHASHSEED": "1"}).stdout == run(env={"PYTHONHASHSEED": "2"}).stdout != b""


@pytest.mark.parametrize("decorate", [localcache(), localcache(ttl_ms=1)])
def test_only_coroutine_functions_are_taken(decorate):
    with pytest.raises(TypeError, match=r"locals>\.plain'.*async def"):

        @decorate
        def plain():
            return 1


def test_parts_that_make_no_cache_are_refused(make_store):
    with pytest.raises(TypeError, match="no method get, set, remove"):
        cache(object(), locallock())
    with pytest.raises(TypeError, match="antistampede must be a Lock"):
        cache(make_store(), "lock")
