"""What a program raises, and how it is answered."""

import json
import pickle

import pytest
from aiohttp import hdrs, web

from ponty.core import DoesNotExist, Fault, PontyError, ValidationError, get, post, raise_status


class Teapot(PontyError):
    status_code = 418


async def answer_to(serve, error, *, method="GET"):
    """Serve a handler that raises `error`, and give what the client sees of it."""

    @get("/raise")
    async def handler(request: web.Request) -> web.Response:
        if callable(error) and not isinstance(error, type):
            error()
        raise error

    client = await serve()
    async with client.request(method, "/raise", allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.read()


def bare(status, title):
    return {"type": "about:blank", "title": title, "status": status}


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (PontyError(), 500, "Internal Server Error"),
        (DoesNotExist(), 404, "Not Found"),
        (DoesNotExist, 404, "Not Found"),
        (ValidationError(), 400, "Bad Request"),
        (Teapot(), 418, "I'm a Teapot"),
        (web.HTTPNotFound(), 404, "Not Found"),
        (web.HTTPServiceUnavailable(), 503, "Service Unavailable"),
        (lambda: raise_status(404), 404, "Not Found"),
        (lambda: raise_status(418), 418, "I'm a Teapot"),
        (lambda: raise_status(499), 499, ""),
        (lambda: raise_status(405), 405, "Method Not Allowed"),
        (lambda: raise_status(413), 413, None),
        (lambda: raise_status(451), 451, "Unavailable For Legal Reasons"),
        (lambda: raise_status(599), 599, ""),
        (ExceptionGroup("of one", [ExceptionGroup("of one", [DoesNotExist()])]), 404, "Not Found"),
    ],
)
async def test_an_error_without_words_of_its_own_is_a_problem_document(serve, caplog, error, status, title):
    got, headers, body = await answer_to(serve, error)
    document = json.loads(body)
    assert got == status
    assert headers["Content-Type"] == "application/problem+json"
    assert document == bare(status, document["title"] if title is None else title)
    assert caplog.records == []


@pytest.mark.parametrize(
    "error",
    [
        DoesNotExist(text="no such thing"),
        lambda: raise_status(404, text="no such thing"),
        web.HTTPNotFound(text="no such thing"),
    ],
)
async def test_a_text_is_sent_as_given(serve, error):
    status, headers, body = await answer_to(serve, error)
    assert (status, headers["Content-Type"], body) == (404, "text/plain; charset=utf-8", b"no such thing")


@pytest.mark.parametrize("value", [{"a": 1}, {}, [], 0, "", False, [None]])
async def test_a_body_is_sent_as_json_also_when_it_is_empty(serve, routes, value):
    for error in (ValidationError(body=value), lambda: raise_status(400, body=value)):
        with routes.emptied():
            status, headers, body = await answer_to(serve, error)
        assert (status, headers["Content-Type"]) == (400, "application/json; charset=utf-8")
        assert json.loads(body) == value


@pytest.mark.parametrize(
    "error",
    [
        DoesNotExist(body=[], headers={"X-A": "b"}, reason="Gone fishing", content_type="application/hal+json"),
        lambda: raise_status(
            404, body=[], headers={"X-A": "b"}, reason="Gone fishing", content_type="application/hal+json"
        ),
    ],
)
async def test_options_reach_the_answer(serve, error):
    _, headers, body = await answer_to(serve, error)
    assert (headers["X-A"], headers["Content-Type"], body) == ("b", "application/hal+json; charset=utf-8", b"[]")


@pytest.mark.parametrize("kind", ["text", "body"])
async def test_a_content_type_may_be_a_header_too(serve, kind):
    error = ValidationError(**{kind: "x"}, headers={"Content-Type": "application/vnd.api+json"})
    status, headers, _ = await answer_to(serve, error)
    assert (status, headers.getall("Content-Type")) == (400, ["application/vnd.api+json; charset=utf-8"])


async def test_a_content_type_may_name_its_charset(serve):
    _, headers, _ = await answer_to(serve, ValidationError(body={}, content_type="application/json; charset=utf-8"))
    assert headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("error", [web.HTTPUnauthorized, DoesNotExist])
async def test_headers_stay_on_a_problem_document(serve, error):
    _, headers, _ = await answer_to(serve, error(headers={"WWW-Authenticate": "Basic"}))
    assert headers["WWW-Authenticate"] == "Basic"
    assert headers["Content-Type"] == "application/problem+json"


async def test_faults_are_listed(serve):
    faults = [Fault("query", "page", "is required"), Fault("body", "person", "is too short", "/name")]
    status, _, body = await answer_to(serve, ValidationError(faults=faults))
    assert status == 400
    assert json.loads(body)["errors"] == [
        {"in": "query", "name": "page", "pointer": "", "detail": "is required"},
        {"in": "body", "name": "person", "pointer": "/name", "detail": "is too short"},
    ]


async def test_at_most_fifty_faults_are_listed(serve):
    _, _, body = await answer_to(
        serve, ValidationError(faults=[Fault("query", str(n), "is required") for n in range(60)])
    )
    document = json.loads(body)
    assert [error["name"] for error in document["errors"]] == [str(n) for n in range(50)]
    assert document["detail"] == "the first 50 of at least 60 errors are listed"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_goes_to_its_location(serve, status):
    got, headers, _ = await answer_to(serve, lambda: raise_status(status, location="/there"))
    assert (got, headers["Location"]) == (status, "/there")


