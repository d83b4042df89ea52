"""Headers that were sent before are known at once, and are sent as they are now: in their spelling and order."""

import asyncio
import enum
import threading

import pytest
from aiohttp import hdrs, web
from multidict import CIMultiDict, istr

from ponty.core import Routes, render_json
from ponty.core.responses import header_sets
from ponty.core.responses.header_sets import lines_of
from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse

USUAL = [("Content-Type", "text/plain"), ("X-A", "a"), ("X-B", "b")]


class Masked(str):
    """A text that writes itself otherwise than as what it holds."""

    __slots__ = ()

    def __str__(self):
        return "***"


class Colour(str, enum.Enum):  # noqa: UP042 - whose members write themselves otherwise than as their value
    RED = "a"


def wanted(items):
    return "".join(f"\r\n{name}: {value}" for name, value in items).encode()


def written(items):
    known = lines_of(CIMultiDict(items))
    return None if known is None else known.lines


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    """Begin without headers that other tests have sent, and with the usual ones sent twice."""
    monkeypatch.setattr(header_sets, "_SETS", {})
    monkeypatch.setattr(header_sets, "_NAMES", {})
    assert [written(USUAL), written(USUAL)] == [wanted(USUAL)] * 2


def test_they_are_known():
    assert lines_of(CIMultiDict(USUAL)) is lines_of(CIMultiDict(USUAL))


def test_names_made_for_multidicts_are_those_they_are_made_of():
    named = [(istr(name), istr(value)) for name, value in USUAL]
    assert lines_of(CIMultiDict(named)) is lines_of(CIMultiDict(USUAL))


@pytest.mark.parametrize(
    "items",
    [
        [("content-type", "text/plain"), ("X-A", "a"), ("X-B", "b")],
        [("Content-Type", "text/plain"), ("x-a", "a"), ("X-B", "b")],
        [("Content-Type", "text/plain"), ("X-B", "b"), ("X-A", "a")],
        [("Content-Type", "text/plain"), ("X-A", "b"), ("X-B", "a")],
        [("Content-Type", "text/plain"), ("X-A", "a"), ("X-A", "a"), ("X-B", "b")],
        [("Content-Type", "text/plain"), ("X-A", "a"), ("x-a", "A"), ("X-B", "b")],
        [("Content-Type", "text/plain"), ("X-A", "a")],
        [("X-A", "a"), ("X-B", "b")],
        [("Content-Type", "text/plain"), ("X-A", ""), ("X-B", "é")],
        [("Content-Type", "text/plain"), ("X-A", "a, b"), ("X-B", "a\tb")],
    ],
)
def test_others_are_sent_as_they_are(items):
    """Also when they have come once and twice, and with the usual ones again after them."""
    assert [written(items), written(items), written(USUAL)] == [wanted(items), wanted(items), wanted(USUAL)]


@pytest.mark.parametrize(
    "value", ["a\r\nX-Evil: b", "a\nb", "a\rb", "a\0", "a\x7f", "a\udcff", 5, None, b"a", ["a"], True, Colour.RED]
)
def test_what_is_no_plain_text_is_left_to_aiohttp(value):
    """Below known names, and each time."""
    items = [*USUAL[:2], ("X-B", value)]
    assert [written(items), written(items)] == [None, None]
    assert written(USUAL) == wanted(USUAL)


def test_a_text_that_writes_itself_otherwise_is_left_to_aiohttp():
    assert written([*USUAL[:2], ("X-B", Masked("c"))]) is None


@pytest.mark.parametrize("name", ["X-B\r\nX-Evil", "Connection", "Content-Length", "Transfer-Encoding"])
def test_a_name_that_is_not_for_a_program_is_left_to_aiohttp(name):
    items = [*USUAL[:2], (name, "b")]
    assert [written(items), written(items)] == [None, None]


def test_what_was_deleted_and_set_again_comes_last():
    headers = CIMultiDict(USUAL)
    del headers["X-A"]
    headers["X-A"] = "a"
    known = lines_of(headers)
    assert known is not None
    assert known.lines == wanted([USUAL[0], USUAL[2], USUAL[1]])


def test_what_was_looked_at_is_still_known():
    """Who reads the names has the multidict make objects of them."""
    headers = CIMultiDict(USUAL)
    assert [*headers] == ["Content-Type", "X-A", "X-B"]
    assert lines_of(headers) is lines_of(CIMultiDict(USUAL))


@pytest.mark.parametrize(
    ("name", "has_type", "is_fixed"),
    [("X-A", False, False), ("content-type", True, False), ("DATE", False, True), ("server", False, True)],
)
def test_what_the_head_has_to_know_of_them_is_kept(name, has_type, is_fixed):
    for value in ("a", "a", "b"):
        known = lines_of(CIMultiDict({name: value}))
        assert known is not None
        assert (known.has_type, known.is_fixed) == (has_type, is_fixed)


