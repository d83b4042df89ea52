"""A request that is answered where it arrives is answered as aiohttp answers it, and sees what it would see there."""

import asyncio
import contextvars
import pathlib
import re
import subprocess
import sys

import pytest
from aiohttp import web
from aiohttp.http import StreamWriter
from aiohttp.web_protocol import PayloadAccessError

from ponty.core import Routes, build_app, render_json
from ponty.core.connections import prompt_connection
from ponty.core.connections.server import Server

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import TOO_LONG, Served, rest, until

END = b"GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
table = Routes()
noted: contextvars.ContextVar[int] = contextvars.ContextVar("noted", default=0)


@table.get("/plain/{name}")
@render_json
async def plain(request: web.Request) -> list[object]:
    return [request.method, request.path, dict(request.match_info), request.query.get("q"), request.host]


@table.get("/response")
async def response(request: web.Request) -> web.Response:
    return web.Response(text="é", headers={"X-A": "b"})


@table.get("/waits")
@render_json
async def waits(request: web.Request) -> str:
    async with asyncio.timeout(TOO_LONG):  # needs a task
        for _ in range(3):
            await asyncio.sleep(0)
    return "waited"


@table.post("/body")
@render_json
async def body(request: web.Request) -> list[object]:
    first = await request.read()
    return [first.decode(), (await request.text()), request.content_length, request.can_read_body]


@table.post("/unread")
@render_json
async def unread(request: web.Request) -> bool:
    return request.body_exists


@table.get("/stream")
async def stream(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    await answer.write(b"one")
    await answer.write(b"two")
    return answer


@table.get("/prepared")
async def prepared(request: web.Request) -> web.StreamResponse:
    answer = await plain.__wrapped__(request)
    made = web.json_response(answer)
    await made.prepare(request)
    return made


@table.get("/refused")
async def refused(request: web.Request) -> web.Response:
    raise web.HTTPForbidden(text="no")


@table.get("/fails")
async def fails(request: web.Request) -> web.Response:
    raise LookupError


@table.get("/closes")
@render_json
async def closes(request: web.Request) -> str:
    request.protocol.close()
    return "closed"


@table.get("/forced")
async def forced(request: web.Request) -> web.Response:
    answer = web.Response(text="forced")
    answer.force_close()
    return answer


@table.get("/end")
async def end(request: web.Request) -> web.Response:
    return web.Response(text="end")


def ask(path: str, *headers: str, method: str = "GET", version: str = "1.1", content: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: a", *headers]
    if content:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content


REQUESTS: dict[str, tuple[bytes, ...]] = {
    "an answer of Ponty's": (ask("/plain/a"),),
    "one with a query and an encoded path": (ask("/plain/a%2Fb%20c?q=%C3%A9"),),
    "HEAD": (ask("/plain/a", method="HEAD"),),
    "HTTP/1.0": (ask("/plain/a", version="1.0"),),
    "HTTP/1.0 that stays": (ask("/plain/a", "Connection: keep-alive", version="1.0"),),
    "one that closes": (ask("/plain/a", "Connection: close"),),
    "an answer of aiohttp's": (ask("/response"),),
    "one that waits": (ask("/waits"),),
    "a body": (ask("/body", method="POST", content=b"body"),),
    "a body in two parts": (ask("/body", method="POST", content=b"body")[:-2], b"dy"),
    "a body in chunks": (ask("/body", "Transfer-Encoding: chunked", method="POST") + b"4\r\nbody\r\n0\r\n\r\n",),
    "a body that nobody reads": (ask("/unread", method="POST", content=b"body"),),
    "an empty body": (ask("/body", "Content-Length: 0", method="POST"),),
    "a body that is asked for": (ask("/body", "Expect: 100-continue", method="POST", content=b"body"),),
    "a stream": (ask("/stream"),),
    "a prepared answer": (ask("/prepared"),),
    "a refusal": (ask("/refused"),),
    "a failure": (ask("/fails"),),
    "no route": (ask("/nowhere"),),
    "no such method": (ask("/plain/a", method="PUT"),),
    "a connection closed by its handler": (ask("/closes"),),
    "an answer that closes": (ask("/forced"),),
    "several at once": (ask("/plain/a") + ask("/waits") + ask("/plain/b") + ask("/response"),),
    "a head in two parts": (ask("/plain/a")[:9], ask("/plain/a")[9:]),
    "no HTTP behind it": (ask("/waits") + b"nothing\r\n\r\n",),
    "an upgrade that is not made": (ask("/plain/a", "Connection: upgrade", "Upgrade: websocket"),),
    "an absolute target": (ask("http://b/plain/a"),),
    "a host that is none": (ask("/plain/a").replace(b"Host: a", b"Host: a b"),),
}


async def answers_to(parts: tuple[bytes, ...]) -> bytes:
    """Ask over one connection, twice where it stays open, and return all that is answered."""
    async with Served(build_app(routes=table)) as served:
        reader, writer = await served.send(b"")
        await until(lambda: served.server.connections)
        (connection,) = served.server.connections
        for number, part in enumerate(parts, 1):
            writer.write(part)
            sent = sum(map(len, parts[:number]))
            await until(lambda sent=sent: connection.received == sent)
        await until(lambda: connection.is_lost or (connection.request is None and connection._waiter is not None))
        writer.write(END)
        answered = await rest(reader)
    # The time that has passed makes a body longer by a digit.
    return re.sub(rb'Date: [^\r]+|"(elapsed|now)":\d+|Content-Length: \d+', b"", answered)


@pytest.mark.parametrize("kind", REQUESTS)
async def test_it_is_answered_as_by_aiohttp_s_own_loop(kind, monkeypatch, caplog):
    promptly = await answers_to(REQUESTS[kind])
    monkeypatch.setattr(prompt_connection, "IS_KNOWN", False)  # as with an aiohttp that has changed
    assert promptly == await answers_to(REQUESTS[kind])
    assert promptly.startswith(b"HTTP/1.")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("an answer of Ponty's", ["/plain/a"]),
        ("a body", ["/body"]),
        ("one that waits", ["/waits"]),
        ("a body in two parts", []),
        ("HEAD", []),
        ("several at once", []),
    ],
)
async def test_what_comes_alone_and_whole_is_answered_where_it_arrives(kind, expected, monkeypatch):
    """The others are left to aiohttp's loop; so this tells when a release of aiohttp makes all of them others."""
    begun = []
    begin = Server.begin_whole

    def note(server, message, *rest):
        begun.append(message.path)
        return begin(server, message, *rest)

    monkeypatch.setattr(Server, "begin_whole", note)
    await answers_to(REQUESTS[kind])
    assert begun == expected


