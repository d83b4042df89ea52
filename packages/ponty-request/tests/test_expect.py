"""A request is a class of fields, and `expect` fills it before the handler runs."""

import asyncio
import functools
from typing import Generic, TypeVar

import pytest
from aiohttp import web

from ponty.core import get, post, render_json
from ponty.request import (
    AIOHttpReq,
    Cookie,
    Description,
    Field,
    Header,
    InvalidField,
    JsonBody,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Request,
    StringQueryParameter,
    StringRouteParameter,
    expect,
)
from ponty.request.content.media_types import essence

T = TypeVar("T")


class Greeting(Request):
    name = StringRouteParameter()
    bangs = PosIntQueryParameter(default=1)
    lang = StringQueryParameter(required=True, values=("en", "es"))
    agent = Header(key="X-Agent", required=True)
    session = Cookie(name="session", required=True)

    planet = "earth"

    def shout(self) -> str:
        return self.name.upper() + "!" * self.bangs


GOOD = {"params": {"lang": "es"}, "headers": {"X-Agent": "007"}, "cookies": {"session": "abc"}}


async def test_a_handler_takes_each_field_as_an_argument(ask):
    @get(f"/{Greeting.name}")
    @expect(Greeting)
    @render_json
    async def greet(name: str, bangs: int, lang: str, agent: str, session: str) -> list[object]:
        return [name, bangs, lang, agent, session]

    status, body = await ask("/ann", **GOOD)
    assert (status, body["data"]) == (200, ["ann", 1, "es", "007", "abc"])


async def test_a_handler_takes_the_whole_request(ask):
    @get(f"/{Greeting.name}")
    @expect(Greeting, whole=True)
    @render_json
    async def greet(r: Greeting) -> list[object]:
        assert isinstance(r, Greeting)
        return [r.name, r.bangs, r.lang, r.agent, r.session, r.planet, r.shout()]

    status, body = await ask("/ann?bangs=2", **GOOD)
    assert (status, body["data"]) == (200, ["ann", 2, "es", "007", "abc", "earth", "ANN!!"])


async def test_it_stands_outside_of_render_json_or_alone(ask):
    @get("/alone")
    @expect(Request)
    async def alone() -> web.Response:
        return web.json_response("alone")

    assert await ask("/alone") == (200, "alone")


async def test_one_answer_names_every_fault(ask):
    class Everything(Request):
        page = PosIntQueryParameter(required=True)
        size = PosIntQueryParameter(key="per_page", default=10)
        order = StringQueryParameter(default="up", values=["up", "down"])
        agent = Header(key="x-agent", required=True)
        session = Cookie(name="session", required=True)

    @get("/")
    @expect(Everything)
    @render_json
    async def handler(page: int, size: int, order: str, agent: str, session: str) -> None:
        raise AssertionError("the handler ran")

    status, body = await ask("/?per_page=many&order=sideways&order=up")
    assert status == 400
    assert body == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "errors": [
            {"in": "query", "name": "page", "pointer": "", "detail": "is required", "code": "missing"},
            {
                "in": "query",
                "name": "per_page",
                "pointer": "",
                "detail": "must be a non-negative integer, in the digits 0 to 9",
                "code": "cast",
            },
            {"in": "query", "name": "order", "pointer": "", "detail": "must be given once", "code": "repeated"},
            {"in": "header", "name": "x-agent", "pointer": "", "detail": "is required", "code": "missing"},
            {"in": "cookie", "name": "session", "pointer": "", "detail": "is required", "code": "missing"},
        ],
    }


async def test_a_route_parameter_at_fault_is_a_404_that_names_the_other_faults_too(ask):
    class Item(Request):
        page = PosIntQueryParameter(required=True)
        id = PosIntRouteParameter()

    @get(f"/{Item.id}")
    @expect(Item)
    @render_json
    async def handler(page: int, id: int) -> None:
        raise AssertionError("the handler ran")

    status, body = await ask("/" + "9" * 5000)
    assert (status, body["title"]) == (404, "Not Found")
    assert [(error["in"], error["name"]) for error in body["errors"]] == [("query", "page"), ("path", "id")]


