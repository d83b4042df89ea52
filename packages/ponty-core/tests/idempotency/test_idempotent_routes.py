"""A request that is repeated with its key is carried out once, and answered the same."""

import asyncio
import inspect
import logging

import pytest
from aiohttp import web

from ponty.core import (
    IDEMPOTENCY,
    IdempotencyKeyInUse,
    PontyError,
    Reply,
    Routes,
    ValidationError,
    build_app,
    idempotent,
    raise_status,
    render_events,
    render_json,
)

OF_ONE_SENDING = {"Date", "Idempotent-Replayed"}


@pytest.fixture
def table():
    return Routes()


@pytest.fixture
def ask(serve, table):
    """Return a function that asks, and returns status, headers and body."""
    clients = []

    async def ask(path="/", key="k", method="POST", **options):
        if not clients:
            clients.append(await serve(routes=[table]))
        headers = {"Idempotency-Key": key} if key is not None else {}
        options["headers"] = headers | options.pop("headers", {})
        async with clients[0].request(method, path, allow_redirects=False, **options) as answer:
            return answer.status, answer.headers, await answer.read()

    return ask


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0)


def lasting(headers):
    return sorted((name, value) for name, value in headers.items() if name not in OF_ONE_SENDING)


@pytest.fixture
def counted(table, store):
    """Put a route on the table that counts its calls, and answers as it is told; give the list of calls."""

    def put(answer, method="POST", path="/", **options):
        calls = []

        @table.route(method, path, middlewares=[idempotent(store, **options)])
        async def count(request: web.Request) -> web.StreamResponse:
            calls.append(await request.text())
            return await answer(request) if inspect.iscoroutinefunction(answer) else answer()

        return calls

    return put


def created():
    answer = web.Response(status=201, body=b"\x00made", headers={"Location": "/1", "X-A": "1"})
    answer.headers.add("X-A", "2")
    answer.set_cookie("seen", "yes", httponly=True)
    answer.set_cookie("also", "this")
    return answer