async def received(app, requests):
    """Return the answers to requests that go one by one over one connection."""
    async with Served(app) as served:
        reader, writer = await served.send(b"")
        answered = []
        for request in requests:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"Content-Length: (\d+)", head)[1])
            answered.append(head + await reader.readexactly(length))
        return answered


async def test_each_request_has_a_task_and_a_context_of_its_own():
    seen = []

    async def handler(request: web.Request) -> web.Response:
        task = asyncio.current_task()
        seen.append((noted.get(), task, request.task, type(request), isinstance(request.writer, StreamWriter)))
        noted.set(noted.get() + 1)
        assert not request.task.done()
        return web.Response()

    own = Routes()
    own.get("/")(handler)
    await received(build_app(routes=own), [ask("/")] * 3)
    assert [number for number, *_ in seen] == [0, 0, 0]
    assert len({task for _, task, *_ in seen}) == 3
    assert len({of_connection for _, _, of_connection, *_ in seen}) == 1
    assert all(kind is web.Request and is_writer for *_, kind, is_writer in seen)


async def test_a_body_is_gone_once_it_is_answered():
    kept = []

    async def handler(request: web.Request) -> web.Response:
        kept.append(request)
        return web.Response()

    own = Routes()
    own.post("/")(handler)
    await received(build_app(routes=own), [ask("/", method="POST", content=b"a")])
    with pytest.raises(PayloadAccessError):
        await kept[0].read()


