"""Whatever headers and cookies an answer is given, they are on the wire as aiohttp writes them, or not at all."""

import asyncio
import enum
from http.cookies import CookieError
from unittest import mock

import pytest
from aiohttp import web
from aiohttp.http import StreamWriter
from aiohttp.test_utils import make_mocked_request
from hypothesis import example, given
from hypothesis import strategies as st

from ponty.core import Routes, build_app
from ponty.core.responses import heads, written_headers
from ponty.core.responses.further_headers import further_headers
from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse
from ponty.core.wire.server_state import SERVER_NAME

NAMES = st.sampled_from(
    [
        "X-A", "x-a", "X-B", "Vary", "VARY", "Date", "Server", "ETag", "Set-Cookie", "Content-Type", "Cache-Control",
        "Content-Length", "Transfer-Encoding", "Connection", "Content-Encoding", "X-A\r\nX-B", "X:A", "", "é",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        [
            "a", "", "a\tb", "ä", "5", "close", "a, b", "*", "a\r\nX-Evil: b", "a\nb", "a\rb", "a\0b", "a\x7f",
            "a\x0bb", "\u2028", "a\x85b", "\r\n\r\nHTTP/1.1 200 OK\r\n", " a ",
        ]
    ),
    st.text(max_size=8),
)  # fmt: skip
KEPT = st.dictionaries(NAMES.filter(str.isascii), st.text(st.characters(codec="ascii"), max_size=8), max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["set", "add", "setdefault"]), NAMES, VALUES),
        st.tuples(st.just("delete"), NAMES, st.just("")),
        st.tuples(st.just("cookie"), st.sampled_from(["a", "b"]), VALUES),
        st.tuples(st.just("guarded cookie"), st.sampled_from(["a", "b"]), VALUES),
        st.tuples(st.just("forget"), st.sampled_from(["a", "b"]), st.just("")),
        st.tuples(st.just("look at cookies"), st.just(""), st.just("")),
        st.tuples(st.just("path"), st.sampled_from(["a", "b"]), VALUES),
        st.tuples(st.just("take all"), NAMES, st.just("")),
        st.tuples(st.just("further"), KEPT, st.booleans()),
        st.tuples(st.just("settled"), st.just(""), st.just("")),
        st.tuples(st.just("clear"), st.just(""), st.just("")),
    ),
    max_size=6,
)


APP = build_app(routes=Routes())


def _path(answer, name, value):
    if name in answer.cookies:
        answer.cookies[name]["path"] = value


def _further(answer, headers, keep):
    further = further_headers(headers, keep=keep)
    if isinstance(answer, PlainResponse):
        answer.carry(further)
    else:
        further.merge_into(answer.headers)


def _look(answer, name, value):
    """Look as what stands between two middlewares does."""
    if isinstance(answer, PlainResponse):
        answer.is_settled()


CHANGES = {
    "set": lambda answer, name, value: answer.headers.update({name: value}),
    "add": lambda answer, name, value: answer.headers.add(name, value),
    "setdefault": lambda answer, name, value: answer.headers.setdefault(name, value),
    "delete": lambda answer, name, value: answer.headers.pop(name, None),
    "clear": lambda answer, name, value: answer.headers.clear(),
    "take all": lambda answer, name, value: answer.headers.popall(name, None),
    "cookie": lambda answer, name, value: answer.set_cookie(name, value),
    "guarded cookie": lambda answer, name, value: answer.set_cookie(
        name, "0-9_A", path=value, max_age=60, secure=True, httponly=True, samesite="Lax"
    ),
    "forget": lambda answer, name, value: answer.del_cookie(name),
    "look at cookies": lambda answer, name, value: answer.cookies.output(),
    "path": _path,
    "further": _further,
    "settled": _look,
}


async def sent(answer, steps):
    """Return the lines of what is written for an answer, and the kind of error where it is refused."""
    written = bytearray()
    protocol = mock.Mock(_paused=False)
    protocol.transport.is_closing.return_value = False
    protocol.transport.write = written.extend
    protocol.transport.writelines = lambda parts: written.extend(b"".join(parts))
    request = make_mocked_request("GET", "/", app=APP, writer=StreamWriter(protocol, asyncio.get_running_loop()))
    try:
        for kind, name, value in steps:
            CHANGES[kind](answer, name, value)
        if not isinstance(answer, PlainResponse):
            answer.headers.setdefault("Server", SERVER_NAME)
        await answer.prepare(request)
        await answer.write_eof()
    except (ValueError, TypeError, CookieError):
        assert not written, "something is out of what is refused"
        return None
    return sorted(bytes(written).split(b"\r\n"))


def compare(status, content_type, body, steps):
    async def both():
        headers = {} if content_type is None else {"Content-Type": content_type}
        by_aiohttp = await sent(web.Response(status=status, headers=headers, body=body or None), steps)
        as_made = await sent(PlainResponse(head(status, content_type), body), steps)
        return as_made, by_aiohttp

    with (
        mock.patch("aiohttp.helpers.time.time", return_value=1e9),
        mock.patch.object(heads.time, "time", return_value=1e9),
    ):
        as_made, by_aiohttp = asyncio.run(both())
    assert as_made == by_aiohttp
    return as_made


