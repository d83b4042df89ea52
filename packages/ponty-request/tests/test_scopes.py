"""Scopes: opened when the request is valid, left before the answer is sent, in reverse, on every way out."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from ponty.core import PontyError, get, render_json
from ponty.request import (
    AIOHttpReq,
    Description,
    Field,
    InvalidField,
    PosIntQueryParameter,
    Request,
    Scoped,
    StringQueryParameter,
    expect,
)

LOG = web.AppKey("LOG", list[str])


def scope(name, *, fails="", asks=None):
    """Make a scope that logs what becomes of it."""

    async def open_it(request: web.Request) -> AsyncIterator[str]:
        log = request.app[LOG]
        log.append(f"{name} opens")
        if fails == "opening":
            raise PontyError(text=f"{name} failed")
        try:
            yield name
        except BaseException as error:
            log.append(f"{name} {type(error).__name__}")
            if fails == "rollback":
                raise LookupError(name) from error
            if fails != "swallows":
                raise
        else:
            if fails == "leaving":
                log.append(f"{name} fails")
                raise PontyError(text=f"{name} failed", headers={"X-Failed": name})
            log.append(f"{name} left")
        if fails == "twice":
            yield name

    return open_it


@pytest.fixture
def run(ponty_client):
    """Serve a handler with a request of these fields, ask it, and give status, text and what was logged."""

    async def run(fields, body, path="/", **options):
        cls = type("Scopes", (Request,), fields)
        log = []

        async def provide(app):
            app[LOG] = log
            yield

        @get("/")
        @expect(cls, whole=True)
        @render_json
        async def handler(r: object) -> object:
            log.append("handler")
            return await body(r)

        for field in fields.values():
            field.__set_name__(cls, field.name)
        client = await ponty_client(providers=[provide], **options)
        async with client.get(path) as answer:
            log.append("answered")
            return answer.status, await answer.text(), log

    return run


def fields(**named):
    for name, field in named.items():
        field.__set_name__(Request, name)
    return named


async def ok(r):
    return "ok"


async def test_scopes_are_opened_in_order_and_left_in_reverse_before_the_answer(run):
    status, text, log = await run(fields(a=Scoped(scope("a")), b=Scoped(scope("b"))), ok)
    assert status == 200
    assert log == ["a opens", "b opens", "handler", "b left", "a left", "answered"]


async def test_a_handler_has_what_was_yielded(run):
    async def body(r):
        return r.a + r.b

    status, text, _ = await run(fields(a=Scoped(scope("a")), b=Scoped(scope("b"))), body)
    assert '"data":"ab"' in text


async def test_none_is_opened_for_a_request_that_is_refused(run):
    status, text, log = await run(fields(a=Scoped(scope("a")), page=PosIntQueryParameter(required=True)), ok)
    assert (status, log) == (400, ["answered"])


@pytest.mark.parametrize("error", [ValueError, KeyError, StopIteration, StopAsyncIteration, asyncio.CancelledError])
async def test_what_the_handler_raises_is_thrown_into_each(run, error, caplog):
    async def body(r):
        raise error

    status, text, log = await run(fields(a=Scoped(scope("a")), b=Scoped(scope("b"))), body)
    name = "RuntimeError" if error is StopIteration else error.__name__
    assert (status, log) == (500, ["a opens", "b opens", "handler", f"b {name}", f"a {name}", "answered"])


async def test_an_error_with_a_status_keeps_it(run):
    async def body(r):
        raise web.HTTPConflict

    status, _, log = await run(fields(a=Scoped(scope("a"))), body)
    assert (status, log) == (409, ["a opens", "handler", "a HTTPConflict", "answered"])


async def test_an_answer_that_does_not_encode_is_an_error_to_them(run, caplog):
    async def body(r):
        return object()

    status, _, log = await run(fields(a=Scoped(scope("a"))), body)
    assert (status, log) == (500, ["a opens", "handler", "a TypeError", "answered"])


async def test_what_fails_on_leaving_is_answered_and_thrown_into_those_further_out(run):
    status, text, log = await run(
        fields(a=Scoped(scope("a")), b=Scoped(scope("b", fails="leaving")), c=Scoped(scope("c"))), ok
    )
    assert (status, text) == (500, "b failed")
    assert log == [
        *("a opens", "b opens", "c opens", "handler"),
        *("c left", "b fails", "a PontyError", "answered"),
    ]


async def test_what_fails_while_it_opens_is_never_open(run):
    status, text, log = await run(
        fields(a=Scoped(scope("a")), b=Scoped(scope("b", fails="opening")), c=Scoped(scope("c"))), ok
    )
    assert (status, text) == (500, "b failed")
    assert log == ["a opens", "b opens", "a PontyError", "answered"]


async def test_an_error_may_be_replaced_and_not_swallowed(run, caplog):
    async def body(r):
        raise web.HTTPConflict

    status, _, log = await run(fields(a=Scoped(scope("a")), b=Scoped(scope("b", fails="swallows"))), body)
    assert (status, log[3:]) == (409, ["b HTTPConflict", "a HTTPConflict", "answered"])


async def test_what_replaces_an_error_is_what_those_further_out_see(run, caplog):
    async def body(r):
        raise web.HTTPConflict

    status, _, log = await run(fields(a=Scoped(scope("a")), b=Scoped(scope("b", fails="rollback"))), body)
    assert (status, log[3:]) == (500, ["b HTTPConflict", "a LookupError", "answered"])


async def test_a_scope_that_yields_twice_is_an_error(run, caplog):
    status, _, log = await run(fields(a=Scoped(scope("a")), b=Scoped(scope("b", fails="twice"))), ok)
    assert (status, log[3:]) == (500, ["b left", "a RuntimeError", "answered"])
    assert "yielded twice" in caplog.text


async def test_a_scope_without_a_yield_is_an_error(run, caplog):
    async def nothing(request: web.Request) -> AsyncIterator[str]:
        if request.query:
            yield ""

    status, _, log = await run(fields(a=Scoped(scope("a")), b=Scoped(nothing)), ok)
    assert (status, log) == (500, ["a opens", "a RuntimeError", "answered"])
    assert "ended without a yield" in caplog.text


class Row(Field[str]):
    """A field that needs an open scope, and may refuse."""

    async def extract(self, request: web.Request, *, db: str, id: int) -> str:
        if id > 9:
            raise InvalidField("does not exist", status=404)
        return f"{db} {id}"

    def describe(self) -> Description:
        return Description("query", "id")


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/?id=3", 200, ["a opens", "handler", "a left", "answered"]),
        ("/?id=10", 404, ["a opens", "a DoesNotExist", "answered"]),
        ("/", 400, ["answered"]),
    ],
)
async def test_a_field_may_use_a_scope_and_refuse_within_it(run, path, status, expected):
    row = Row(db=Scoped(scope("a")), id=PosIntQueryParameter(required=True))
    got, text, log = await run(fields(row=row), ok, path)
    assert (got, log) == (status, expected)


async def test_a_scope_may_use_fields(run):
    async def tenant(request: web.Request, *, name: str) -> AsyncIterator[str]:
        yield name.upper()

    async def body(r):
        return r.tenant

    status, text, _ = await run(
        fields(tenant=Scoped(tenant, name=StringQueryParameter(key="t", required=True))), body, "/?t=ann"
    )
    assert '"data":"ANN"' in text


class Session(Field[str]):
    guard = True

    async def extract(self, request: web.Request, *, db: str) -> str:
        if "known" not in request.query:
            raise InvalidField("is required", status=401)
        return db

    def describe(self) -> Description:
        return Description("query", "known")


async def test_a_scope_that_a_guard_uses_is_opened_with_it(run):
    """And is the same one for all that use it."""
    db = Scoped(scope("db"))
    both = fields(page=PosIntQueryParameter(required=True), db=db, session=Session(db=db))
    status, _, log = await run(both, ok)
    assert (status, log) == (401, ["db opens", "db ValidationError", "answered"])


@pytest.mark.parametrize("kind", ["generator", "stream", "written"])
async def test_the_scopes_of_a_stream_are_left_when_it_ends(ponty_client, tmp_path, kind):
    log = []

    async def provide(app):
        app[LOG] = log
        yield

    async def lines():
        for line in (b"a\n", b"b\n"):
            log.append("line")
            yield line

    class Streamed(Request):
        a = Scoped(scope("a"))
        raw = AIOHttpReq()

    class Stream(web.StreamResponse):
        async def write_eof(self, data=b""):
            if "line" not in log:
                async for line in lines():
                    await self.write(line)
            await super().write_eof(data)

    @get("/")
    @expect(Streamed)
    async def handler(a: str, raw: web.Request) -> web.StreamResponse:
        log.append("handler")
        if kind == "generator":
            return web.Response(body=lines())
        answer = Stream()
        if kind == "written":
            await answer.prepare(raw)
            await answer.write_eof()
        return answer

    client = await ponty_client(providers=[provide])
    async with client.get("/") as answer:
        assert await answer.read() == b"a\nb\n"
    assert log == ["a opens", "handler", "line", "line", "a left"]


async def test_a_stream_that_fails_is_an_error_to_the_scopes(ponty_client, caplog):
    log = []

    async def provide(app):
        app[LOG] = log
        yield

    async def lines():
        yield b"a"
        raise LookupError

    class Streamed(Request):
        a = Scoped(scope("a"))

    @get("/")
    @expect(Streamed)
    async def handler(a: str) -> web.StreamResponse:
        return web.Response(body=lines())

    client = await ponty_client(providers=[provide])
    with pytest.raises(Exception, match=r".*"):
        async with client.get("/") as answer:
            await answer.read()
    assert log == ["a opens", "a LookupError"]


def test_a_scope_is_an_async_generator_function():
    async def coroutine(request):
        pass

    for slip in (coroutine, lambda request: None):
        with pytest.raises(TypeError, match="is not an async generator function"):
            Scoped(slip)


def test_its_type_is_what_it_yields():
    class Slip(Request):
        name = Scoped(scope("a"))

    with pytest.raises(TypeError, match=r"takes 'name' as int, the request has it as str"):

        @expect(Slip)
        async def handler(name: int) -> None: ...


class Stage:
    """A run of scopes, fields and a handler that stop at points, at one of which the request is cancelled."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.events = []
        self.steps = 0
        self.cancel_at = self.random.randrange(1, 40)
        self.task = None

    async def point(self):
        """Let others run; be cancelled here, if this is the point."""
        for _ in range(self.random.randrange(3)):
            self.steps += 1
            if self.steps == self.cancel_at:
                self.task.cancel()
            await asyncio.sleep(0)

    def scope(self, name, fails):
        async def open_it(request: web.Request) -> AsyncIterator[str]:
            self.events.append(("opening", name))
            await self.point()
            if fails == "opening":
                raise LookupError(name)
            self.events.append(("open", name))
            try:
                yield name
            except BaseException as error:
                self.events.append(("thrown", name, type(error)))
                await self.point()
                if fails == "rollback":
                    raise LookupError(name) from error
                raise
            else:
                self.events.append(("leaving", name))
                await self.point()
                if fails == "leaving":
                    raise LookupError(name)
            finally:
                self.events.append(("left", name))

        return Scoped(open_it)

    async def run(self):
        names = [str(number) for number in range(self.random.randrange(1, 5))]
        failures = ["", "", "", "opening", "rollback", "leaving"]
        scopes = fields(**{f"s{n}": self.scope(f"s{n}", self.random.choice(failures)) for n in names})
        handler_fails = self.random.random() < 0.3

        @expect(type("Random", (Request,), scopes), whole=True)
        async def handler(r: object) -> web.Response:
            self.events.append(("handler",))
            await self.point()
            if handler_fails:
                raise KeyError
            return web.Response()

        self.task = asyncio.ensure_future(handler(make_mocked_request("GET", "/")))
        try:
            return await self.task
        except BaseException as error:  # noqa: BLE001 - whatever ended it
            return error


@pytest.mark.parametrize("block", range(10))
async def test_whatever_fails_and_wherever_it_is_cancelled_each_is_left_once_and_in_reverse(block):
    """And an answer is given only where nothing failed."""
    for seed in range(block * 40, block * 40 + 40):
        stage = Stage(seed)
        ended = await stage.run()
        opened = [event[1] for event in stage.events if event[0] == "open"]
        left = [event[1] for event in stage.events if event[0] == "left"]
        assert left == opened[::-1], seed
        kinds = [event[0] for event in stage.events]
        if "handler" in kinds:
            assert kinds.index("handler") > max(i for i, kind in enumerate(kinds) if kind == "open"), seed
        if isinstance(ended, web.Response):
            assert "thrown" not in kinds, seed
            assert stage.cancel_at > stage.steps or not stage.task.cancelling(), seed
        else:
            # All of those further out than the first failure have seen one.
            broken = next((i for i, kind in enumerate(kinds) if kind == "thrown"), len(kinds))
            assert "leaving" not in kinds[broken:], seed