async def test_a_signal_has_its_say_in_what_is_sent():
    app = build_app(routes=table)

    async def sign(request: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["X-Signed"] = request.path

    app.on_response_prepare.append(sign)
    (answered,) = await received(app, [ask("/plain/a")])
    assert b"X-Signed: /plain/a\r\n" in answered


async def test_one_of_an_application_below_has_its_say_there():
    below = build_app(routes=table)

    async def sign(request: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["X-Signed"] = request.path

    below.on_response_prepare.append(sign)
    app = build_app(routes=[])
    app.add_subapp("/below", below)
    (answered,) = await received(app, [ask("/below/plain/a")])
    assert b"X-Signed: /below/plain/a\r\n" in answered


@pytest.fixture
def waiting():
    """An application whose handler waits until it is let go, and what it notes."""
    state = {"begun": 0, "ended": [], "go": asyncio.Event()}

    async def handler(request: web.Request) -> web.Response:
        state["begun"] += 1
        state["request"] = request
        try:
            await state["go"].wait()
        except asyncio.CancelledError:
            state["ended"].append("cancelled")
            raise
        state["ended"].append("done")
        return web.Response(text="late")

    own = Routes()
    own.get("/")(handler)
    state["app"] = build_app(routes=own)
    return state


async def test_who_cancels_the_task_of_a_connection_cancels_the_request(waiting):
    async with Served(waiting["app"]) as served:
        reader, _ = await served.send(ask("/"))
        await until(lambda: waiting["begun"])
        waiting["request"].task.cancel()
        assert await rest(reader) == b""
    assert waiting["ended"] == ["cancelled"]


async def test_a_client_that_leaves_cancels_nobody(waiting):
    async with Served(waiting["app"]) as served:
        _, writer = await served.send(ask("/"))
        await until(lambda: waiting["begun"])
        writer.close()
        await until(lambda: waiting["request"].transport is None)
        assert waiting["ended"] == []
        waiting["go"].set()
        await until(lambda: waiting["ended"])
        await until(lambda: not served.server.connections)
    assert waiting["ended"] == ["done"]


async def test_a_server_that_stops_waits_for_it(waiting):
    async with Served(waiting["app"], shutdown_timeout=TOO_LONG) as served:
        reader, _ = await served.send(ask("/"))
        await until(lambda: waiting["begun"])
        stopping = asyncio.create_task(served.runner.cleanup())
        await until(lambda: served.runner.state.is_stopping)
        waiting["go"].set()
        assert (await rest(reader)).endswith(b"\r\n\r\nlate")
        await stopping


async def test_a_server_that_can_wait_no_more_cancels_it(waiting):
    async with Served(waiting["app"]) as served:
        _, writer = await served.send(ask("/"))
        served.writers.clear()  # the client stays
        await until(lambda: waiting["begun"])
    await until(lambda: waiting["ended"])
    writer.close()
    assert waiting["ended"] == ["cancelled"]


async def test_what_comes_meanwhile_is_answered_behind_it(waiting):
    async with Served(waiting["app"]) as served:
        reader, writer = await served.send(ask("/"))
        await until(lambda: waiting["begun"])
        writer.write(ask("/") + END)
        for _ in range(20):
            await asyncio.sleep(0)
        assert waiting["begun"] == 1
        waiting["go"].set()
        assert (await rest(reader)).count(b"\r\n\r\nlate") == 2


async def test_nothing_is_left_of_a_connection():
    others = asyncio.all_tasks()
    for parts in REQUESTS.values():
        await answers_to(parts)
    await until(lambda: asyncio.all_tasks() <= others)


PROGRAM = """
import asyncio
from aiohttp import web
from ponty.core import Routes, app_runner, build_app

own = Routes()

@own.get("/")
async def handler(request):
    raise KeyboardInterrupt

async def main():
    runner = app_runner(build_app(routes=own))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_what_ends_a_program_ends_it():
    program = [sys.executable, "-c", PROGRAM]
    ended = subprocess.run(program, check=False, stderr=subprocess.PIPE, text=True, timeout=TOO_LONG)
    assert ended.returncode != 0
    assert ended.stderr.endswith("KeyboardInterrupt\n")