ANSWERS = {
    "a response of aiohttp's": created,
    "a text": lambda: web.Response(text="schön", charset="latin-1"),
    "no content": lambda: web.Response(status=204),
    "a redirection": lambda: web.Response(status=303, headers={"Location": "/there"}),
    "a reason of its own": lambda: web.Response(status=299, reason="Kept Well", text="x"),
    "an answer that is an error": lambda: web.Response(status=402, text="no money"),
    "an exception of aiohttp's": lambda: raise_status(410, body={"gone": True}),
    "a large body": lambda: web.Response(body=b"x" * 300_000),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_a_repetition_gets_the_same_answer(counted, ask, answer):
    calls = counted(answer)
    first, *others = [await ask(data=b"a") for _ in range(3)]
    assert calls == ["a"]
    assert "Idempotent-Replayed" not in first[1]
    for status, headers, body in others:
        assert (status, body) == (first[0], first[2])
        assert lasting(headers) == lasting(first[1])
        assert headers["Idempotent-Replayed"] == "true"


async def test_a_rendered_answer_is_the_same_byte_for_byte(table, ask, store):
    """The envelope has times in it, which would differ were it rendered anew."""

    @table.post("/", middlewares=[idempotent(store)])
    @render_json(dict, status=201)
    async def make(request: web.Request) -> Reply[dict[str, int]]:
        await asyncio.sleep(0.002)
        return Reply({"id": 7}, headers={"Location": "/7"}, cookies={"last": "7"})

    first, second = await ask(), await ask()
    assert second[2] == first[2]
    assert lasting(second[1]) == lasting(first[1])


async def test_an_error_that_the_handler_raises_is_its_answer(table, ask, store):
    class Declined(PontyError):
        status_code = 402
        type = "https://pay.example/declined"

    calls = []

    @table.post("/", middlewares=[idempotent(store)])
    async def pay(request: web.Request) -> web.Response:
        calls.append(1)
        raise Declined(members={"try": len(calls)})

    assert (await ask())[2] == (await ask())[2]
    assert calls == [1]


async def test_another_request_with_the_same_key_is_refused(table, store, ask):
    """Whatever differs: the body, its media type, the query, the path or the method."""
    calls = []
    one = idempotent(store)
    for path in ("/", "/other"):
        for method in ("POST", "PATCH"):

            @table.route(method, path, middlewares=[one])
            async def count(request: web.Request) -> web.Response:
                calls.append(request.rel_url)
                return web.Response(text="first")

    assert (await ask(data=b"a", headers={"Content-Type": "text/plain"}))[0] == 200
    for different in (
        {"data": b"b", "headers": {"Content-Type": "text/plain"}},
        {"data": b"", "headers": {"Content-Type": "text/plain"}},
        {"data": b"a", "headers": {"Content-Type": "text/html"}},
        {"path": "/?a=1", "data": b"a", "headers": {"Content-Type": "text/plain"}},
        {"path": "/other", "data": b"a", "headers": {"Content-Type": "text/plain"}},
        {"method": "PATCH", "data": b"a", "headers": {"Content-Type": "text/plain"}},
    ):
        status, headers, body = await ask(**different)
        assert (status, headers["Content-Type"]) == (422, "application/problem+json"), different
        assert b"first" not in body
    assert len(calls) == 1
    parameters = {"data": b"a", "headers": {"Content-Type": "Text/Plain; charset=utf-8"}}
    assert (await ask(**parameters))[1]["Idempotent-Replayed"] == "true"


async def test_without_a_key_each_request_is_carried_out(counted, ask):
    calls = counted(created)
    assert [(await ask(key=None, data=b"a"))[0] for _ in range(2)] == [201, 201]
    assert calls == ["a", "a"]


async def test_a_key_may_be_required(counted, ask):
    calls = counted(created, required=True)
    status, headers, body = await ask(key=None, data=b"a")
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert b'"code":"missing"' in body
    assert calls == []
    assert (await ask(data=b"a"))[0] == 201


async def test_other_methods_go_to_the_handler_as_they_are(counted, ask, store):
    calls = counted(created, method="GET", required=True)
    counted(created, method="PUT", required=True)
    assert [(await ask(method=method))[0] for method in ("GET", "GET", "PUT")] == [201, 201, 201]
    assert len(calls) == 2
    assert store.log == []


async def test_the_methods_may_be_others(counted, ask):
    calls = counted(created, method="PUT", methods=["put"])
    assert [(await ask(method="PUT"))[0] for _ in range(2)] == [201, 201]
    assert len(calls) == 1


AGAIN = {
    "a 500": lambda: web.Response(status=500),
    "an unhandled exception": lambda: {}["nothing"],
    "a 503": lambda: raise_status(503),
    "a 408": lambda: web.Response(status=408),
    "a 425": lambda: web.Response(status=425),
    "a 429": lambda: web.Response(status=429),
    "whatever says when to come again": lambda: web.Response(status=409, headers={"Retry-After": "1"}),
}


@pytest.mark.parametrize("after_crash", ["again", "refuse"])
@pytest.mark.parametrize("answer", AGAIN.values(), ids=AGAIN)
async def test_an_answer_that_says_to_try_again_is_not_kept(counted, ask, answer, store, after_crash):
    calls = counted(answer, after_crash=after_crash)
    statuses = [(await ask())[0] for _ in range(2)]
    assert statuses[0] == statuses[1]
    assert len(calls) == 2
    assert store.data == {}


async def test_waiting_in_vain_for_something_else_is_not_kept(table, ask, store):
    """As for a lock or a cache of the memo, whose errors have a status without being of the core."""

    class Locked(Exception):
        __ponty_status__ = 409

    calls = []

    @table.post("/", middlewares=[idempotent(store)])
    async def wait(request: web.Request) -> web.Response:
        calls.append(1)
        if len(calls) == 1:
            raise Locked
        return web.Response()

    assert [(await ask())[0] for _ in range(3)] == [409, 200, 200]
    assert len(calls) == 2


async def test_a_program_may_say_what_is_kept(counted, ask):
    calls = counted(lambda: web.Response(status=500), keep=lambda status: True)
    assert [(await ask())[0] for _ in range(2)] == [500, 500]
    assert len(calls) == 1


async def test_a_lifetime_goes_to_the_store(counted, ask, store):
    counted(created, ttl_ms=1234)
    await ask()
    assert store.lifetimes == [1234]


async def test_repetitions_at_once_wait_for_the_first(table, store, ask):
    going, calls = asyncio.Event(), []

    @table.post("/", middlewares=[idempotent(store, maxwait_ms=5000)])
    async def slow(request: web.Request) -> web.Response:
        calls.append(1)
        await going.wait()
        return web.Response(text="done")

    await ask("/nowhere")
    asking = [asyncio.create_task(ask()) for _ in range(5)]
    await until(lambda: store.log.count("hold") == 5)
    going.set()
    answers = await asyncio.gather(*asking)
    assert [body for _, _, body in answers] == [b"done"] * 5
    assert sum("Idempotent-Replayed" in headers for _, headers, _ in answers) == 4
    assert calls == [1]
    assert set(store.waits) == {5000}


async def test_who_waits_too_long_is_told_when_to_come_again(table, store, ask):
    going = asyncio.Event()

    @table.post("/", middlewares=[idempotent(store, maxwait_ms=0)])
    async def slow(request: web.Request) -> web.Response:
        await going.wait()
        return web.Response(text="done")

    await ask("/nowhere")
    first = asyncio.create_task(ask())
    await until(lambda: "hold" in store.log)
    status, headers, body = await ask()
    assert (status, headers["Retry-After"], headers["Content-Type"]) == (409, "1", "application/problem+json")
    assert b"being carried out" in body
    going.set()
    assert (await first)[0] == 200
    assert (await ask())[2] == b"done"


async def test_what_is_refused_may_have_an_answer_of_the_applications_own(table, store, aiohttp_client):
    @table.post("/", middlewares=[idempotent(store)])
    async def make(request: web.Request) -> web.Response:
        return web.Response()

    store.hold = lambda key, *, maxwait_ms: raise_in_use()

    def raise_in_use():
        class InUse(Exception):
            __ponty_status__ = 409

        raise InUse

    app = build_app(routes=[table], errors={IdempotencyKeyInUse: lambda request, error: web.Response(status=425)})
    client = await aiohttp_client(app)
    async with client.post("/", headers={"Idempotency-Key": "k"}) as answer:
        assert answer.status == 425


CALLERS = [
    ({"Authorization": "Bearer ann"}, {"Authorization": "Bearer bob"}),
    ({"Authorization": "Bearer ann"}, {}),
    ({"Authorization": "a", "Cookie": "b=1"}, {"Authorization": "b", "Cookie": "b=1"}),
]


@pytest.mark.parametrize(("ann", "bob"), CALLERS)
async def test_a_key_belongs_to_one_caller(counted, ask, ann, bob):
    """Also where nobody has said how callers are told apart."""
    calls = counted(lambda: web.Response(status=201))
    for caller in (ann, bob, ann, bob):
        assert (await ask(headers=caller))[0] == 201
    assert len(calls) == 2


COOKIES = [
    # those of the first, those of a repetition, whether it may have the answer
    ("session=ann", "session=ann", True),
    ("session=ann", "session=ann; seen=yes", True),
    ("seen=yes; session=ann", "session=ann; seen=yes", True),
    ("session=ann", "session=bob", False),
    ("session=ann", "", False),
    ("", "session=ann", True),
]


@pytest.mark.parametrize(("first", "then", "may"), COOKIES)
async def test_any_cookie_may_say_who_the_caller_is(counted, ask, first, then, may):
    """Who has others gets neither the answer nor is anything carried out twice."""
    calls = counted(lambda: web.Response(status=201))
    assert (await ask(headers={"Cookie": first}))[0] == 201
    assert (await ask(headers={"Cookie": then}))[0] == (201 if may else 422)
    assert len(calls) == 1


async def test_cookies_are_nothing_to_who_says_who_the_caller_is(counted, ask):
    calls = counted(lambda: web.Response(status=201), scope=lambda request: "ann")
    assert [(await ask(headers={"Cookie": cookie}))[0] for cookie in ("a=1", "a=2", "")] == [201] * 3
    assert len(calls) == 1


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_program_may_say_who_the_caller_is(counted, ask, is_async):
    def caller(request: web.Request) -> str:
        return request.headers["X-User"]

    async def caller_later(request: web.Request) -> str:
        return caller(request)

    calls = counted(created, scope=caller_later if is_async else caller)
    for user, token in (("ann", "1"), ("ann", "2"), ("bob", "2"), ("bob", "1")):
        assert (await ask(headers={"X-User": user, "Authorization": token}))[0] == 201
    assert len(calls) == 2


async def test_a_caller_without_a_name_is_a_fault_of_the_program(counted, ask, caplog):
    calls = counted(created, scope=lambda request: None)
    assert (await ask())[0] == 500
    assert calls == []
    assert "scope must return the caller's name" in caplog.text


async def test_a_program_may_say_what_has_to_be_the_same(counted, ask):
    calls = counted(created, fingerprint=lambda request, body: body[:1])
    assert [(await ask(data=data))[0] for data in (b"a1", b"a2", b"b1")] == [201, 201, 422]
    assert calls == ["a1"]


async def test_the_handler_is_told_key_and_fence(table, ask, store):
    told = []

    @table.post("/", middlewares=[idempotent(store)])
    async def make(request: web.Request) -> web.Response:
        told.append(request.get(IDEMPOTENCY))
        return web.Response()

    await ask(key='"a"')
    await ask(key="b")
    await ask(key=None)
    assert [one and one.key for one in told] == ["a", "b", None]
    assert told[0].fence < told[1].fence


@pytest.mark.parametrize("method", ["get", "hold"])
async def test_a_store_that_fails_fails_the_request_before_its_handler(counted, ask, store, method, caplog):
    calls = counted(created)
    store.failing.append(method)
    assert (await ask())[0] == 500
    assert calls == []
    assert (await ask())[0] == 201


async def test_a_store_that_fails_afterwards_takes_no_answer_away(counted, ask, store, caplog):
    """Who has the answer does not ask again; the log has it."""
    calls = counted(created)
    store.failing.append("keep")
    status, headers, _ = await ask()
    assert (status, headers["Location"]) == (201, "/1")
    assert "POST /: the answer could not be recorded under its idempotency key" in caplog.text
    assert (await ask())[0] == 201
    assert len(calls) == 2


async def test_who_has_lost_the_key_meanwhile_does_not_answer(counted, ask, store):
    """Another attempt has taken its place, whose answer counts."""
    counted(created)
    store.lost = True
    status, headers, _ = await ask()
    assert (status, headers["Retry-After"]) == (409, "1")


async def test_who_has_lost_the_key_before_it_began_does_not_begin(counted, ask, store):
    """That it has begun could not be recorded, so another attempt may have begun as well."""
    calls = counted(created, after_crash="refuse")
    store.lost = True
    assert (await ask())[0] == 409
    assert calls == []


async def test_an_attempt_that_was_cut_short_is_carried_out_again(counted, ask, store):
    """As in a process that has died: the key is free, and nothing is recorded."""
    calls = counted(created)
    assert (await ask())[0] == 201
    store.data.clear()
    assert (await ask())[0] == 201
    assert len(calls) == 2


async def test_or_is_refused_if_the_program_says_so(table, ask, store):
    """What was begun is recorded before the handler is called."""
    seen = []

    @table.post("/", middlewares=[idempotent(store, after_crash="refuse")])
    async def make(request: web.Request) -> web.Response:
        seen.append(dict(store.data))
        return web.Response(text="done")

    assert (await ask())[0] == 200
    (begun,) = seen
    assert len(begun) == 1
    assert begun != store.data
    assert (await ask())[2] == b"done"
    store.data.update(begun)  # as it was when the process died
    status, headers, body = await ask()
    assert (status, headers.get("Retry-After")) == (409, None)
    assert b"whether it took effect is not known" in body
    assert len(seen) == 1


@pytest.mark.parametrize("answer", [lambda: web.Response(body=b"x" * 101), lambda: web.FileResponse(__file__)])
async def test_an_answer_that_is_not_kept_is_not_given_twice(counted, ask, answer, caplog):
    """It was carried out, so it is not carried out again."""
    calls = counted(answer, max_answer=100)
    assert (await ask())[0] == 200
    assert "POST /: the answer is not kept under its idempotency key" in caplog.text
    status, _, body = await ask()
    assert status == 409
    assert b"its answer is not kept" in body
    assert len(calls) == 1


async def test_so_is_a_stream_of_aiohttps_own(counted, ask):
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"one by one")
        return answer

    calls = counted(stream)
    assert (await ask())[2] == b"one by one"
    assert (await ask())[0] == 409
    assert len(calls) == 1