@pytest.mark.parametrize("whole", [False, True])
async def test_a_field_may_be_a_coroutine_and_faults_of_both_kinds_are_told(ask, whole):
    class Slow(Field[int]):
        async def extract(self, request: web.Request) -> int:
            await asyncio.sleep(0)
            if request.query_string:
                raise InvalidField("is slow")
            return 7

        def describe(self) -> Description:
            return Description("body", self.name)

    class Mixed(Request):
        slow = Slow()
        page = PosIntQueryParameter(default=1)

    if whole:

        @get("/")
        @expect(Mixed, whole=True)
        @render_json
        async def handler(r: Mixed) -> list[int]:
            return [r.slow, r.page]

    else:

        @get("/")
        @expect(Mixed)
        @render_json
        async def handler(slow: int, page: int) -> list[int]:
            return [slow, page]

    status, body = await ask("/")
    assert (status, body["data"]) == (200, [7, 1])
    status, body = await ask("/?page=x")
    assert status == 400
    assert [(error["in"], error["name"]) for error in body["errors"]] == [("query", "page"), ("body", "slow")]


async def test_fields_are_inherited_overridden_and_taken_away(ask):
    class Paging:
        page = PosIntQueryParameter(default=1)

    class Base(Request):
        agent = Header(key="X-Agent", default="nobody")
        lang = StringQueryParameter(default="en")

    class Derived(Paging, Base):
        lang = StringQueryParameter(default="es")
        agent = None

    @get("/")
    @expect(Derived)
    @render_json
    async def handler(page: int, lang: str) -> list[object]:
        return [page, lang]

    @get("/base")
    @expect(Base)
    @render_json
    async def base(agent: str, lang: str) -> list[object]:
        return [agent, lang]

    assert (await ask("/"))[1]["data"] == [1, "es"]
    assert (await ask("/base"))[1]["data"] == ["nobody", "en"]


async def test_requests_at_once_do_not_share_values(serve):
    class Item(Request):
        id = PosIntRouteParameter()

    @get(f"/{Item.id}")
    @expect(Item, whole=True)
    @render_json
    async def handler(r: Item) -> int:
        await asyncio.sleep(0)
        return r.id

    client = await serve()

    async def fetch(n):
        async with client.get(f"/{n}") as answer:
            return (await answer.json())["data"]

    assert await asyncio.gather(*map(fetch, range(50))) == list(range(50))


async def test_one_class_serves_many_handlers(ask):
    for path in ("/a", "/b"):

        @get(path)
        @expect(Request, whole=True)
        @render_json
        async def handler(r: Request, path: str = path) -> str:
            return path

    assert [(await ask(path))[1]["data"] for path in ("/a", "/b")] == ["/a", "/b"]


async def nmae(nmae):
    pass


async def more(name, more):
    pass


async def nothing():
    pass


async def splat(*name):
    pass


async def options(**name):
    pass


async def positional(name, /):
    pass


def plain(name):
    pass


class Named(Request):
    name = StringRouteParameter()


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (nmae, r"@expect(Named) on 'nmae': the handler takes 'nmae', the request has 'name'"),
        (more, r"@expect(Named) on 'more': the handler takes 'more', the request has nothing more"),
        (nothing, r"@expect(Named) on 'nothing': the request has 'name', the handler takes nothing more"),
        (splat, r"@expect(Named) on 'splat': the handler takes '*name', the request has 'name'"),
        (options, r"@expect(Named) on 'options': the handler takes '**name', the request has 'name'"),
        (
            positional,
            r"@expect(Named) on 'positional': the handler takes 'name' by position only, but is given it by name",
        ),
        (plain, r"@expect(Named) on 'plain': the handler is not a coroutine function (async def)"),
    ],
)
def test_a_handler_that_does_not_fit_is_refused_at_decoration(handler, words):
    with pytest.raises(TypeError) as caught:
        expect(Named)(handler)
    assert str(caught.value) == words
    with pytest.raises(TypeError):
        expect(Named)(render_json(handler))


async def two(a, b):
    pass


