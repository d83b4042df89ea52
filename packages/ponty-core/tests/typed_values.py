"""Types that a program may declare, each with values of it, and with values that are not quite of it."""

import dataclasses
import datetime
import decimal
import enum
import itertools
import uuid
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional

import msgspec
from hypothesis import strategies as st

OLD = datetime.timezone(-datetime.timedelta(minutes=19, seconds=32))
names = itertools.count()
NAMES = st.sampled_from(["", "a", "b", "12", "x y"])


class Size(enum.Enum):
    SMALL = "s"


class Level(enum.IntEnum):
    LOW = 1


class Text(str):
    """A text of a class of its own."""

    __slots__ = ()


class Typed(NamedTuple):
    """A type, values of it, and whether a class that is made of it has a form without defaults."""

    hint: Any
    values: st.SearchStrategy[Any]


zones = st.sampled_from(
    [None, datetime.UTC, OLD, datetime.timezone(datetime.timedelta(hours=5, minutes=30)), datetime.timezone.max]
)
SCALARS = [
    Typed(str, st.text(max_size=5) | st.sampled_from(["12:30", "+01:00", '1":2', "\ud800"])),
    Typed(int, st.integers() | st.sampled_from([2**53 + 1, 2**64, -(2**63), 10**30])),
    Typed(float, st.floats()),
    Typed(bool, st.booleans()),
    Typed(None, st.none()),
    Typed(bytes, st.binary(max_size=4)),
    Typed(datetime.date, st.dates()),
    Typed(datetime.datetime, st.datetimes(timezones=zones)),
    Typed(datetime.time, st.times(timezones=zones)),
    Typed(datetime.timedelta, st.timedeltas(max_value=datetime.timedelta(days=900))),
    Typed(decimal.Decimal, st.decimals(allow_nan=False)),
    Typed(uuid.UUID, st.uuids()),
    Typed(Size, st.just(Size.SMALL)),
    Typed(Level, st.just(Level.LOW)),
    Typed(Literal["a", 1], st.sampled_from(["a", 1])),
    Typed(NewType("Id", int), st.integers(0, 9)),
    Typed(Annotated[str, "a note"], st.just("x")),
]

WRONG = st.one_of(
    st.none(),
    st.integers(-1, 1),
    st.just("text"),
    st.just(0.5),
    st.just(Text("own")),
    st.just({"a": 1}),
    st.just({True: 1}),
    st.just({1: 1, "1": 2}),
    st.just([1]),
    st.just({2}),
    st.just(object()),
    st.just(msgspec.UNSET),
    st.just(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)),
    st.just(msgspec.Raw(b"[1]")),
)
"""What may stand where something else is declared."""


@st.composite
def classes(draw: st.DrawFn, parts: st.SearchStrategy[Typed]) -> Typed:
    """Make a class of a few members; its values are sometimes of a subclass with a secret, and sometimes wrong."""
    members = draw(st.lists(parts, min_size=1, max_size=3))
    fields = [(f"member_{number}", member.hint) for number, member in enumerate(members)]
    name = f"Made{next(names)}"
    if draw(st.booleans()):
        optional = draw(st.booleans())
        last = [("last", int | msgspec.UnsetType if optional else int, msgspec.UNSET if optional else 7)]
        options = draw(
            st.fixed_dictionaries(
                {}, optional={"rename": st.just("camel"), "omit_defaults": st.just(True), "tag": st.just("t")}
            )
        )
        if draw(st.integers(0, 9)) == 0:
            options = {"array_like": True}
        made: Any = msgspec.defstruct(name, [*fields, *last], gc=draw(st.booleans()), **options)
        wider: Any = msgspec.defstruct(f"Wide{name}", [("secret", Any, "s")], bases=(made,))
    else:
        how = draw(st.sampled_from([{}, {"slots": True}, {"frozen": True}]))
        made = dataclasses.make_dataclass(name, [*fields, ("last", int, 7)], **how)
        wider = dataclasses.make_dataclass(f"Wide{name}", [("secret", Any, "s")], bases=(made,), **how)
    wide = draw(st.integers(0, 5)) == 0
    if not wide:
        del wider
        kinds = st.just(made)
    else:
        kinds = st.sampled_from([made, wider])
    values = [member.values if draw(st.integers(0, 9)) else member.values | WRONG for member in members]
    return Typed(made, st.builds(lambda kind, *given: kind(*given), kinds, *values))


def _around(parts: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    return st.one_of(
        classes(parts),
        classes(parts),
        parts.map(lambda part: Typed(list[part.hint], st.lists(part.values, max_size=4))),
        parts.map(lambda part: Typed(tuple[part.hint, ...], st.lists(part.values, max_size=3).map(tuple))),
        parts.map(lambda part: Typed(Optional[part.hint], part.values | st.none())),  # noqa: UP045 - of any type
        parts.map(lambda part: Typed(dict[str, part.hint], st.dictionaries(NAMES, part.values, max_size=2))),
    )


typed: st.SearchStrategy[Typed] = st.recursive(st.sampled_from(SCALARS), _around, max_leaves=6)
rows: st.SearchStrategy[Typed] = classes(typed).map(
    lambda part: Typed(list[part.hint], st.lists(part.values, min_size=1, max_size=4).map(lambda some: some * 16))
)
