"""The examples in the docstrings of the public names run, and the reference has every public name."""

import asyncio
import contextlib
import dataclasses
import datetime
import inspect
import pathlib
import re
import sys
import textwrap
import types
import typing

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import ponty
import ponty.core
import ponty.core.testing
import ponty.memo
import ponty.memo.testing
import ponty.request

REFERENCE = "\n".join(
    page.read_text() for page in sorted((pathlib.Path(__file__).parent.parent / "docs/reference").glob("*.rst"))
)
LAYERS = [ponty.core, ponty.request, ponty.memo, ponty.core.testing, ponty.memo.testing]
PUBLIC = [(layer, name) for layer in LAYERS for name in layer.__all__]
DIRECTIVE = re.compile(r"(?m)^\.\. auto\w+:: (ponty(?:\.\w+\.testing|\.memo)?)\.(\w+)\b")


def where_users_find(layer):
    """Return the module that programs import a layer's names from: those of the core and of requests from `ponty`."""
    return "ponty" if layer in {ponty.core, ponty.request} else layer.__name__


def docstring(layer, name):
    """Return the docstring of a class or function, and none of what can only have one in its source."""
    value = getattr(layer, name)
    return inspect.getdoc(value) if inspect.isclass(value) or inspect.isroutine(value) else None


def example(doc):
    """Return the literal block of a docstring as Python."""
    found = re.search(r"(?m)^::\n\n((?:    .*\n|\n)+)", f"{doc}\n")
    return found and textwrap.dedent(found[1])


EXAMPLES = {name: code for layer, name in PUBLIC if (doc := docstring(layer, name)) and (code := example(doc))}


class Keys(dict):
    """Values and sentinels in one: the least of a store."""

    async def get(self, key):
        return dict.get(self, key, ponty.memo.cachemiss)

    async def set(self, key, data):
        self[key] = data

    async def exists(self, key):
        return key in self

    async def add(self, key):
        self[key] = None

    async def remove(self, key):
        return self.pop(key, self) is not self


async def answer(path, *, method="GET", **options):
    """Ask the routes of an example, and give the status and the text of the answer."""
    async with TestClient(TestServer(ponty.build_app())) as client, client.request(method, path, **options) as answer:
        return answer.status, await answer.text()


async def served(aiohttp_test):
    """Run a test as pytest-aiohttp would."""
    async with contextlib.AsyncExitStack() as stack:

        async def aiohttp_client(app):
            return await stack.enter_async_context(TestClient(TestServer(app)))

        await aiohttp_test(aiohttp_client)


def request_with(ns, cls, path="/", **options):
    """Serve a request class of an example, and give the status and the values of its fields."""

    @ponty.get("/")
    @ponty.expect(ns[cls], whole=True)
    @ponty.render_json
    async def show(r):
        return vars(r)

    return asyncio.run(answer(path, **options))


async def over_redis(function, redis_url):
    """Call a function between the start and the end of a program that uses Redis."""
    async with contextlib.asynccontextmanager(ponty.memo.redis_provider(redis_url))(None):
        return await function()


SHOWS = {
    "build_app": lambda ns: asyncio.run(served(ns["test_an_unknown_path"])) is None,
    "cache": lambda ns: asyncio.run(ns["greet"]("ann")) == "hello ann",
    "Cookie": lambda ns: request_with(ns, "Private")[0] == 401,
    "get": lambda ns: asyncio.run(answer("/mugs/red")) == (200, "red"),
    "Header": lambda ns: '"X-Token"' in request_with(ns, "Private")[1],
    "invalidate": lambda ns: asyncio.run(ns["reprice"]("tea", 3)) is None and ns["table"]["tea"] == 3,
    "localcache": lambda ns: asyncio.run(ns["price"]("tea")) == 3,
    "locallock": lambda ns: asyncio.run(ns["pay"]("alice", 3)) is None and ns["table"]["alice"] == 7,
    "Lock": lambda ns: asyncio.run(ns["run"]("backup")) is None,
    "redislock": lambda ns: asyncio.run(over_redis(ns["report"], ns["redis_url"])) > 0,
    "raise_status": lambda ns: asyncio.run(answer("/busy")) == (429, '{"wait":3}'),
    "Field": lambda ns: '"remote":"127.0.0.1"' in request_with(ns, "Visit")[1],
    "render_json": lambda ns: re.match(r'{"data":"\d{4}-\d\d-\d\d",', asyncio.run(answer("/today"))[1]),
    "route": lambda ns: asyncio.run(answer("/mugs/red", method="OPTIONS"))[0] == 200,
}
"""What some examples show when they are used; the others say it themselves, or cannot be decorated in vain."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name, monkeypatch, redis_url, routes):
    monkeypatch.setattr(ponty.core, "startmeup", lambda *, port, providers=(): None)
    module = types.ModuleType("example")
    monkeypatch.setitem(sys.modules, "example", module)  # dataclasses look up their module by name
    namespace = module.__dict__
    known = {name: getattr(layer, name) for layer, name in reversed(PUBLIC)}  # the core's Event, not the memo's
    namespace |= known | vars(typing) | {"web": web, "datetime": datetime, "dataclasses": dataclasses}
    namespace |= {"values": Keys(), "sentinels": Keys(), "table": {"tea": 1, "alice": 10}, "__name__": "example"}
    namespace["redis_url"] = redis_url
    # For `invalidate`, which warns where there is no such cache; a page of the documentation may have one called so.
    prices = ponty.memo.localcache(name="the example's prices")(answer)
    code = EXAMPLES[name].replace("redis://localhost", redis_url).replace('"prices"', '"the example\'s prices"')
    exec(compile(code, name, "exec", dont_inherit=True), namespace)
    if name in SHOWS:
        assert SHOWS[name](namespace)


def test_the_names_that_one_begins_with_have_examples():
    assert SHOWS.keys() | {"startmeup", "expect", "Request", "ParsedJsonBody", "localcache"} <= EXAMPLES.keys()


@pytest.mark.parametrize(("layer", "name"), PUBLIC, ids=lambda value: value if isinstance(value, str) else "")
def test_a_public_name_is_documented_where_it_stands_and_in_the_reference(layer, name):
    value = getattr(layer, name)
    if inspect.isclass(value) or inspect.isroutine(value):
        assert value.__doc__
        assert value.__doc__.split("\n")[0].rstrip('"').endswith((".", ":"))
    assert DIRECTIVE.findall(REFERENCE).count((where_users_find(layer), name)) == 1


def test_the_reference_lists_nothing_else():
    assert set(DIRECTIVE.findall(REFERENCE)) == {(where_users_find(layer), name) for layer, name in PUBLIC}


def test_every_parameter_of_a_public_function_is_told_of():
    """A parameter that the docstring does not name is one that nobody finds."""
    untold = {
        f"{name}({parameter})"
        for layer, name in PUBLIC
        if inspect.isroutine(value := getattr(layer, name)) and "Args:" in value.__doc__
        for parameter in inspect.signature(value).parameters
        if not re.search(rf"(?m)^\s+\*{{0,2}}{parameter}: ", value.__doc__)
    }
    assert untold == set()