@pytest.mark.parametrize("handler", [nothing, two, options])
def test_a_handler_of_a_whole_request_takes_one_argument(handler):
    with pytest.raises(TypeError, match="with whole=True, the handler takes one argument, not "):
        expect(Named, whole=True)(handler)


def test_a_handler_keeps_its_name_and_documentation_and_takes_a_request():
    import inspect

    @expect(Named)
    @render_json
    async def greet(name: str) -> None:
        """Greet."""

    assert (greet.__name__, greet.__doc__) == ("greet", "Greet.")
    assert list(inspect.signature(greet).parameters) == ["request"]
    assert inspect.iscoroutinefunction(greet)


def test_a_request_is_made_of_values_for_a_test():
    values = {"name": "ann", "bangs": 3, "lang": "en", "agent": "", "session": ""}
    assert Greeting(**values).shout() == "ANN!!!"
    assert Greeting(name="ann", lang="en", agent="", session="").bangs == 1
    with pytest.raises(TypeError, match=r"Greeting\(\) lacks 'agent', 'lang', 'session'; it takes 'agent'"):
        Greeting(name="ann")
    with pytest.raises(TypeError, match=r"Named\(\) takes 'name', not 'name', 'x'"):
        Named(name="ann", x=1)


def test_a_field_that_was_given_no_value_says_so():
    with pytest.raises(AttributeError, match="this Named has no value for 'name'"):
        _ = object.__new__(Named).name


def test_a_field_has_one_name():
    shared = StringQueryParameter(default="")
    with pytest.raises(TypeError, match=r"Twice\.b: the field's own `name` is 'a' already"):

        class Twice(Request):
            a = shared
            b = shared


def test_a_field_s_name_does_not_begin_with_two_underscores():
    with pytest.raises(TypeError, match=r"Odd\.__dict__: a field's name"):

        class Odd(Request):
            __dict__ = StringQueryParameter(default="")


@pytest.mark.parametrize("name", ["self", "request", "handler", "cls", "values", "field", "key", "name"])
async def test_a_field_may_have_any_other_name(ask, name):
    cls = type("Req", (Request,), {name: StringQueryParameter(default="")})

    @get("/")
    @expect(cls, whole=True)
    @render_json
    async def handler(r: Request) -> object:
        return getattr(r, name)

    assert (await ask(f"/?{name}=x"))[1]["data"] == "x"


async def test_a_generic_request_may_be_given_its_argument(ask):
    class Page(Request, Generic[T]):
        page = PosIntQueryParameter(default=1)

    @get("/")
    @expect(Page[int])
    @render_json
    async def handler(page: int) -> int:
        return page

    assert (await ask("/"))[1]["data"] == 1


@pytest.mark.parametrize("status", [200, 399, 600])
def test_a_refusal_has_the_status_of_an_error(status):
    with pytest.raises(ValueError, match="from 400 to 599"):
        InvalidField("is wrong", status=status)


@pytest.mark.parametrize("gap", ["; ", ";   ", " ", ";", '"', "\\", "=", ";a=", '; a="'])
def test_no_media_type_takes_more_than_one_pass(gap):
    """A pattern that tried the blanks in all ways would take minutes for each of these."""
    assert essence("a/b" + gap * 4000 + "!") in {None, "a/b"}


async def test_the_whole_of_aiohttp_s_request(ask):
    class Raw(Request):
        raw = AIOHttpReq()

    @get("/")
    @expect(Raw)
    @render_json
    async def handler(raw: web.Request) -> str:
        return raw.query["a"]

    assert (await ask("/?a=b"))[1]["data"] == "b"


def test_a_path_that_lacks_a_route_parameter_is_refused_at_the_start():
    from ponty.core import build_app

    @get("/hello/{nmae}")
    @expect(Named)
    @render_json
    async def greet(name: str) -> None:
        pass

    with pytest.raises(TypeError, match="the path has no variable part 'name', which '.*greet' reads"):
        build_app()


