"""Cookies are written as http.cookies writes them, remembered or not."""

import contextlib
import copy
import enum
import pickle
from http.cookies import CookieError, Morsel, SimpleCookie

import pytest
from aiohttp import web

from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse
from ponty.core.responses.written_cookies import written_cookies


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


class Lax(str, enum.Enum):  # noqa: UP042 - whose member writes itself otherwise than as its value
    Lax = "Lax"


SET = [
    [("a", "b", {})],
    [("a", "b", {"max_age": 1}), ("a2", "b", {"max_age": True}), ("b", "b", {"max_age": "1"})],
    [("a", "b", {"max_age": 1.0}), ("a2", "b", {"max_age": 1})],
    [("a", "b", {"samesite": "Lax"}), ("b", "b", {"samesite": Lax.Lax})],
    [("a", "b", {"secure": True, "httponly": True, "partitioned": False}), ("b", "c", {"secure": False})],
    [("a", "b", {"path": "/\u00e9", "domain": "a.example", "version": "1"})],
    [("a", "b", {}), ("b", "c", {}), ("a", "d", {"path": "/x"})],
    [("a", "", {}), ("b", 'a "quoted; value', {}), ("c", "\u00e9", {})],
    [("a", 5, {}), ("b", None, {})],
    [("a", "b" * 5000, {"path": "/" * 5000})],
    [("a", "b", {"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}), ("a", "b", {})],
    [("expires", "b", {})],
    [("a b", "c", {})],
    [("", "c", {})],
]  # fmt: skip


@pytest.mark.parametrize("steps", SET * 2)
def test_a_cookie_that_is_set_is_in_the_jar_as_aiohttp_puts_it(steps):
    """What is not allowed is refused at once, by the same kind of error."""
    plain, by_aiohttp = PlainResponse(head(200, "text/plain"), b"a"), web.Response()
    refused = []
    for answer in (plain, by_aiohttp):
        for name, value, attributes in steps:
            try:
                answer.set_cookie(name, value, **attributes)
            except (CookieError, KeyError) as error:
                refused.append(type(error))
    assert len({*refused}) <= 1
    assert len(refused) in {0, 2}
    lines = b"".join([cookie.line for cookie in plain._set_cookies])
    if lines:
        assert lines == expected(by_aiohttp.cookies)
    assert plain.cookies == by_aiohttp.cookies
    assert [*plain.cookies] == [*by_aiohttp.cookies]
    assert expected(plain.cookies) == expected(by_aiohttp.cookies)


def test_a_cookie_that_is_set_is_no_jar_before_somebody_looks():
    plain = PlainResponse(head(200, "text/plain"), b"a")
    plain.set_cookie("session", "0123456789abcdef", httponly=True)
    assert plain._jar is None
    assert plain.is_settled()
    assert plain.cookies["session"].value == "0123456789abcdef"
    plain.cookies["session"]["path"] = "/x"
    plain.set_cookie("other", "b")
    assert plain.cookies["session"]["path"] == "/x"


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda answer: pickle.loads(pickle.dumps(answer))])
def test_a_copy_has_the_cookies_that_were_set(clone):
    plain = PlainResponse(head(200, "text/plain"), b"a")
    plain.set_cookie("a", "b")
    other = clone(plain)
    other.set_cookie("c", "d")
    assert [*plain.cookies] == ["a"]
    assert [*other.cookies] == ["a", "c"]
