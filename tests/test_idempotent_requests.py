"""Idempotency keys around handlers with fields: guards come first, and what fields refuse is not kept."""

import asyncio
import dataclasses
import gzip
import zlib

import pytest
from aiohttp import web

from ponty import (
    AIOHttpReq,
    ApiKey,
    BearerToken,
    BodyStream,
    Cookie,
    Description,
    DoesNotExist,
    Field,
    Header,
    InvalidField,
    JsonBody,
    ParsedForm,
    ParsedJsonBody,
    PontyError,
    PosIntRouteParameter,
    Request,
    Routes,
    Scoped,
    TextBody,
    Upload,
    build_app,
    expect,
    idempotent,
    openapi,
    render_json,
)
from ponty.memo import LocalRecords, Locked

CUSTOMER = web.RequestKey("CUSTOMER", str)


@dataclasses.dataclass
class Order:
    cents: int


class Customer(Field[str]):
    guard = True

    def extract(self, request: web.Request, *, token: str) -> str:
        if not token.startswith("token-of-"):
            raise InvalidField("must be that of a customer", status=401)
        customer = request[CUSTOMER] = token.removeprefix("token-of-").partition(".")[0]
        return customer

    def describe(self) -> Description:
        return Description("header", "Authorization")


class Pay(Request):
    customer = Customer(token=BearerToken())
    order = ParsedJsonBody(Order)


ANN = {"Authorization": "Bearer token-of-ann"}
BOB = {"Authorization": "Bearer token-of-bob"}


@pytest.fixture
def records():
    return LocalRecords()


@pytest.fixture
def table():
    return Routes()


@pytest.fixture
def ask(aiohttp_client, table):
    """Return a function that asks with a key, and returns the status, whether it is a repetition, and the body."""
    clients = []

    async def ask(path="/", *, key="k", fields=None, **options):
        if not clients:
            clients.append(await aiohttp_client(build_app(routes=[table], fields=fields)))
        options["headers"] = {"Idempotency-Key": key} | options.get("headers", {})
        async with clients[0].post(path, **options) as answer:
            return answer.status, "Idempotent-Replayed" in answer.headers, await answer.read()

    return ask


@pytest.fixture
def paid(table, records):
    """Put a route with a guard on the table, and give the list of what was paid."""
    paid = []

    @table.post("/", middlewares=[idempotent(records, scope=lambda request: request[CUSTOMER])])
    @expect(Pay)
    @render_json(int, status=201)
    async def pay(customer: str, order: Order) -> int:
        paid.append((customer, order.cents))
        return len(paid)

    return paid


async def test_guards_run_before_an_answer_is_given_again(paid, ask):
    """Who may no longer log in gets nothing, whatever the key."""
    first = await ask(json={"cents": 5}, headers=ANN)
    assert first[:2] == (201, False)
    assert await ask(json={"cents": 5}, headers=ANN) == (201, True, first[2])
    for headers in ({}, {"Authorization": "Bearer x"}):
        status, replayed, body = await ask(json={"cents": 5}, headers=headers)
        assert (status, replayed) == (401, False)
        assert b"data" not in body
    assert paid == [("ann", 5)]


async def test_a_guard_comes_before_the_key(table, records, ask):
    """To who is not let in, nothing else is told."""

    @table.post("/", middlewares=[idempotent(records, required=True)])
    @expect(Pay)
    @render_json
    async def pay(customer: str, order: Order) -> int:
        return 1

    assert (await ask(key='"no key', json={"cents": 5}))[0] == 401
    assert (await ask(key='"no key', json={"cents": 5}, headers=ANN))[0] == 400


async def test_the_scope_knows_what_the_guards_have_found(paid, ask):
    """One customer with two tokens is one caller; two customers with one key are two."""
    for headers, replayed in ((ANN, False), ({"Authorization": "Bearer token-of-ann.2"}, True), (BOB, False)):
        assert (await ask(json={"cents": 5}, headers=headers))[:2] == (201, replayed)
    assert paid == [("ann", 5), ("bob", 5)]