async def test_a_field_that_refuses_without_a_description_is_a_500_that_says_so(ask, caplog):
    class Nameless(Field[int]):
        def extract(self, request: web.Request) -> int:
            raise InvalidField("is wrong")

    class Bad(Request):
        nameless = Nameless()

    @get("/")
    @expect(Bad)
    @render_json
    async def handler(nameless: int) -> None:
        pass

    assert (await ask("/"))[0] == 500
    assert "the field 'nameless' can refuse a request, so its describe() must say" in caplog.text


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("APPLICATION/Json", 200),
        ("application/json; charset=utf-8", 200),
        ('application/json ;charset="utf-8"; q=1', 200),
        ("application/json;", 200),
        (" application/json\t", 200),
        ("application/jsonx", 415),
        ("application/json+x", 415),
        ("xapplication/json", 415),
        ("text/plain; x=application/json", 415),
        ("text/plain", 415),
        ("application/json, text/plain", 415),
        ("application/json text/plain", 415),
        ("application /json", 415),
        ("application", 415),
        ("/", 415),
        ("*/*", 415),
        (";", 415),
        ("", 415),
        (None, 415),
    ],
)
async def test_a_media_type_is_compared_whole(ask, content_type, status):
    @post("/")
    @expect(Request, mimetype="Application/JSON")
    @render_json
    async def handler() -> None:
        pass

    headers = {} if content_type is None else {"Content-Type": content_type}
    got, body = await ask("/", method="POST", data=b"{}", headers=headers, skip_auto_headers=["Content-Type"])
    assert got == status
    if status == 415:
        assert body == {"type": "about:blank", "title": "Unsupported Media Type", "status": 415}


async def test_a_415_says_what_is_accepted(serve):
    @post("/")
    @expect(Request, mimetype="application/json")
    @render_json
    async def handler() -> None:
        pass

    client = await serve()
    async with client.post("/", data=b"", headers={"Content-Type": "text/plain"}) as answer:
        assert answer.headers["Accept"] == "application/json"


@pytest.mark.parametrize("mimetype", ["", "json", "application/", "text/plain; charset=utf-8", "a b/c"])
def test_what_is_no_media_type_is_refused_at_decoration(mimetype):
    with pytest.raises(ValueError, match="is not a media type"):
        expect(Request, mimetype=mimetype)


class Three(Request):
    first = StringQueryParameter(default="1")
    second = JsonBody()
    third = StringQueryParameter(default="3")


def reversed_names(handler):
    """A decorator that keeps the signature it shows, and takes keywords only."""

    @functools.wraps(handler)
    async def wrapper(**values):
        return [type(values).__name__, await handler(**values)]

    return wrapper


async def in_order(first, second, third):
    return [first, second, third]


async def in_another_order(third, first, second):
    return [first, second, third]


async def by_keyword(third, *, second, first):
    return [first, second, third]


class Called:
    async def method(self, second, third, first):
        return [first, second, third]


@pytest.mark.parametrize(
    "handler",
    [in_order, in_another_order, by_keyword, Called().method, reversed_names(in_order)],
    ids=["in order", "in another order", "by keyword", "a method", "wrapped"],
)
@pytest.mark.parametrize("outermost", [lambda handler: handler, reversed_names], ids=["rendered", "wrapped again"])
async def test_a_handler_is_called_as_it_can_be(ask, handler, outermost):
    post("/")(expect(Three)(render_json(outermost(handler))))
    status, answer = await ask("/", method="POST", json=2)
    assert status == 200
    value = answer["data"]
    while value[0] == "dict":
        value = value[1]
    assert value == ["1", 2, "3"]


async def test_what_stands_between_expect_and_render_json_is_called(ask):
    called = []

    def between(handler):
        @functools.wraps(handler)
        async def wrapper(*args, **kwargs):
            called.append("between")
            return await handler(*args, **kwargs)

        return wrapper

    @post("/")
    @expect(Three)
    @between
    @render_json
    async def handler(first, second, third):
        return first

    assert (await ask("/", method="POST", json=2))[0] == 200
    assert called == ["between"]


def test_long_media_types_that_differ_each_time_fill_no_memory():
    """What is kept is the very text that was read before."""
    short, long = "text/plain; a=b", f"text/plain; a={'b' * 4000}"
    assert essence(short) == essence(long) == "text/plain"
    assert essence(short) is essence(short)
    assert essence(long) is not essence(long)
