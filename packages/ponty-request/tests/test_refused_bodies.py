"""Refusals are written in a shorter way than they are told: the answers are those of the longer one, to the byte.

Thousands of bad requests are answered over a connection. Each document is compared with one that is put together step
by step of what the field says is wrong; and all answers together, with those that earlier versions gave.
Run as a program, this file notes the answers anew, of what may differ by intent only.
"""

import asyncio
import contextlib
import copy
import functools
import hashlib
import itertools
import json
import pathlib
import pickle
import sys

import pytest
from aiohttp import web

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import refused_bodies

from ponty.core import Fault, Routes, ValidationError, app_runner, build_app, render_json
from ponty.core.errors import problems
from ponty.request import (
    Description,
    Field,
    Header,
    InvalidField,
    ParsedJsonBody,
    PosIntQueryParameter,
    Request,
    StringQueryParameter,
    expect,
)

KNOWN = pathlib.Path(__file__).with_name("refused_bodies.json")
COUNT = 300
"""How many bodies of each kind are sent."""


class Key(Field[str]):
    """A guard."""

    guard = True

    def extract(self, request: web.Request) -> str:
        return "key"

    def describe(self):
        return Description("header", "X-Key", required=False)


def application(kind, **options):
    """Build what takes bodies of a kind: alone, beside other fields, and behind a guard."""
    table, field = Routes(), refused_bodies.KINDS[kind][0]

    class Alone(Request):
        the_body = field()

    class Beside(Request):
        q = StringQueryParameter(default="tea", values=("tea", "t\u00e9a"))
        the_body = field()
        page = PosIntQueryParameter(default=1)

    class Guarded(Request):
        key = Key()
        the_body = field()
        level = Header(int, key="X-Level", default=1)

    @table.post("/alone")
    @expect(Alone, mimetype="application/json")
    @render_json
    async def alone(the_body):
        return "good"

    @table.post("/beside")
    @expect(Beside)
    @render_json
    async def beside(q, the_body, page):
        return "good"

    @table.post("/guarded")
    @expect(Guarded, others="refuse")
    @render_json
    async def guarded(key, the_body, level):
        return "good"

    return build_app(routes=[table], **options)


@contextlib.asynccontextmanager
async def connection(app):
    """Serve an application, and return what asks it: it takes a head and a body, and gives head and body."""
    runner = app_runner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])

    async def ask(path, body, more=""):
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{more}"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next(int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length:"))
        return [line for line in lines if not line.startswith("Date:")], await reader.readexactly(length)

    try:
        yield ask
    finally:
        writer.close()
        await runner.cleanup()


PATHS = {
    "/alone": "",
    "/beside": "",
    "/beside?page=0&q=t%C3%A9a": "",
    "/beside?page=x&q=coffee": "",
    "/guarded": "",
    "/guarded?other=1": "X-Level: none\r\n",
}


async def digest(kind):
    """Return a hash of all answers to the bodies of a kind."""
    noted = hashlib.sha256()
    statuses = set()
    async with connection(application(kind)) as ask:
        for number, body in enumerate(refused_bodies.bodies(kind, COUNT)):
            for path in ("/alone", [*PATHS][number % len(PATHS)]):
                head, answer = await ask(path, body, PATHS[path])
                if head[0].split()[1] == "200":
                    answer = b"good"  # it has the time in it
                    head = head[:1]
                statuses.add(head[0].split()[1])
                noted.update(repr((path, head, answer)).encode())
    assert statuses >= {"200", "400"}
    return noted.hexdigest()


@pytest.mark.parametrize("kind", refused_bodies.KINDS)
async def test_the_answers_are_those_of_earlier_versions(kind):
    assert await digest(kind) == json.loads(KNOWN.read_text())[kind]