async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(paid, ask):
    """After the guards, and before the body is compared."""
    for replayed in (False, True):
        assert (await ask(json={"cents": 5}, headers=ANN, expect100=True))[:2] == (201, replayed)
    assert (await ask(json={"cents": 5}, expect100=True))[0] == 401


REFUSED = {
    "not valid": {"json": {"cents": "five"}},
    "no JSON": {"data": b"{", "headers": {"Content-Type": "application/json"}},
    "no body": {},
    "another media type": {"data": b'{"cents": 5}', "headers": {"Content-Type": "text/plain"}},
}


@pytest.mark.parametrize("wrong", REFUSED.values(), ids=REFUSED)
async def test_what_fields_refuse_may_be_mended_under_the_same_key(paid, ask, wrong):
    options = {**wrong, "headers": wrong.get("headers", {}) | ANN}
    assert (await ask(**options))[0] in {400, 415}
    assert (await ask(**options))[:2] != (201, True)
    assert (await ask(json={"cents": 5}, headers=ANN))[:2] == (201, False)
    assert paid == [("ann", 5)]


class SoldOut(PontyError):
    status_code = 410


class Refusing(Field[str]):
    """Refuses in the way that a header says."""

    def extract(self, request: web.Request) -> str:
        match request.headers.get("X-Refuse", ""):
            case "":
                return ""
            case "ponty":
                raise SoldOut
            case "aiohttp":
                raise web.HTTPForbidden
            case "invalid":
                raise InvalidField("is no good", status=404)
            case _:
                raise LookupError

    def describe(self) -> Description:
        return Description("header", "X-Refuse")


async def a_scope(request: web.Request):
    if "X-Scope" in request.headers:
        raise SoldOut
    yield 1


class Flat(Request):
    refusing = Refusing()


class InTurns(Request):
    refusing = Refusing()
    scope = Scoped(a_scope)


@pytest.mark.parametrize("cls", [Flat, InTurns])
async def test_so_may_whatever_comes_before_the_handler(table, records, ask, cls):
    calls = []

    @table.post("/", middlewares=[idempotent(records)])
    @expect(cls, mimetype="text/plain", whole=True)
    @render_json
    async def handle(r: Request) -> int:
        calls.append(1)
        raise DoesNotExist

    text = {"Content-Type": "text/plain"}
    for how, status in (("ponty", 410), ("aiohttp", 403), ("invalid", 404), ("else", 500)):
        assert (await ask(data=b"a", headers={"X-Refuse": how} | text))[:2] == (status, False)
    assert (await ask(data=b"a", headers={"Content-Type": "text/html"}))[:2] == (415, False)
    if cls is InTurns:
        assert (await ask(data=b"a", headers={"X-Scope": "1"} | text))[:2] == (410, False)
    assert calls == []
    assert [(await ask(data=b"a", headers=text))[:2] for _ in range(2)] == [(404, False), (404, True)]
    assert calls == [1]


async def test_scopes_are_left_before_the_answer_is_recorded(table, records, ask):
    """A transaction that is not committed leaves no record; a repetition opens none."""
    log = []

    async def transaction(request: web.Request):
        log.append("begin")
        yield 1
        if len(log) == 2:
            raise ConnectionError("the commit failed")
        log.append("commit")

    class Write(Request):
        db = Scoped(transaction)
        token = BearerToken()

    @table.post("/", middlewares=[idempotent(records)])
    @expect(Write)
    @render_json
    async def write(db: int, token: str) -> int:
        log.append("written")
        return 1

    assert [(await ask(headers=ANN))[:2] for _ in range(3)] == [(500, False), (200, False), (200, True)]
    assert log == ["begin", "written", "begin", "written", "commit"]


class ByCookie(Request):
    session = ApiKey(cookie="session")


class ByHeader(Request):
    session = ApiKey(header="X-Key")


class ByQuery(Request):
    session = ApiKey(query="key")


