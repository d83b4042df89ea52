"""Server-sent events: how each is written, and how their stream begins, waits and is refused."""

import asyncio
import datetime
import pathlib
import sys
from dataclasses import dataclass

import pytest
from aiohttp import web

from ponty.core import DoesNotExist, Event, build_app, get, render_events
from ponty.core.streams.events import encode_event
from ponty.core.streams.stream import OPEN_SECONDS

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from serving import Served, rest

GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@dataclass
class Room:
    number: int
    name: str = "blue"


WRITTEN = [
    (Event("hello"), "data: hello\n\n"),
    (Event(""), "data: \n\n"),
    (Event("a\nb"), "data: a\ndata: b\n\n"),
    (Event("a\r\nb\rc\n"), "data: a\ndata: b\ndata: c\ndata: \n\n"),
    (Event("id: 3"), "data: id: 3\n\n"),
    (Event(" é\0"), "data:  é\0\n\n"),
    (Event({"a": "x\ny"}), 'data: {"a":"x\\ny"}\n\n'),
    (Event(None), "data: null\n\n"),
    (Event(Room(2)), 'data: {"number":2,"name":"blue"}\n\n'),
    (Event(datetime.date(2026, 2, 28)), 'data: "2026-02-28"\n\n'),
    (Event(1, event="room", id="é 7", retry_ms=0), "event: room\nid: é 7\nretry: 0\ndata: 1\n\n"),
    (Event(1, id=""), "id: \ndata: 1\n\n"),
]


@pytest.mark.parametrize(("event", "text"), WRITTEN)
def test_how_an_event_is_written(event, text):
    assert encode_event(event).decode() == text


@pytest.mark.parametrize("name", ["event", "id"])
@pytest.mark.parametrize("text", ["a\nb", "a\r", "\0"])
def test_a_line_break_in_a_name_or_an_id_is_refused(name, text):
    """It would end the field, and what follows would be read as another."""
    with pytest.raises(ValueError, match=f"{name} of an event must not contain a line break"):
        Event(1, **{name: text})


@pytest.mark.parametrize("retry", [-1, 1.5, True, "3"])
def test_a_time_to_wait_is_a_whole_number(retry):
    with pytest.raises(ValueError, match="retry_ms must be a whole number"):
        Event(1, retry_ms=retry)


def test_an_id_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="id of an event must be a str, not a 'int'"):
        Event(1, id=3)


def test_an_event_shows_what_it_holds():
    assert repr(Event(1, event="a")) == "Event(1, event='a', id=None, retry_ms=None)"


@pytest.mark.parametrize("heartbeat", [0, -1, float("nan")])
def test_a_heartbeat_takes_time(heartbeat):
    with pytest.raises(ValueError, match="heartbeat must be more than 0 seconds"):
        render_events(heartbeat=heartbeat)


def test_only_an_async_generator_function_is_taken():
    with pytest.raises(TypeError, match="'test_only_.*handler' is not an async generator function"):

        @render_events
        async def handler(request: web.Request) -> None: ...


async def test_events_are_sent_as_they_are_made(serve):
    """The headers keep proxies from holding them back; what is yielded is data, or an event."""
    go_on = asyncio.Event()

    @get("/")
    @render_events
    async def two(request: web.Request):
        yield "one"
        await go_on.wait()
        yield Event("two", id="2")

    client = await serve()
    async with client.get("/") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store, no-transform"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in answer.headers
        assert await answer.content.readany() == b"data: one\n\n"
        go_on.set()
        assert await answer.content.read() == b"id: 2\ndata: two\n\n"


async def test_a_declared_type_is_a_limit(serve):
    @dataclass
    class Key(Room):
        secret: str = "1234"

    @get("/")
    @render_events(Room)
    async def rooms(request: web.Request):
        yield Key(1)
        yield Event(Key(2), id="2")

    client = await serve()
    async with client.get("/") as answer:
        text = await answer.text()
    assert text == 'data: {"number":1,"name":"blue"}\n\nid: 2\ndata: {"number":2,"name":"blue"}\n\n'


async def test_an_error_before_the_first_event_has_an_answer_of_its_own(serve, caplog):
    """The connection is in step afterwards."""

    @get("/{kind}")
    @render_events
    async def fails(request: web.Request):
        if request.match_info["kind"] == "meant":
            raise DoesNotExist
        if request.match_info["kind"] == "unmeant":
            raise KeyError("secret")
        yield 1

    client = await serve()
    for kind, status in [("meant", 404), ("unmeant", 500), ("none", 200), ("meant", 404)]:
        async with client.get(f"/{kind}") as answer:
            assert answer.status == status
            if status != 200:
                assert (await answer.json(content_type="application/problem+json"))["status"] == status
    assert caplog.text.count("GET /{kind} failed") == 1


async def test_head_has_the_head_alone_and_runs_nothing(serve):
    ran = []

    @get("/")
    @render_events
    async def events(request: web.Request):
        ran.append(1)
        yield 1

    client = await serve()
    async with client.head("/") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
        assert await answer.read() == b""
    assert not ran


async def test_http_1_0_gets_them_until_the_connection_closes(serve):
    @get("/")
    @render_events
    async def one(request: web.Request):
        yield 1

    client = await serve()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    head, _, body = (await rest(reader)).partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert body == b"data: 1\n\n"
    writer.close()


def test_a_quiet_stream_opens_and_beats(run_virtually):
    """The head is sent after a moment, and a comment after each 15 seconds in which there was no event."""

    async def main():
        loop = asyncio.get_running_loop()

        @get("/")
        @render_events
        async def quiet(request: web.Request):
            await asyncio.sleep(40)
            yield 1
            await asyncio.sleep(20)
            yield 2

        seen = []
        async with Served(build_app()) as served:
            reader, _ = await served.send(GET)
            await reader.readuntil(b"\r\n\r\n")
            opened = loop.time()
            while line := (await reader.readline()).decode():
                if line[0] in ":d":
                    seen.append((round(loop.time()), line.strip()))
        return opened, seen

    opened, seen = run_virtually(main())
    assert opened == pytest.approx(OPEN_SECONDS, abs=0.01)
    assert seen == [(15, ":"), (30, ":"), (40, "data: 1"), (55, ":"), (60, "data: 2")]


def test_no_heartbeat_where_none_is_wanted(run_virtually):
    async def main():
        @get("/")
        @render_events(heartbeat=None)
        async def quiet(request: web.Request):
            await asyncio.sleep(50)
            yield 1

        async with Served(build_app()) as served:
            reader, _ = await served.send(GET)
            return await rest(reader)

    assert run_virtually(main()).endswith(b"\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n")


async def test_a_generator_that_never_waits_leaves_others_their_turn(serve):
    """And what it yields at once is written by the batch."""
    others = []

    @get("/")
    @render_events
    async def many(request: web.Request):
        for number in range(20_000):
            yield number

    @get("/other")
    @render_events
    async def other(request: web.Request):
        others.append(1)
        yield 1

    client = await serve()
    async with client.get("/") as answer:
        await answer.content.readany()
        async with client.get("/other") as second:
            await second.read()
        assert not answer.content.is_eof()
        assert others
        text = await answer.text()
    assert text.endswith("data: 19999\n\n")