def document(faults):
    """Write the problem document that refuses these, in the plainest way."""
    listed = faults[:50]
    while True:
        whole = {"type": "about:blank", "title": "Bad Request", "status": 400}
        if len(listed) < len(faults):
            whole["detail"] = f"the first {len(listed)} of at least {len(faults)} errors are listed"
        whole["errors"] = listed
        text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode())
        if size <= 8000 or not listed:
            return json.loads(text)
        listed = listed[: min(len(listed) - 1, len(listed) * 8000 // size)]


@pytest.mark.parametrize("kind", refused_bodies.KINDS)
async def test_the_document_is_that_of_what_the_field_raises(kind):
    """What is not JSON, or not valid, is told by the field's own exception, of which the plain document is made."""
    read = refused_bodies.KINDS[kind][0]()
    sizes = set()
    async with connection(application(kind)) as ask:
        for body in refused_bodies.bodies(kind, COUNT):
            head, answer = await ask("/alone", body)
            try:
                value = read.read(body) if hasattr(read, "read") else _checked(read, body)
            except InvalidField as invalid:
                faults = [
                    {
                        "in": "body",
                        "name": "the_body",
                        "pointer": pointer.encode(errors="replace").decode(),
                        "detail": detail,
                        **({"code": code} if code else {}),
                    }
                    for pointer, detail, code in invalid.violations
                ]
                assert json.loads(answer) == document(faults), body
                assert head[0] == "HTTP/1.1 400 Bad Request"
                sizes.add(len(faults))
            else:
                assert head[0] == "HTTP/1.1 200 OK", (body, value)
    assert {1, 2, 51} <= sizes or kind in {"tree", "choosy"}


def _checked(field, body):
    from ponty.request.content.json_decoder import decode_json

    value = decode_json(body)
    field._check(value)
    return value


class Small(Request):
    number = ParsedJsonBody(list[int])


FAULTS = (Fault("body", "number", "is not of type 'integer'", "/0", "type"),)
TOLD = {"in": "body", "name": "number", "pointer": "/0", "detail": "is not of type 'integer'", "code": "type"}


async def told(ask_app, body=b'["x"]'):
    """Return status line and document of an answer."""
    async with connection(ask_app) as ask:
        head, answer = await ask("/small", body)
    return head[0], json.loads(answer)


def small(around=lambda handler: handler, **options):
    """Build what takes a list of numbers, by a handler with a decorator of a program's own."""
    table = Routes()

    @table.post("/small")
    @around
    @expect(Small)
    @render_json
    async def handler(number):
        return number

    return build_app(routes=[table], **options)


@pytest.mark.parametrize(
    ("change", "status", "members"),
    [
        (lambda error: None, "400 Bad Request", {}),
        (lambda error: setattr(error, "detail", "odd"), "400 Bad Request", {"detail": "odd"}),
        (lambda error: setattr(error, "status_code", 422), "422 Unprocessable Content", {}),
        (lambda error: error.members.update(more=1), "400 Bad Request", {"more": 1}),
        (lambda error: setattr(error, "instance", "/1"), "400 Bad Request", {"instance": "/1"}),
        (lambda error: setattr(error, "title", "Bad"), "400 Bad Request", {"title": "Bad"}),
        (lambda error: setattr(error, "faults", error.faults * 2), "400 Bad Request", {"errors": [TOLD, TOLD]}),
        (lambda error: error.add_note("seen"), "400 Bad Request", {}),
    ],
)
async def test_a_program_may_change_a_refusal_on_its_way(change, status, members):
    def around(handler):
        @functools.wraps(handler)
        async def changing(request):
            try:
                return await handler(request)
            except ValidationError as error:
                change(error)
                raise

        return changing

    line, document = await told(small(around))
    number, _, title = status.partition(" ")
    plain = {"type": "about:blank", "title": title, "status": int(number), "errors": [TOLD]}
    assert (line, document) == (f"HTTP/1.1 {status}", plain | members)


async def test_who_watches_or_answers_a_refusal_sees_its_faults():
    seen = []

    def own(request, error):
        seen.append(error)
        return web.json_response([fault.pointer for fault in error.faults], status=409)

    assert await told(small(answer_invalid=own)) == ("HTTP/1.1 409 Conflict", ["/0"])
    assert await told(small(errors={ValidationError: own})) == ("HTTP/1.1 409 Conflict", ["/0"])
    line, document = await told(small(errors={ValidationError: 409}))
    assert (line, document["errors"]) == ("HTTP/1.1 409 Conflict", [TOLD])
    for error in (*seen, *map(copy.copy, seen), *(pickle.loads(pickle.dumps(error)) for error in seen)):
        assert type(error) is ValidationError
        assert (error.faults, error.text, error.body, error.detail, error.members) == (FAULTS, None, None, None, {})
        assert str(error) == "body number: is not of type 'integer'"


@pytest.mark.parametrize("attribute", ["status_code", "title", "type"])
async def test_a_class_that_is_changed_answers_as_it_was_changed(attribute, monkeypatch):
    value = {"status_code": 422, "title": "Bad", "type": "https://a.example/bad"}[attribute]
    monkeypatch.setattr(ValidationError, attribute, value)
    _, document = await told(small())
    assert document[attribute.removesuffix("_code")] == value


@pytest.mark.parametrize("length", [0, 2000])
async def test_words_that_differ_each_time_fill_no_memory(length):
    """A field of a program's own may tell of the value, and repeat it."""
    numbers = itertools.count()

    class Counting(Field[int]):
        def extract(self, request: web.Request) -> int:
            raise InvalidField(f"is number {next(numbers)}{' ' * length}", code="counted")

        def describe(self):
            return Description("query", f"q{next(numbers)}")

    table = Routes()

    class Counted(Request):
        q = Counting()

    @table.post("/small")
    @expect(Counted)
    @render_json
    async def handler(q):
        return q

    async with connection(build_app(routes=[table])) as ask:
        for number in range(1100):
            _, answer = await ask("/small", b"")
            assert f"is number {number + 1}" in answer.decode()
    pieces = problems._PIECES["query", "q0"]
    assert len(pieces) <= 1024
    assert all(len(piece) <= 1024 for piece in pieces.values())


async def noted():
    return {kind: await digest(kind) for kind in refused_bodies.KINDS}


if __name__ == "__main__":
    KNOWN.write_text(json.dumps(asyncio.run(noted()), indent=2) + "\n")
