"""What two tools for OpenAPI know as breaking changes: each of their checks has a pair of documents here, or a reason.

Where Ponty says another thing than the tool, there is a reason for that too.
"""

import fnmatch
import importlib.util
import pathlib

import pytest

from ponty.request import changes_between

HERE = pathlib.Path(__file__).parent / "breaking_changes"
SPEC = importlib.util.spec_from_file_location("pairs", HERE / "pairs.py")
pairs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pairs)


def checks(file):
    """Return the checks of a tool, and whether it says that each is of what breaks clients."""
    lines = (line.split() for line in (HERE / file).read_text().splitlines())
    return {name: level in {"ERR", "WARN", "true"} for name, level in lines}


OASDIFF, OPENAPI_DIFF = checks("oasdiff.txt"), checks("openapi_diff.txt")


def applies(name):
    return name in pairs.WHOLE or not pairs.reason(pairs.INAPPLICABLE, name)


def breaks(name, pair):
    try:
        return any(change.breaks for change in changes_between(*pair))
    except Exception as error:
        error.add_note(f"between the documents of {name}")
        raise


def test_each_check_has_a_pair_of_documents_or_a_reason():
    missing = [name for name in OASDIFF if applies(name) and pairs.pair(name) is None]
    missing += [
        name
        for name in OPENAPI_DIFF
        if (name in pairs.OPENAPI_DIFF) is bool(pairs.reason(pairs.OPENAPI_DIFF_INAPPLICABLE, name))
    ]
    assert missing == []
    assert len(OASDIFF) == 509
    assert len(OPENAPI_DIFF) == 47


def test_what_oasdiff_calls_breaking_is_breaking_unless_there_is_a_reason():
    names = [name for name in OASDIFF if applies(name)]
    told = {name: breaks(name, pairs.pair(name)) for name in names}
    assert told == {name: OASDIFF[name] is not bool(pairs.reason(pairs.DIFFERENT, name)) for name in names}


def test_what_openapi_diff_calls_incompatible_is_breaking_unless_there_is_a_reason():
    told = {name: breaks(name, pair) for name, pair in pairs.OPENAPI_DIFF.items()}
    assert told == {
        name: OPENAPI_DIFF[name] is not bool(pairs.reason(pairs.OPENAPI_DIFF_DIFFERENT, name)) for name in told
    }


@pytest.mark.parametrize(
    ("tables", "names"),
    [
        ((pairs.INAPPLICABLE, pairs.DIFFERENT), OASDIFF),
        ((pairs.OPENAPI_DIFF_INAPPLICABLE, pairs.OPENAPI_DIFF_DIFFERENT), OPENAPI_DIFF),
    ],
)
def test_each_reason_is_that_of_a_check(tables, names):
    for table in tables:
        for patterns in table.values():
            for pattern in patterns:
                assert fnmatch.filter(names, pattern), pattern


def test_each_breaking_change_says_where_it_is_and_what_would_break_nobody():
    """The place is a pointer into the first document, down to what is there."""
    for name in filter(applies, OASDIFF):
        old, new = pairs.pair(name)
        for change in changes_between(old, new):
            assert bool(change.instead) is change.breaks, (name, change)
            first = change.pointer.split("/")[1]
            assert first in old or "is new" in change.what, (name, change)