@pytest.mark.parametrize("status", [200, 202, 204, 299])
async def test_a_success_may_be_raised(serve, status):
    got, headers, _ = await answer_to(serve, lambda: raise_status(status))
    assert got == status
    assert headers.get("Content-Type") != "application/problem+json"


@pytest.mark.parametrize(
    "status",
    sorted(
        {cls.status_code for cls in vars(web).values() if isinstance(cls, type) and issubclass(cls, web.HTTPException)}
        - {-1}
    ),
)
def test_raise_status_raises_the_class_of_its_status(status):
    known = next(
        cls
        for cls in vars(web).values()
        if isinstance(cls, type) and issubclass(cls, web.HTTPException) and cls.status_code == status
    )
    with pytest.raises(known) as caught:
        raise_status(status, text="words", location="/there") if issubclass(known, web.HTTPMove) else raise_status(
            status, text="words"
        )
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("status", "family"),
    [(299, web.HTTPSuccessful), (399, web.HTTPRedirection), (418, web.HTTPClientError), (599, web.HTTPServerError)],
)
def test_an_unregistered_status_is_of_its_family(status, family):
    with pytest.raises(family) as caught:
        raise_status(status)
    assert caught.value.status == status


@pytest.mark.parametrize("status", [-1, 0, 99, 100, 199, 600, 1000])
def test_a_status_that_no_answer_has_is_refused(status):
    with pytest.raises(ValueError, match="200 to 599"):
        raise_status(status)


def test_a_redirect_without_a_location_is_refused():
    with pytest.raises(ValueError, match=r"raise_status\(302\) needs location="):
        raise_status(302)


@pytest.mark.parametrize("raiser", [PontyError, lambda **kw: raise_status(400, **kw)])
@pytest.mark.parametrize(("text", "body"), [("a", {}), ("", 0)])
def test_text_and_body_at_once_are_refused(raiser, text, body):
    with pytest.raises(ValueError, match="not both"):
        raiser(text=text, body=body)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DoesNotExist(), "404 Not Found"),
        (DoesNotExist(text="no such thing"), "no such thing"),
        (ValidationError(faults=[Fault("query", "page", "is required")]), "query page: is required"),
    ],
)
def test_an_error_reads_well_in_a_log(error, words):
    assert str(error) == words


def test_an_error_survives_pickling():
    """As it must, where a process pool raises it."""
    error = pickle.loads(pickle.dumps(DoesNotExist(text="no such thing", reason="Gone")))
    assert (type(error), error.text, error.options) == (DoesNotExist, "no such thing", {"reason": "Gone"})


async def test_a_class_of_its_own_gives_its_status_by_an_attribute(serve, caplog):
    class Locked(Exception):
        __ponty_status__ = 409

    status, headers, body = await answer_to(serve, Locked("the secret key"))
    assert (status, headers["Content-Type"]) == (409, "application/problem+json")
    assert json.loads(body) == bare(409, "Conflict")
    assert caplog.records == []


async def test_a_status_code_of_somebody_else_s_exception_means_nothing(serve, caplog):
    class Upstream(Exception):
        status_code = 404

    status, _, body = await answer_to(serve, Upstream())
    assert (status, json.loads(body)) == (500, bare(500, "Internal Server Error"))
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "error",
    [
        PontyError(body=object()),
        PontyError(headers={"X": "a\r\nSet-Cookie: b"}),
        type("Bad", (PontyError,), {"status_code": 1000})(),
        type("Bad", (Exception,), {"__ponty_status__": "409"})(),
    ],
)
async def test_an_error_that_cannot_be_answered_is_a_clean_500(serve, caplog, error):
    status, headers, body = await answer_to(serve, error)
    assert (status, json.loads(body)) == (500, bare(500, "Internal Server Error"))
    assert len(caplog.records) == 1


async def test_aiohttp_s_own_404_and_405_are_problem_documents(serve):
    @get("/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    client = await serve()
    async with client.get("/nothing") as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")
        assert await answer.json(content_type=None) == bare(404, "Not Found")
    async with client.post("/thing") as answer:
        assert (answer.status, answer.content_type) == (405, "application/problem+json")
        assert answer.headers["Allow"] == "GET,HEAD,OPTIONS"
        assert await answer.json(content_type=None) == bare(405, "Method Not Allowed")


async def test_a_body_over_the_limit_is_a_413(serve):
    @post("/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    client = await serve(client_max_size=10)
    async with client.post("/thing", data=b"x" * 11) as answer:
        assert (answer.status, answer.content_type) == (413, "application/problem+json")
        assert (await answer.json(content_type=None))["detail"] == "Maximum request body size 10 exceeded."
    async with client.post("/thing", data=b"x" * 10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({hdrs.CONTENT_ENCODING: "gzip"}, b"this is not gzip"),
        ({hdrs.CONTENT_ENCODING: "deflate"}, b"nor is it deflate"),
    ],
)
async def test_a_body_that_cannot_be_decoded_is_a_400(serve, caplog, headers, body):
    @post("/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    client = await serve()
    async with client.post("/thing", data=body, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (400, "application/problem+json")
    assert caplog.records == []