@pytest.mark.parametrize("name_of", [lambda _: "X-A", lambda number: f"X-{number}", lambda number: f"X-{number % 40}"])
@pytest.mark.parametrize("length", [1, 1000])
def test_what_is_new_each_time_fills_no_memory(name_of, length):
    for number in range(2000):
        items = [*USUAL, (name_of(number), f"{number}" * length)]
        assert written(items) == wanted(items)
    assert len(header_sets._NAMES) <= header_sets.MOST_NAMES
    assert len(header_sets._SETS) <= header_sets.MOST_NAMES * header_sets.MOST_VALUES
    assert max(len(known.lines) for known in header_sets._SETS.values()) <= header_sets.LONGEST
    assert written(USUAL) == wanted(USUAL)


def test_a_multidict_that_tells_nothing_of_what_it_holds_is_looked_through(monkeypatch):
    """As that in pure Python is."""
    monkeypatch.setattr(header_sets, "_parts_of", lambda headers: [type(headers)])
    monkeypatch.setattr(header_sets, "_BEFORE", 1)
    monkeypatch.setattr(header_sets, "_SETS", {})
    monkeypatch.setattr(header_sets, "_NAMES", {})
    others = [USUAL[0], ("x-a", "c")]
    for items in (USUAL, USUAL, others, others, USUAL):
        assert written(items) == wanted(items)
    assert not header_sets._SETS


def test_threads_share_what_is_known():
    """Each with names and values of its own, and some of all."""
    failed = []

    def write(own):
        for number in range(500):
            items = [*USUAL, (f"X-{own}-{number % 50}", f"{number}"), ("X-C", "c")]
            if written(items) != wanted(items):
                failed.append(items)

    threads = [threading.Thread(target=write, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


async def test_headers_may_be_changed_after_they_were_looked_through():
    answer = PlainResponse(head(200, "text/plain"), b"a")
    answer.headers["X-A"] = "a"
    assert answer.is_settled()
    answer.headers["X-A"] = "b"
    assert answer.is_settled()
    other = PlainResponse(head(200, "text/plain"), b"a")
    other.headers["X-A"] = "a"
    assert other.is_settled()
    assert (answer.headers["X-A"], other.headers["X-A"]) == ("b", "a")


@web.middleware
async def three(request, handler):
    answer = await handler(request)
    answer.headers["x-A" if "lower" in request.query else "X-A"] = "a"
    answer.headers["X-B"] = request.query.get("b", "b")
    answer.headers[hdrs.CACHE_CONTROL] = "no-store"
    return answer


table = Routes()


@table.get("/")
@render_json
async def hello(request: web.Request) -> str:
    return "hello"


@table.get("/stream")
async def stream(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    answer.headers["X-B"] = "b"
    await answer.prepare(request)
    await answer.write(b"a")
    return answer


@table.get("/nothing")
@render_json(status=204)
async def nothing(request: web.Request) -> None:
    return None


@web.middleware
async def three_unless_begun(request, handler):
    answer = await handler(request)
    return answer if answer.prepared else await three(request, lambda _: _given(answer))


async def _given(answer):
    return answer


async def raw_names(client, method, path):
    """Return the status, and the names and values of the program's headers as they are on the wire."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(60):
        everything = await reader.read()
    writer.close()
    lines = everything.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return lines[0].split()[1], [line for line in lines if line[:2].lower() == "x-"]


async def kept_alive(client, *paths):
    """Ask over one connection, and return the lines of the program's headers of each answer."""
    got = []
    for path in paths:
        async with client.get(path) as answer:
            await answer.read()
            got.append([(name.decode(), value.decode()) for name, value in answer.raw_headers if name[:1] in b"Xx"])
    return got


async def test_each_answer_has_its_own_spelling_and_values(serve):
    client = await serve(routes=table, middlewares=[three])
    got = await kept_alive(client, "/", "/?lower", "/", "/?b=c", "/?lower&b=c", "/")
    assert got == [
        [("X-A", "a"), ("X-B", "b")],
        [("x-A", "a"), ("X-B", "b")],
        [("X-A", "a"), ("X-B", "b")],
        [("X-A", "a"), ("X-B", "c")],
        [("x-A", "a"), ("X-B", "c")],
        [("X-A", "a"), ("X-B", "b")],
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "status", "lines"),
    [
        ("/", "200", ["X-A: a", "X-B: b"]),
        ("/stream", "200", ["X-B: b"]),
        ("/nothing", "204", ["X-A: a", "X-B: b"]),
    ],
)
async def test_whatever_way_an_answer_goes_it_has_them(serve, method, path, status, lines):
    client = await serve(routes=table, middlewares=[three_unless_begun])
    for _ in range(3):
        assert await raw_names(client, method, path) == (status, lines)


async def test_a_header_with_a_line_break_is_a_500_below_known_names(serve, caplog):
    client = await serve(routes=table, middlewares=[three])
    await kept_alive(client, "/", "/")
    async with client.get("/", params={"b": "a\r\nX-Evil: b"}) as answer:
        assert answer.status == 500
        assert "X-Evil" not in answer.headers
    assert len(caplog.records) == 1
    assert await kept_alive(client, "/") == [[("X-A", "a"), ("X-B", "b")]]


def test_an_application_of_another_loop_sends_them_too():
    """Each loop with an answer of its own."""

    async def headers_of():
        answer = PlainResponse(head(200, "text/plain"), b"a")
        answer.headers["X-A"] = "a"
        assert answer.is_settled()
        return lines_of(answer.headers)

    assert asyncio.run(headers_of()) is asyncio.run(headers_of())
