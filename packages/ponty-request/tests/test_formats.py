"""Texts that stand for values: what each format takes, and what it is read as."""

import datetime as dt  # noqa: ICN001 - it stands in every line
import decimal
import json
import uuid

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponty.request import ParsedJsonBody
from ponty.request.errors import InvalidField
from ponty.request.parsing.parser import Parser

UTC = dt.UTC
GOOD = [
    (dt.date, "2026-02-28", dt.date(2026, 2, 28)),
    (dt.datetime, "2026-02-28T10:00:00Z", dt.datetime(2026, 2, 28, 10, tzinfo=UTC)),
    (dt.datetime, "2026-02-28t10:00:00.5z", dt.datetime(2026, 2, 28, 10, microsecond=500_000, tzinfo=UTC)),
    (dt.datetime, "2026-02-28T10:00:00.123456789-00:00", dt.datetime(2026, 2, 28, 10, microsecond=123456, tzinfo=UTC)),
    (
        dt.datetime,
        "0001-01-02T00:00:00+23:59",
        dt.datetime(1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=23, minutes=59))),
    ),
    (dt.time, "10:00:00", dt.time(10)),
    (dt.time, "10:00:00.25+01:00", dt.time(10, microsecond=250_000, tzinfo=dt.timezone(dt.timedelta(hours=1)))),
    (dt.timedelta, "P1DT2H3M4.5S", dt.timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
    (dt.timedelta, "-PT1S", dt.timedelta(seconds=-1)),
    (dt.timedelta, "P2W", dt.timedelta(weeks=2)),
    (dt.timedelta, "P999999999D", dt.timedelta(days=999_999_999)),
    (uuid.UUID, "00000000-0000-4000-8000-00000000000A", uuid.UUID(int=0x4000_8000_0000_0000_000A)),
    (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
    (decimal.Decimal, "-1e-5", decimal.Decimal("-1e-5")),
    (decimal.Decimal, 1.1, decimal.Decimal("1.1")),
    (decimal.Decimal, 3, decimal.Decimal(3)),
    (bytes, "", b""),
    (bytes, "+/8=", b"\xfb\xff"),
]
BAD = {
    dt.date: [
        "2026-02-30",
        "2026-2-3",
        "20260228",
        "2026-W01-1",
        "٢٠٢٦-02-28",
        "2026-02-28\n",
        " 2026-02-28",
        "0000-01-01",
        "",
    ],
    dt.datetime: [
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-02-28",
        "2026-02-28T10:00:00",
        "2026-02-28 10:00:00Z",
        "2026-02-28T10:00Z",
        "2026-02-28T24:00:00Z",
        "2026-02-28T10:00:60Z",
        "2026-02-28T10:00:00,5Z",
        "2026-02-28T10:00:00.Z",
        "2026-02-28T10:00:00+0100",
        "2026-02-28T10:00:00+24:00",
        "2026-02-28T10:00:00+01:60",
        "2026-02-30T10:00:00Z",
        "2026-02-28T10:00:00Z\n",
    ],
    dt.time: ["10:00", "24:00:00", "10:00:00z0", "T10:00:00", "10:00:00+1:00"],
    dt.timedelta: [
        "P",
        "PT",
        "P1DT",
        "P1Y",
        "P1M",
        "p1d",
        "+P1D",
        "P1.5D",
        "PT1H1",
        "P9999999999D",
        "P1W1D",
        "1D",
        "PT1.S",
    ],
    uuid.UUID: [
        "0" * 32,
        "{00000000-0000-4000-8000-000000000000}",
        "urn:uuid:00000000-0000-4000-8000-000000000000",
        "x",
    ],
    decimal.Decimal: ["NaN", "Infinity", "sNaN", "1_000", " 1", "1.", ".5", "+1", "1e9999", "٣", "", "1" * 2000],
    bytes: ["A", "AA", "AAA", "AA==AA==", "A A=", "AA=", "-_8=", "AAAA\n", "ééé="],
}


@pytest.mark.parametrize(("tp", "text", "value"), GOOD)
def test_a_text_of_the_format_is_read(tp, text, value):
    read = Parser(tp).parse(text)
    assert (type(read), read) == (tp, value)


@pytest.mark.parametrize(("tp", "text"), [(tp, text) for tp, texts in BAD.items() for text in texts])
def test_a_text_that_is_not_of_the_format_is_refused(tp, text):
    with pytest.raises(InvalidField, match="must be "):
        Parser(tp).parse(text)


@pytest.mark.parametrize("tp", BAD)
@pytest.mark.parametrize("value", [True, None, [], {}])
def test_another_type_is_refused(tp, value):
    with pytest.raises(InvalidField, match="is not of type"):
        Parser(tp).parse(value)


DAY_TWO, LAST_BUT_ONE = (dt.datetime.fromisoformat(day) for day in ("0001-01-02", "9999-12-30"))
offsets = st.timezones().map(lambda _: UTC) | st.integers(-1439, 1439).map(
    lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))
)


@pytest.mark.parametrize(
    ("tp", "values"),
    [
        (dt.date, st.dates()),
        (dt.datetime, st.datetimes(DAY_TWO, LAST_BUT_ONE, timezones=offsets)),
        (dt.time, st.times(timezones=st.none() | offsets)),
        (dt.timedelta, st.timedeltas()),
        (uuid.UUID, st.uuids()),
        (decimal.Decimal, st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)),
        (bytes, st.binary()),
    ],
)
def test_what_an_answer_writes_a_body_reads(tp, values):
    parser = Parser(tp)

    @given(value=values)
    def check(value):
        assert parser.parse(json.loads(msgspec.json.encode(value))) == value

    check()


def test_bounds_of_a_decimal_hold_for_every_form_of_it():
    import typing

    from ponty.request import Annotation

    field = ParsedJsonBody(typing.Annotated[decimal.Decimal, Annotation(minimum=0)])
    assert field.describe().schema["type"] == ["number", "string"]
    assert field.read(b'"4.35"') == decimal.Decimal("4.35")
