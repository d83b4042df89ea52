"""Cookies are written as http.cookies writes them, remembered or not."""

import contextlib
from http.cookies import Morsel, SimpleCookie

import pytest

from ponty.core.answers.written_cookies import written_cookies


def cookies(*attributes):
    made = SimpleCookie()
    for number, each in enumerate(attributes):
        made[f"c{number}"] = 'a "quoted; value'
        made[f"c{number}"].update(each)
    return made


ATTRIBUTES = [
    {},
    {"path": "/"},
    {"path": "/", "httponly": True, "secure": True, "samesite": "Lax"},
    {"path": "/", "httponly": 1, "secure": 0},
    {"max-age": "1"},
    {"max-age": 1},
    {"max-age": True},
    {"max-age": 0},
    {"max-age": 0.0},
    {"version": 1, "comment": "a, b"},
    {"expires": 60},
    {"expires": "Thu, 01 Jan 1970 00:00:00 GMT", "domain": "a.example"},
]


def expected(made):
    return "".join(f"\r\nSet-Cookie: {cookie.OutputString()}" for cookie in made.values()).encode()


@pytest.mark.parametrize("order", [ATTRIBUTES, ATTRIBUTES[::-1], ATTRIBUTES * 2])
def test_they_are_written_as_the_standard_library_does(order):
    """Values that are equal, and written otherwise, are told apart."""
    for attributes in order:
        made = cookies(attributes)
        now = expected(made)
        assert written_cookies(made) in {now, expected(made)}  # a second may pass


def test_an_attribute_that_was_taken_out_and_one_that_is_in_another_place():
    first, second = cookies({"expires": "/x"}), cookies({"path": "/x"})
    del first["c0"]["path"], second["c0"]["expires"]
    for made in (first, second, cookies({"comment": "/x"})):
        assert written_cookies(made) == expected(made)


def test_a_morsel_of_a_program_s_own_writes_itself():
    class Own(Morsel):
        def OutputString(self, attrs=None):  # noqa: N802 - as it is named there
            return "own=1"

    made = SimpleCookie()
    made["a"] = Own()
    assert written_cookies(made) == b"\r\nSet-Cookie: own=1"


@pytest.mark.parametrize("path", ["/\r\nX-Forged: 1", "/\n", "/\0", "/\x7f"])
def test_what_no_header_can_hold_is_not_written(path):
    made = cookies({})
    dict.__setitem__(made["c0"], "path", path)  # which newer versions of Python refuse
    with contextlib.suppress(ValueError):  # by which they refuse
        assert written_cookies(made) is None


def test_more_kinds_than_are_remembered():
    for number in range(600):
        made = cookies({"path": f"/{number}"})
        assert written_cookies(made) == expected(made)
