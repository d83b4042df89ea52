"""Refusals are written in a shorter way than they are told: the answers are those of the longer one, to the byte.

Thousands of bad requests are answered over a connection. Each document is compared with one that is put together step
by step of what the field says is wrong; and all answers together, with those that earlier versions gave.
Run as a program, this file notes the answers anew, of what may differ by intent only.
"""

import asyncio
import contextlib
import hashlib
import json
import pathlib
import sys

import pytest
from aiohttp import web

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import refused_bodies

from ponty.core import Routes, app_runner, build_app, render_json
from ponty.request import (
    Description,
    Field,
    Header,
    InvalidField,
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


async def noted():
    return {kind: await digest(kind) for kind in refused_bodies.KINDS}


if __name__ == "__main__":
    KNOWN.write_text(json.dumps(asyncio.run(noted()), indent=2) + "\n")
