"""Problems of a program's own kinds, and what an application answers errors with."""

import json
import pickle

import pytest
from aiohttp import web

from ponty.core import (
    DoesNotExist,
    Fault,
    PontyError,
    ValidationError,
    build_app,
    get,
    json_response,
    post,
    raise_status,
    render_json,
)


class SoldOut(PontyError):
    status_code = 410
    type = "https://mugs.example/problems/sold-out"
    title = "This mug is sold out"


class Titled(PontyError):
    status_code = 409
    title = "Taken"


class Outage(Exception):
    pass


class DatabaseOutage(Outage):
    pass


FAULT = Fault("query", "page", "is required", code="missing")


def raising(error):
    @get("/")
    @render_json
    async def handler(request: web.Request) -> None:
        raise error

    return handler


DOCUMENTS = {
    "a type": (SoldOut(), {"type": SoldOut.type, "title": SoldOut.title, "status": 410}),
    "a detail": (
        SoldOut(detail="an hour ago"),
        {"type": SoldOut.type, "title": SoldOut.title, "status": 410, "detail": "an hour ago"},
    ),
    "members": (
        SoldOut(members={"restocked": "2026-03-01", "left": 0}, instance="/mugs/7"),
        {
            "type": SoldOut.type,
            "title": SoldOut.title,
            "status": 410,
            "instance": "/mugs/7",
            "restocked": "2026-03-01",
            "left": 0,
        },
    ),
    "a title alone": (Titled(), {"type": "about:blank", "title": "Taken", "status": 409}),
    "a detail alone": (
        DoesNotExist(detail="no such mug"),
        {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such mug"},
    ),
    "members alone": (
        DoesNotExist(members={"mug": 7}),
        {"type": "about:blank", "title": "Not Found", "status": 404, "mug": 7},
    ),
    "faults": (
        ValidationError(faults=[FAULT], detail="look here", members={"help": "/docs"}),
        {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "look here",
            "help": "/docs",
            "errors": [{"in": "query", "name": "page", "pointer": "", "detail": "is required", "code": "missing"}],
        },
    ),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
async def test_a_problem_is_of_a_type_of_its_own(serve, kind):
    error, document = DOCUMENTS[kind]
    raising(error)
    client = await serve()
    async with client.get("/") as answer:
        assert answer.status == error.status_code
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert await answer.json(content_type=None) == document


async def test_it_may_have_headers_and_stays_small(serve):
    faults = [Fault("body", "x", "is not valid", "/" + "x" * 500) for _ in range(60)]
    raising(ValidationError(faults=faults, members={"help": "/docs"}, headers={"Retry-After": "3"}))
    client = await serve()
    async with client.get("/") as answer:
        assert answer.headers["Retry-After"] == "3"
        raw = await answer.read()
    assert len(raw) < 8192
    assert 0 < len(json.loads(raw)["errors"]) < 60


async def test_members_that_do_not_encode_are_a_500(serve, caplog):
    raising(SoldOut(members={"x": object()}))
    client = await serve()
    async with client.get("/") as answer:
        assert answer.status == 500
    assert len(caplog.records) == 1


def test_it_is_pickled_and_said_in_words():
    error = pickle.loads(pickle.dumps(SoldOut(detail="gone", members={"a": 1})))
    assert (str(error), error.members) == ("gone", {"a": 1})
    assert str(Titled()) == "409 Taken"


@pytest.mark.parametrize("name", ["type", "title", "status", "detail", "instance", "errors"])
def test_a_member_of_the_document_s_own_is_refused(name):
    with pytest.raises(ValueError, match=f"a problem document has a {name} of its own"):
        PontyError(members={name: 1})


@pytest.mark.parametrize("also", [{"text": "x"}, {"body": {}}])
@pytest.mark.parametrize("given", [{"detail": "x"}, {"members": {"a": 1}}, {"instance": "/x"}])
def test_a_text_or_body_is_not_a_problem_document(given, also):
    with pytest.raises(ValueError, match="leave out text and body"):
        PontyError(**given, **also)


@pytest.mark.parametrize("uri", ["", "sold out", "a\nb", 'a"b', "%zz", None])
def test_a_type_is_a_uri_reference(uri):
    with pytest.raises(ValueError, match="URI reference"):
        type("Wrong", (PontyError,), {"type": uri})


# What an application answers errors with


async def answer_to(ponty_client, error, **settings):
    raising(error)
    client = await ponty_client(**settings)
    async with client.get("/", allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def late(request, error):
    return json_response({"late": str(error)}, status=504)


def refuse(request, error):
    raise SoldOut(detail=f"{request.path} {type(error).__name__}")


ANSWERS = {
    "a status": ({Outage: 503}, Outage("secret"), 503, '"title":"Service Unavailable"'),
    "of a class derived": ({Outage: 503}, DatabaseOutage("secret"), 503, '"status":503'),
    "the nearest": ({Outage: 503, DatabaseOutage: 502}, DatabaseOutage("secret"), 502, '"status":502'),
    "a function": (
        {Outage: lambda request, error: json_response({"path": request.path}, status=503)},
        Outage("secret"),
        503,
        '{"path":"/"}',
    ),
    "a coroutine function": ({Outage: late}, Outage("x"), 504, '{"late":"x"}'),
    "an error in its place": ({Outage: refuse}, Outage("secret"), 410, '"detail":"/ Outage"'),
    "of Ponty's": ({DoesNotExist: 410}, DoesNotExist(detail="no mug"), 410, '"detail":"no mug"'),
    "of aiohttp's": ({web.HTTPNotFound: 410}, web.HTTPNotFound(), 410, '"status":410'),
    "alone in a group": ({Outage: 503}, ExceptionGroup("", [Outage("secret")]), 503, '"status":503'),
    "whatever nobody foresaw": ({Exception: 503}, LookupError("secret"), 503, '"status":503'),
    "but not what was an answer": ({Exception: 503}, DoesNotExist(), 404, '"status":404'),
    "nor a redirect": ({Exception: 503}, web.HTTPFound("/there"), 302, "302"),
    "nor others": ({Outage: 503}, LookupError("secret"), 500, '"status":500'),
    "a title stays": ({SoldOut: 404}, SoldOut(), 404, f'"type":"{SoldOut.type}"'),
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_error_of_a_class_has_an_answer_of_the_application_s(ponty_client, caplog, kind):
    errors, error, status, words = ANSWERS[kind]
    got, text = await answer_to(ponty_client, error, errors=errors)
    assert got == status
    assert words in text
    assert "secret" not in text
    foreseen = status < 500 or isinstance(error, PontyError | web.HTTPException)
    assert len(caplog.records) == (0 if foreseen else 1)


@pytest.mark.parametrize(
    "answer", [lambda request, error: {"a": 1}, lambda request, error: 1 / 0, lambda request, error: None]
)
async def test_an_answer_that_fails_is_a_500(ponty_client, caplog, answer):
    status, text = await answer_to(ponty_client, Outage(), errors={Outage: answer})
    assert (status, json.loads(text)["title"]) == (500, "Internal Server Error")
    assert len(caplog.records) == 1


async def test_what_a_middleware_raises_is_answered_likewise(serve):
    @web.middleware
    async def failing(request, handler):
        raise Outage

    raising(Outage())
    for middlewares in ([failing], [failing, failing]):
        client = await serve(middlewares=middlewares, errors={Outage: 503})
        async with client.get("/") as answer:
            assert answer.status == 503


UNMATCHED = {
    "no path": ("GET", "/nothing", b"", 404),
    "no method": ("PATCH", "/", b"", 405),
    "a body too large": ("POST", "/", b"four", 413),
    "a body too large for its route": ("POST", "/small", b"four", 413),
}


@pytest.mark.parametrize("middlewares", [0, 1])
@pytest.mark.parametrize("kind", UNMATCHED)
async def test_what_no_handler_sees_has_an_answer_of_the_application_s(serve, kind, middlewares):
    @web.middleware
    async def passing(request, handler):
        return await handler(request)

    @post("/")
    @post("/small", max_size=3)
    @render_json
    async def handler(request: web.Request) -> None:
        raise Outage

    method, path, body, status = UNMATCHED[kind]
    client = await serve(
        middlewares=[passing] * middlewares,
        client_max_size=3,
        errors={web.HTTPException: lambda request, error: json_response({"wrong": error.status}, status=error.status)},
    )
    async with client.request(method, path, data=body, expect100=bool(body)) as answer:  # else the body comes at once
        assert answer.status == status
        assert await answer.json() == {"wrong": status}
        assert answer.headers.get("Connection") == ("close" if body else None)


@pytest.mark.parametrize("settings", [{}, {"errors": {Outage: 503}}])
async def test_a_method_that_is_not_allowed_tells_those_that_are(serve, settings):
    raising(Outage())
    client = await serve(**settings)
    async with client.patch("/") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD,OPTIONS")
        assert await answer.json() == {"type": "about:blank", "title": "Method Not Allowed", "status": 405}


INVALID = {
    "a status": (422, ValidationError(faults=[FAULT]), 422, '"code":"missing"'),
    "a document": (
        lambda request, error: json_response({"wrong": [f.name for f in error.faults]}, status=422),
        ValidationError(faults=[FAULT]),
        422,
        '{"wrong":["page"]}',
    ),
    "not a text": (422, ValidationError(text="no"), 400, "no"),
    "not another error": (422, DoesNotExist(), 404, '"status":404'),
    "not one raised by its status": (422, lambda: raise_status(400), 400, '"status":400'),
}


@pytest.mark.parametrize("kind", INVALID)
async def test_an_invalid_request_has_an_answer_of_the_application_s(ponty_client, kind):
    answer, error, status, words = INVALID[kind]

    @get("/invalid")
    @render_json
    async def handler(request: web.Request) -> None:
        if isinstance(error, Exception):
            raise error
        error()

    client = await ponty_client(answer_invalid=answer)
    async with client.get("/invalid") as got:
        assert got.status == status
        assert words in await got.text()


async def test_another_application_answers_as_any_does(aiohttp_client):
    """Also where it stands above."""
    raising(ValidationError(faults=[FAULT]))
    outer = build_app()
    outer.add_subapp("/below", build_app(answer_invalid=422, errors={Outage: 503}))
    client = await aiohttp_client(outer)
    for path, status in (("/below/", 422), ("/", 400), ("/below/", 422)):
        async with client.get(path) as answer:
            assert answer.status == status


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"errors": {Outage: 99}}, ValueError, "from 200 to 599"),
        ({"errors": {Outage: "503"}}, TypeError, r"errors\[Outage\] must be a status, or a function"),
        ({"errors": {KeyboardInterrupt: 500}}, TypeError, "the keys of errors must be classes of exceptions"),
        ({"answer_invalid": {}}, TypeError, "answer_invalid must be a status"),
        ({"check_returns": -1}, ValueError, "check_returns must be a whole number"),
    ],
)
def test_what_is_no_answer_is_refused(settings, error, words):
    with pytest.raises(error, match=words):
        build_app(**settings)