CALLERS = [
    # the class, what ann sends, what bob sends, what ann sends with something else that has changed
    (ByCookie, {"Cookie": "session=ann"}, {"Cookie": "session=bob"}, {"Cookie": "seen=yes; session=ann"}),
    (ByHeader, {"X-Key": "ann"}, {"X-Key": "bob"}, {"X-Key": "ann", "Cookie": "seen=yes"}),
]


@pytest.mark.parametrize(("cls", "ann", "bob", "ann_later"), CALLERS)
async def test_without_a_scope_callers_are_told_apart_by_what_guards_look_at(
    table, records, ask, cls, ann, bob, ann_later
):
    @table.post("/", middlewares=[idempotent(records)])
    @expect(cls)
    @render_json
    async def handle(session: str) -> str:
        return session

    for headers, replayed, who in ((ann, False, b"ann"), (bob, False, b"bob"), (ann_later, True, b"ann")):
        status, again, body = await ask(headers=headers)
        assert (status, again) == (200, replayed)
        assert who in body


async def test_a_key_in_the_query_is_another_request_and_another_caller(table, records, ask):
    @table.post("/", middlewares=[idempotent(records)])
    @expect(ByQuery)
    @render_json
    async def handle(session: str) -> str:
        return session

    assert (await ask("/?key=ann"))[:2] == (200, False)
    assert (await ask("/?key=bob"))[:2] == (200, False)
    assert (await ask("/?key=ann"))[:2] == (200, True)


@dataclasses.dataclass
class Photo:
    title: str
    file: Upload | None = None


class AddPhoto(Request):
    photo = ParsedForm(Photo)


async def test_forms_are_read_as_ever(table, records, ask):
    """Also after the middleware has read the body."""

    @table.post("/", max_size=100_000, middlewares=[idempotent(records)])
    @expect(AddPhoto)
    @render_json
    async def add(photo: Photo) -> list[object]:
        content = b"" if photo.file is None else await photo.file.read()
        return [photo.title, len(content)]

    status, replayed, body = await ask(key="1", data={"title": "tea"})
    assert (status, replayed, b'["tea",0]' in body) == (200, False, True)
    assert (await ask(key="1", data={"title": "tea"}))[:2] == (200, True)
    assert (await ask(key="1", data={"title": "coffee"}))[0] == 422
    whole = (
        b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\ntea\r\n--b\r\nContent-Disposition: form-data; '
        b'name="file"; filename="a"\r\n\r\n' + b"x" * 50_000 + b"\r\n--b--\r\n"
    )
    sent = {"data": whole, "headers": {"Content-Type": "multipart/form-data; boundary=b"}}
    status, replayed, body = await ask(key="2", **sent)
    assert (status, replayed, b'["tea",50000]' in body) == (200, False, True)
    assert (await ask(key="2", **sent))[:2] == (200, True)
    sent["data"] = whole.replace(b"x" * 50_000, b"x" * 150_000)
    assert (await ask(key="3", **sent))[0] == 413


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_encoded_bodies_are_compared_as_they_are_meant(table, records, ask, encoding, compress):
    class Take(Request):
        text = TextBody()

    @table.post("/", middlewares=[idempotent(records)])
    @expect(Take, mimetype="text/plain")
    @render_json
    async def take(text: str) -> int:
        return len(text)

    plain = {"Content-Type": "text/plain"}
    assert (await ask(data=compress(b"x" * 1000), headers={"Content-Encoding": encoding} | plain))[:2] == (200, False)
    assert (await ask(data=b"x" * 1000, headers=plain))[:2] == (200, True)


def test_a_body_that_is_a_stream_is_refused_when_the_application_is_built(table, records):
    class Put(Request):
        backup = BodyStream(max_size=10**9)

    @table.post("/", middlewares=[idempotent(records)])
    @expect(Put)
    @render_json
    async def put(backup: object) -> int:
        return 1

    with pytest.raises(TypeError, match=r"POST /: idempotent compares whole bodies, but '.*put' reads its body as"):
        build_app(routes=[table])


