"""Values that an encoder would write as something else than they are."""

import dataclasses
import datetime
import io
import json
import zoneinfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ponty.core.encoding.json_encoder import _SUSPECT, encode_json, is_suspect

OLD = datetime.timezone(datetime.timedelta(minutes=19, seconds=32))  # Amsterdam's, until 1937


@dataclasses.dataclass
class Event:
    at: datetime.datetime
    seats: dict[int, str]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime.datetime(1900, 1, 1, 12, tzinfo=OLD), "1900-01-01T11:40:28Z"),
        ([datetime.datetime(1900, 1, 1, 12, tzinfo=OLD)], ["1900-01-01T11:40:28Z"]),
        (
            Event(datetime.datetime(1900, 1, 1, 12, tzinfo=OLD), {1: "a"}),
            {"at": "1900-01-01T11:40:28Z", "seats": {"1": "a"}},
        ),
        (datetime.time(12, tzinfo=OLD), "11:40:28Z"),
        (datetime.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")), "2026-01-01T00:00:00Z"),
        (datetime.time(12, tzinfo=datetime.timezone(datetime.timedelta(hours=1))), "12:00:00+01:00"),
        ({1: "a", "b": {2.5: "c"}}, {"1": "a", "b": {"2.5": "c"}}),
        ((number for number in range(3)), [0, 1, 2]),
        ({"a": map(str, [1, 2]), "b": filter(None, [0, 1])}, {"a": ["1", "2"], "b": [1]}),
        ([zip([1], [2], strict=True), iter({"a": 1}), {"a": 1}.items()], [[[1, 2]], ["a"], [["a", 1]]]),
        (
            {"items": (Event(datetime.datetime(1900, 1, 1, tzinfo=OLD), {}) for _ in "a")},
            {"items": [{"at": "1899-12-31T23:40:28Z", "seats": {}}]},
        ),
        ({"text": 'a":12", "3":4'}, {"text": 'a":12", "3":4'}),
    ],
)
def test_a_value_is_written_as_what_it_is(value, expected):
    assert json.loads(encode_json(value)) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({True: 1}, "a bool cannot be a key"),
        ([{"a": {False: 1}}], "a bool cannot be a key"),
        ({1: "a", "1": "b"}, "two keys of a dict have the same name"),
        ({2.5: "a", "2.5": "b"}, "two keys of a dict have the same name"),
        ([io.StringIO("a")], "a file cannot be encoded"),
    ],
)
def test_what_would_be_written_as_something_else_is_refused(value, message):
    with pytest.raises(TypeError, match=message):
        encode_json(value)


PIECES = st.sampled_from([b'"', b":", b"0", b"12", b"-", b".", b"e+7", b"x", b":30", b'"5":', b'"a1":', b"\xc3", b"\\"])


@given(st.lists(PIECES, max_size=12).map(b"".join))
@example(b'{"12":1}')
@example(b'{"-1.5e+7":1}')
@example(b'"2026-01-01T00:00:00+00:20"')
@example(b'{"a1":"12:3x","":0}')
def test_what_must_be_looked_at_is_found_as_by_the_pattern_that_says_what_it_is(body):
    assert is_suspect(body) == bool(_SUSPECT.search(body))