@pytest.mark.parametrize("lies", [b"", b"\x01", b"\x02anything", b"\x01\xc1", b"\x01\x93\x01\x02\x03"])
async def test_what_cannot_be_read_is_not_carried_out_again(counted, ask, store, lies, caplog):
    """A newer version may have written it."""
    calls = counted(created)
    await ask()
    store.data = dict.fromkeys(store.data, lies)
    assert (await ask())[0] == 409
    assert len(calls) == 1
    assert "cannot be read" in caplog.text


async def test_a_body_over_the_limit_of_the_route_is_not_read(table, ask, store):
    @table.post("/", max_size=100, middlewares=[idempotent(store)])
    async def make(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async def chunks(count):
        for _ in range(count):
            yield b"x" * 50

    assert (await ask(data=b"x" * 101))[0] == 413
    assert (await ask(data=chunks(3)))[0] == 413
    assert store.log == []
    assert (await ask(data=chunks(2)))[2] == b"100"
    assert (await ask(data=b"x" * 100))[1].get("Content-Type") == "text/plain; charset=utf-8"


async def test_a_body_that_breaks_off_is_not_carried_out(counted, ask, store):
    calls = counted(created)
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert (await ask(data=b"no gzip at all", headers=headers, skip_auto_headers=["Accept-Encoding"]))[0] == 400
    assert (calls, store.log) == ([], [])


async def test_tables_stand_around_routes(serve, store):
    """The middlewares of a route stand within those of its table."""
    order = []

    def noting(name):
        @web.middleware
        async def middleware(request, handler):
            order.append(name)
            return await handler(request)

        return middleware

    table = Routes(middlewares=[noting("table")])

    @table.post("/", middlewares=[noting("outer"), noting("inner")])
    async def make(request: web.Request) -> web.Response:
        return web.Response()

    client = await serve(routes=[table])
    async with client.post("/") as answer:
        assert answer.status == 200
    assert order == ["table", "outer", "inner"]


async def test_a_middleware_within_may_answer_too(table, serve, store):
    """What it answers is the answer; one that says to try again is not kept."""

    @web.middleware
    async def only_so_often(request, handler):
        return web.Response(status=429) if "X-Often" in request.headers else await handler(request)

    @table.post("/", middlewares=[idempotent(store), only_so_often])
    async def make(request: web.Request) -> web.Response:
        return web.Response(text="made")

    client = await serve(routes=[table])
    for headers, status in (({"X-Often": "1"}, 429), ({}, 200), ({"X-Often": "1"}, 200)):
        async with client.post("/", headers={"Idempotency-Key": "k"} | headers) as answer:
            assert answer.status == status


REFUSED = [
    ({"store": object()}, TypeError, "is not a store for answers"),
    ({"store": dict}, TypeError, "is not a store for answers"),
    ({"ttl_ms": 0}, ValueError, "ttl_ms"),
    ({"ttl_ms": float("nan")}, ValueError, "ttl_ms"),
    ({"ttl_ms": float("inf")}, ValueError, "ttl_ms"),
    ({"ttl_ms": "1"}, ValueError, "ttl_ms"),
    ({"maxwait_ms": -1}, ValueError, "maxwait_ms"),
    ({"max_answer": -1}, ValueError, "max_answer"),
    ({"after_crash": "maybe"}, ValueError, "after_crash"),
    ({"scope": "user"}, TypeError, "scope must be a function"),
    ({"fingerprint": b""}, TypeError, "fingerprint must be a function"),
    ({"keep": 500}, TypeError, "keep must be a function"),
    ({"methods": "POST"}, TypeError, r"methods=\['POST'\]"),
    ({"methods": []}, ValueError, "methods"),
    ({"methods": ["*"]}, ValueError, "methods"),
]


@pytest.mark.parametrize(("options", "error", "words"), REFUSED)
def test_what_makes_no_sense_is_refused(store, options, error, words):
    with pytest.raises(error, match=words):
        idempotent(**{"store": store} | options)


def test_it_is_for_routes_alone(store):
    """Around an application it would keep what no route matches."""
    with pytest.raises(TypeError, match=r"idempotent is for routes"):
        build_app(middlewares=[idempotent(store)])


def test_one_that_stands_in_a_list_by_itself_is_refused(table, store):
    with pytest.raises(TypeError, match="middlewares must be a list"):
        table.post("/", middlewares=idempotent(store))(_nothing)


def test_a_stream_is_refused_when_the_application_is_built(table, store):
    @table.post("/", middlewares=[idempotent(store)])
    @render_events
    async def events(request: web.Request):
        yield 1

    with pytest.raises(TypeError, match=r"POST /: idempotent keeps whole answers, but '.*events' streams its answer"):
        build_app(routes=[table])


def test_a_stream_under_another_method_is_not(table, store):
    group = Routes(middlewares=[idempotent(store)])
    group.include(table)

    @table.get("/")
    @render_events
    async def events(request: web.Request):
        yield 1

    assert build_app(routes=[group])


def test_two_of_them_around_one_route_are_refused(store):
    table = Routes(middlewares=[idempotent(store)])
    table.post("/", middlewares=[idempotent(store)])(_nothing)
    with pytest.raises(TypeError, match=r"is applied to '_nothing' twice"):
        build_app(routes=[table])


async def _nothing(request: web.Request) -> web.Response:
    return web.Response()


def test_a_refusal_of_a_key_is_an_invalid_request():
    """So the application's own answer to these is that of a missing key, too."""
    from ponty.core.idempotency.keys import missing

    assert type(missing()) is ValidationError
    assert logging.getLogger("ponty.core").name == "ponty.core"