EVIL = "a\r\nX-Evil: b"


FINE = (200, "application/json", b"{}")
KINDS = [FINE, (404, "application/problem+json", b"{}"), (204, None, b"")]


@given(st.sampled_from(KINDS), STEPS)
@example(FINE, [("set", "X-A", EVIL)])
@example(FINE, [("set", "X-A", "a"), ("add", "x-a", "a"), ("take all", "X-a", "")])
@example(FINE, [("cookie", "a", "b"), ("guarded cookie", "b", "/"), ("cookie", "a", "c")])
@example(FINE, [("guarded cookie", "a", EVIL)])
@example(FINE, [("cookie", "a", "b"), ("look at cookies", "", ""), ("forget", "a", "")])
@example(FINE, [("set", EVIL, "a")])
@example(FINE, [("cookie", "a", "b"), ("path", "a", EVIL)])
@example(FINE, [("further", {"X-A": "b"}, False), ("set", "x-a", "c")])
@example(FINE, [("set", "X-A", "b"), ("settled", "", ""), ("set", "X-A", EVIL)])
@example(FINE, [("set", "X-A", "b"), ("further", {"X-A": EVIL}, True)])
@example(FINE, [("further", {"X-A": EVIL}, True)])
@example(FINE, [("further", {"Server": "mine", "Date": "never"}, True)])
def test_they_are_what_aiohttp_would_have_sent(kind, steps):
    """The same lines, or the same refusal with nothing out; the order of the lines alone may differ."""
    compare(*kind, steps)


async def test_half_a_character_is_refused_where_aiohttp_leaves_it_out():
    """As soon as somebody looks, which Ponty's own middleware does with each answer."""
    steps = [("set", "X-A", "a\udcff"), ("settled", "", "")]
    assert b"X-A: a" in await sent(web.Response(), steps)
    assert await sent(PlainResponse(head(200, "text/plain"), b"a"), steps) is None


@pytest.mark.parametrize("control", [*map(chr, range(32)), "\x7f"])
@pytest.mark.parametrize("place", ["value", "name", "further value", "further name", "path of a cookie"])
def test_no_control_character_but_the_tab_is_sent(control, place):
    steps = {
        "value": [("set", "X-A", f"a{control}b")],
        "name": [("set", f"X{control}A", "a")],
        "further value": [("further", {"X-A": f"a{control}b"}, False)],
        "further name": [("further", {f"X{control}A": "a"}, False)],
        "path of a cookie": [("cookie", "a", "b"), ("path", "a", f"/{control}b")],
    }
    lines = compare(200, "application/json", b"{}", steps[place])
    assert (lines is None) == (control != "\t") or (place == "path of a cookie" and lines is None)


async def test_what_somebody_holds_of_the_headers_may_still_be_changed():
    """Also when others have come meanwhile, which stand beside them."""
    answer = PlainResponse(head(200, "text/plain"), b"a")
    held = answer.headers
    answer.carry(further_headers({"X-Frame-Options": "DENY"}, keep=True))
    held["X-A"] = "b"
    held["X-Frame-Options"] = "SAMEORIGIN"
    lines = await sent(answer, [])
    assert {b"X-A: b", b"X-Frame-Options: SAMEORIGIN"} < {*lines}
    assert b"X-Frame-Options: DENY" not in lines


async def test_who_reads_the_headers_sees_those_that_came_along():
    answer = PlainResponse(head(200, "text/plain"), b"a")
    answer.carry(further_headers({"Vary": "Origin"}))
    answer.carry(further_headers({"X-A": "b"}))
    answer.carry(further_headers({"Vary": "Accept"}))
    assert dict(answer.headers) == {"Content-Type": "text/plain", "Vary": "Origin, Accept", "X-A": "b"}


@pytest.mark.parametrize("name_of", [lambda number: "X-A", lambda number: f"X-{number}"])
async def test_headers_that_are_new_each_time_fill_no_memory(name_of):
    """Few lines are kept, and none that is long; those that are not are sent all the same."""
    for number in range(3000):
        answer = PlainResponse(head(200, "text/plain"), b"a")
        value = f"{number}" * (1000 if number % 2 else 1)
        answer.headers[name_of(number)] = value
        assert answer.is_settled()
    assert f"{name_of(2999)}: {value}".encode() in await sent(answer, [])
    assert len(written_headers._STARTS) <= written_headers.MOST
    assert len(written_headers._LINES) <= written_headers.MOST * written_headers.MOST_VALUES
    kept = written_headers._LINES.values()  # maybe none, just now
    assert all(len(line) <= written_headers.LONGEST for line in kept)


class Colour(str, enum.Enum):  # noqa: UP042 - whose members write themselves otherwise than as their value
    RED = "red"


async def test_a_text_that_writes_itself_otherwise_is_sent_as_aiohttp_sends_it():
    steps = [("set", "X-A", Colour.RED)]
    assert b"X-A: Colour.RED" in await sent(PlainResponse(head(200, "text/plain"), b"a"), steps)
    assert b"X-A: Colour.RED" in await sent(web.Response(), steps)