async def test_a_body_that_a_middleware_has_read_is_a_stream_all_the_same(table, ask):
    """As it is under any middleware that reads bodies by aiohttp's method."""

    class Put(Request):
        backup = BodyStream(max_size=100)

    @web.middleware
    async def reading(request, handler):
        await request.read()
        return await handler(request)

    @table.post("/", middlewares=[reading])
    @expect(Put)
    @render_json
    async def put(backup) -> int:
        return sum([len(chunk) async for chunk in backup])

    for size, status in ((0, 200), (100, 200), (101, 413)):
        answered, _, body = await ask(data=b"x" * size)
        assert answered == status
        assert status == 413 or b'"data":%d,' % size in body


async def test_a_lock_that_is_held_by_others_says_to_try_again(table, records, ask):
    calls = []

    class Nothing(Request):
        pass

    @table.post("/", middlewares=[idempotent(records)])
    @expect(Nothing)
    @render_json
    async def handle() -> int:
        calls.append(1)
        if len(calls) == 1:
            raise Locked
        return 1

    assert [(await ask())[:2] for _ in range(3)] == [(409, False), (200, False), (200, True)]


async def test_replaced_guards_change_nothing_else(paid, ask):
    """In a test, a guard may be a value; the scope is then the test's to replace, too."""
    assert (await ask(json={"cents": 5}, fields={Customer: "eve"}))[0] == 500, "nobody has put the customer there"
    assert paid == []


async def test_replaced_guards_leave_requests_idempotent(table, records, ask):
    paid = []

    @table.post("/", middlewares=[idempotent(records)])
    @expect(Pay)
    @render_json
    async def pay(customer: str, order: Order) -> int:
        paid.append(customer)
        return 1

    assert [(await ask(json={"cents": 5}, fields={Customer: "eve"}))[:2] for _ in range(2)] == [
        (200, False),
        (200, True),
    ]
    assert paid == ["eve"]


async def test_a_handler_may_take_the_key_as_a_field(table, records, ask):
    class Take(Request):
        key = Header(key="Idempotency-Key")
        http = AIOHttpReq()
        number = PosIntRouteParameter()
        seen = Cookie(name="seen")
        body = JsonBody()

    @table.post(f"/{Take.number}", middlewares=[idempotent(records, required=True)])
    @expect(Take, whole=True)
    @render_json
    async def take(r: Take) -> str:
        return r.key

    status, _, body = await ask("/7", json={})
    assert status == 200
    assert b'"data":"k"' in body
    document = openapi(table, title="t", version="1")
    parameters = document["paths"]["/{number}"]["post"]["parameters"]
    (described,) = [one for one in parameters if one["name"] == "Idempotency-Key"]
    assert described["required"] is True


async def test_repetitions_at_once_pass_their_own_guards(paid, ask):
    """They wait behind the first, and none of them without a token."""
    answers = await asyncio.gather(*[ask(json={"cents": 5}, headers=ANN if n % 2 else {}) for n in range(10)])
    assert sorted(status for status, _, _ in answers) == [201] * 5 + [401] * 5
    assert len({body for status, _, body in answers if status == 201}) == 1
    assert len(paid) == 1


def test_what_it_takes_and_answers_is_described(table, records):
    @table.post("/", raises=[SoldOut], middlewares=[idempotent(records)])
    @expect(Pay)
    @render_json(int, status=201)
    async def pay(customer: str, order: Order) -> int:
        return 1

    group = Routes(middlewares=[idempotent(records, required=True, methods=["POST", "PUT"])])

    @group.get("/group")
    @group.put("/group")
    async def both(request: web.Request) -> web.Response:
        return web.Response()

    paths = openapi(table, group, title="t", version="1")["paths"]
    operation = paths["/"]["post"]
    (parameter,) = operation["parameters"]
    assert parameter | {"description": ""} == {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    }
    assert operation["responses"].keys() == {"201", "400", "401", "409", "410", "413", "415", "422"}
    assert "idempotency key" in operation["responses"]["409"]["description"]
    assert "parameters" not in paths["/group"]["get"]
    assert paths["/group"]["put"]["parameters"][0]["required"] is True
    assert {"400", "409", "422"} <= paths["/group"]["put"]["responses"].keys()
