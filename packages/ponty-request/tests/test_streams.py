"""Streams below `expect`: fields run first, scopes are open as long as the stream is, and one says where it goes on."""

import asyncio
import functools

import pytest
from aiohttp import ClientPayloadError

from ponty.core import DoesNotExist, Event, get, render_events, render_json, render_lines
from ponty.request import BearerToken, LastEventId, PosIntQueryParameter, Request, Scoped, expect


@pytest.mark.parametrize("whole", [False, True])
async def test_fields_run_before_the_stream_begins(ask, whole):
    class Count(Request):
        to = PosIntQueryParameter(required=True)
        step = PosIntQueryParameter(default=1)

    if whole:

        @get("/")
        @expect(Count, whole=True)
        @render_json(list[int], envelope=False)
        async def counted(r: Count):
            for number in range(0, r.to, r.step):
                yield number

    else:

        @get("/")
        @expect(Count)
        @render_json(list[int], envelope=False)
        async def count(step: int, to: int):
            for number in range(0, to, step):
                yield number

    assert await ask("/?to=5&step=2") == (200, [0, 2, 4])
    status, problem = await ask("/?step=x")
    assert status == 400
    assert [fault["name"] for fault in problem["errors"]] == ["to", "step"]


async def test_a_guard_refuses_before_the_stream_begins(ask):
    class Private(Request):
        token = BearerToken()

    @get("/")
    @expect(Private)
    @render_events
    async def events(token: str):
        yield token

    assert (await ask("/"))[0] == 401


def test_names_and_types_are_compared_as_those_of_any_handler():
    class Count(Request):
        to = PosIntQueryParameter(required=True)

    with pytest.raises(TypeError, match="the handler takes 'upto', the request has 'to'"):

        @expect(Count)
        @render_lines
        async def misnamed(upto: int):
            yield upto

    with pytest.raises(TypeError, match="the handler takes 'to' as str, the request has it as int"):

        @expect(Count)
        @render_lines
        async def mistyped(to: str):
            yield to


async def test_another_decorator_may_not_stand_between():
    """It would call the handler without the request, which the stream is sent to."""

    class Nothing(Request):
        pass

    def between(handler):
        @functools.wraps(handler)
        async def call(*args, **kwargs):
            return await handler(*args, **kwargs)

        return call

    with pytest.raises(TypeError, match="must stand directly above the decorator that streams its answer"):

        @expect(Nothing)
        @between
        @render_events
        async def events():
            yield 1

    @render_events
    async def bare():
        yield 1

    with pytest.raises(TypeError, match="must stand directly below @expect, or take the request"):
        await bare()


async def test_a_scope_is_open_until_the_stream_ends(serve):
    steps = []

    async def session(request):
        steps.append("open")
        try:
            yield "session"
        except BaseException as error:
            steps.append(type(error).__name__)
            raise
        finally:
            steps.append("left")

    class Count(Request):
        to = PosIntQueryParameter(required=True)
        db = Scoped(session)

    @get("/")
    @expect(Count)
    @render_lines
    async def count(to: int, db: str):
        for number in range(to):
            steps.append(number)
            await asyncio.sleep(0)
            yield number
        if to == 1:
            raise ValueError("failed")
        if to == 0:
            raise DoesNotExist

    client = await serve()
    async with client.get("/?to=2") as answer:
        assert await answer.text() == "0\n1\n"
    assert steps == ["open", 0, 1, "left"]
    steps.clear()
    async with client.get("/?to=1") as answer:
        with pytest.raises(ClientPayloadError):
            await answer.read()
    assert steps == ["open", 0, "ValueError", "left"]
    steps.clear()
    async with client.get("/?to=0") as answer:
        assert answer.status == 404
    assert steps == ["open", "DoesNotExist", "left"]


SENT = [({}, None), ({"Last-Event-ID": ""}, None), ({"Last-Event-ID": "7"}, 7), ({"last-event-id": "8"}, 8)]


@pytest.mark.parametrize(("sent", "got"), SENT)
async def test_a_client_says_where_the_stream_is_to_go_on(serve, sent, got):
    class Follow(Request):
        last = LastEventId(int)

    @get("/")
    @expect(Follow)
    @render_events
    async def follow(last: int | None):
        yield Event(last, id="9")

    client = await serve()
    async with client.get("/", headers=sent) as answer:
        assert await answer.text() == f"id: 9\ndata: {'null' if got is None else got}\n\n"


async def test_an_id_of_another_type_is_refused(ask):
    class Follow(Request):
        text = LastEventId()
        number = LastEventId(int)

    @get("/")
    @expect(Follow)
    @render_json
    async def follow(text: str | None, number: int | None) -> list[object]:
        return [text, number]

    assert (await ask("/", headers={"Last-Event-ID": "é 1"}))[0] == 400
    status, answer = await ask("/", headers={"Last-Event-ID": "12"})
    assert (status, answer["data"]) == (200, ["12", 12])
