"""An answer that nobody touches is written in one go, and is on the wire what aiohttp would have made of it."""

import asyncio
import contextlib
import copy
import logging
import pickle

import pytest
from aiohttp import ClientSession, web
from aiohttp.abc import AbstractAccessLogger

from ponty.core import DoesNotExist, PontyError, build_app, get, render_json, route
from ponty.core.responses import heads
from ponty.core.responses import plain_response as plain
from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse

HOST = "Host: a\r\n"
LAST = f"GET /nothing HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"


def failing(status):
    error = PontyError()
    error.status_code = status
    return error


KINDS = {
    "fine": None,
    "missing": DoesNotExist(),
    "empty": failing(204),
    "unmodified": failing(304),
    "odd": failing(599),
}

REQUESTS = {
    "kept alive": f"GET {{}} HTTP/1.1\r\n{HOST}\r\n{LAST}",
    "to be closed": f"GET {{}} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n",
    "of HTTP/1.0": f"GET {{}} HTTP/1.0\r\n{HOST}\r\n",
    "of HTTP/1.0, kept alive": f"GET {{}} HTTP/1.0\r\n{HOST}Connection: keep-alive\r\n\r\n{LAST}",
    "HEAD": f"HEAD {{}} HTTP/1.1\r\n{HOST}\r\n{LAST}",
    "with a body that nobody reads": f"POST {{}} HTTP/1.1\r\n{HOST}Content-Length: 3\r\n\r\nabc{LAST}",
    "with a broken body": f"POST {{}} HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nx\r\n\r\n",
    "with an expectation": f"POST {{}} HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 1\r\n\r\na{LAST}",
}


@render_json
async def rendered() -> dict[str, str]:
    return {"a": "é"}


async def received(client, text):
    """Send `text`, and give all that comes until the connection ends: its lines, in whatever order."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(text.encode())
    async with asyncio.timeout(60):
        all_of_it = await reader.read()
    writer.close()
    return sorted(all_of_it.split(b"\r\n"))


@pytest.fixture
def still(monkeypatch):
    """Stop the clocks that an answer tells the time by."""
    monkeypatch.setattr("aiohttp.helpers.time.time", lambda: 1e9)
    monkeypatch.setattr("ponty.core.rendering.renderers.time.time_ns", lambda: 10**18)
    monkeypatch.setattr("ponty.core.rendering.renderers.time.perf_counter_ns", lambda: 0)


@pytest.mark.parametrize("request_of", REQUESTS)
@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_what_aiohttp_would_have_sent(serve, still, monkeypatch, kind, request_of):
    @route("*", "/")
    async def handler(request: web.Request) -> web.Response:
        if KINDS[kind] is not None:
            raise KINDS[kind]
        return await rendered()

    client = await serve()
    text = REQUESTS[request_of].format("/")
    as_made = await received(client, text)
    monkeypatch.setattr(plain, "goes_plain", lambda request: False)
    assert as_made == await received(client, text)
    assert any(line.startswith(b"HTTP/1.") for line in as_made)


async def test_nothing_is_built_of_an_answer_that_nobody_touches(serve):
    made = []

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        made.append(await rendered())
        return made[-1]

    client = await serve()
    async with client.get("/") as answer:
        assert (await answer.json())["data"] == {"a": "é"}
    assert vars(made[0]) == {}
    assert made[0].prepared
    assert made[0].keep_alive


async def test_the_date_goes_on(serve, monkeypatch):
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return await rendered()

    client = await serve()
    dates = []
    for second in (1_000_000_000, 1_000_000_000.9, 1_000_000_001):
        monkeypatch.setattr(heads.time, "time", lambda second=second: second)
        async with client.get("/") as answer:
            dates.append(answer.headers["Date"])
    assert dates == ["Sun, 09 Sep 2001 01:46:40 GMT"] * 2 + ["Sun, 09 Sep 2001 01:46:41 GMT"]


def _compress(answer):
    answer.enable_compression(web.ContentCoding.gzip)


def _chunk(answer):
    answer.enable_chunked_encoding()


def _body(answer):
    answer.body = b"other"


def _text(answer):
    answer.text = "other"


def _reason(answer):
    answer.set_status(200, "Fine")


CHANGES = {
    "a header": (lambda answer: answer.headers.update({"X-A": "b"}), lambda got: got.headers["X-A"] == "b"),
    "the media type": (
        lambda answer: setattr(answer, "content_type", "a/b"),
        lambda got: got.headers["Content-Type"] == "a/b; charset=utf-8",
    ),
    "a cookie": (lambda answer: answer.set_cookie("c", "d"), lambda got: got.cookies["c"].value == "d"),
    "a forgotten cookie": (lambda answer: answer.del_cookie("c"), lambda got: "c" in got.cookies),
    "the jar": (lambda answer: answer.cookies.load("c=d"), lambda got: got.cookies["c"].value == "d"),
    "the status": (lambda answer: answer.set_status(203), lambda got: got.status == 203),
    "the reason": (_reason, lambda got: got.reason == "Fine"),
    "the connection": (lambda answer: answer.force_close(), lambda got: got.headers["Connection"] == "close"),
    "the coding": (_compress, lambda got: got.headers["Content-Encoding"] == "gzip"),
    "the chunks": (_chunk, lambda got: got.headers["Transfer-Encoding"] == "chunked"),
    "the body": (_body, lambda got: got.headers["Content-Length"] == "5"),
    "the text": (_text, lambda got: got.headers["Content-Length"] == "5"),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_what_a_program_changes_is_sent(serve, what):
    change, is_there = CHANGES[what]

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        answer = await rendered()
        change(answer)
        return answer

    client = await serve()
    async with client.get("/") as got:
        assert is_there(got)
        body = await got.read()
        assert body == b"other" if what in {"the body", "the text"} else b'{"data":{"a":' in body


def _headers(answer):
    answer.headers["X-A"] = "b"
    answer.headers.add("x-a", "ü")
    answer.headers["Vary"] = "Origin"


def _date_and_server(answer):
    answer.headers["Server"] = "mine"
    answer.headers["Date"] = "Thu, 01 Jan 1970 00:00:00 GMT"


def _jar(answer):
    answer.set_cookie("a", "b", httponly=True, samesite="Lax")
    answer.set_cookie("c", "d d", max_age=5)
    answer.del_cookie("e")
    answer.headers.add("Set-Cookie", "f=g")


def _other_type(answer):
    answer.headers["Content-Type"] = "text/plain"
    answer.headers["X-A"] = "b"


def _no_type(answer):
    del answer.headers["Content-Type"]


def _cleared(answer):
    answer.headers.clear()


def _length(answer):
    answer.headers["Content-Length"] = str(len(answer.body))


def _closing(answer):
    answer.headers["Connection"] = "close"


def _read_only(answer):
    assert answer.status
    assert answer.content_type
    assert answer.body is not None
    assert answer.content_length is not None


def _both(answer):
    _headers(answer)
    answer.content_type = "text/x-a"
    answer.body = b"other"


CARRIED = [
    _headers,
    _date_and_server,
    _jar,
    _other_type,
    _no_type,
    _cleared,
    _length,
    _closing,
    _read_only,
    _both,
    _compress,
    _reason,
]


@pytest.mark.parametrize("request_of", ["kept alive", "to be closed", "of HTTP/1.0, kept alive", "HEAD"])
@pytest.mark.parametrize("change", CARRIED)
async def test_what_it_carries_is_sent_as_aiohttp_would(serve, still, monkeypatch, change, request_of):
    """The order of the lines alone may differ."""

    @web.middleware
    async def changing(request, handler):
        answer = await handler(request)
        change(answer)
        return answer

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return await rendered()

    client = await serve(middlewares=[changing])
    text = REQUESTS[request_of].format("/")
    as_made = await received(client, text)
    monkeypatch.setattr(plain, "goes_plain", lambda request: False)
    by_aiohttp = await received(client, text)
    assert as_made == by_aiohttp
    assert any(line.startswith(b"HTTP/1.") for line in by_aiohttp)


@pytest.mark.parametrize("change", [_headers, _date_and_server, _jar, _other_type, _read_only, _both])
async def test_headers_cookies_and_what_is_read_keep_it_plain(serve, monkeypatch, change):
    """Nothing of aiohttp's own way of preparing a response runs."""

    async def prepare(self, request):
        raise AssertionError("prepared by aiohttp")

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        answer = await rendered()
        change(answer)
        return answer

    client = await serve()
    monkeypatch.setattr(web.StreamResponse, "prepare", prepare)
    async with client.get("/") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer.headers.update({"X-A": "a\r\nSet-Cookie: b=c"}),
        lambda answer: answer.headers.update({"X-A\r\nX-B": "a"}),
        lambda answer: answer.headers.update({"X-A": "a\nb"}),
        lambda answer: answer.headers.update({"X-A": "a\0"}),
        lambda answer: answer.headers.update({"X-A": "\udcff"}),
        lambda answer: answer.cookies.load({"a": "b"}) or answer.cookies["a"].update({"path": "/\r\nX-B: c"}),
    ],
)
async def test_what_no_header_can_hold_is_a_500(serve, caplog, change):
    @web.middleware
    async def changing(request, handler):
        answer = await handler(request)
        if answer.status == 200:
            change(answer)
        return answer

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return await rendered()

    client = await serve(middlewares=[changing])
    async with client.get("/") as answer:
        assert answer.status == 500
        assert not {"X-A", "X-B", "Set-Cookie"} & answer.headers.keys()
    assert len(caplog.records) == 1


async def test_headers_that_were_looked_up_before_stay_its_headers():
    answer = await rendered()
    headers = answer.headers
    answer.set_status(203)
    headers["X-A"] = "b"
    assert answer.headers["X-A"] == "b"
    assert answer.status == 203


async def test_who_logs_it_reads_the_cookies_and_headers_that_were_sent():
    seen = []

    class Logger(AbstractAccessLogger):
        def log(self, request, response, time):
            seen.append(dict(response.headers))

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        answer = await rendered()
        answer.headers["X-A"] = "b"
        answer.set_cookie("c", "d")
        return answer

    runner = web.AppRunner(build_app(), access_log_class=Logger, access_log=logging.getLogger("test.access"))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession() as client, client.get(f"http://127.0.0.1:{runner.addresses[0][1]}/") as answer:
        sent = dict(answer.headers)
    await runner.cleanup()  # which waits until the request is logged
    assert seen == [sent]


async def test_what_a_program_reads_is_there():
    answer = await rendered()
    assert (answer.status, answer.reason, answer.content_type) == (200, "OK", "application/json")
    assert answer.content_length == len((await rendered()).body)
    assert (await rendered()).text.startswith('{"data":{"a":"é"}')
    assert (await rendered()).body_length == 0
    assert (await rendered()).keep_alive is None
    assert not (await rendered()).prepared
    assert not hasattr(answer, "nonsense")
    key = web.ResponseKey("key", int)
    answer[key] = 1
    assert dict(answer) == {key: 1}


async def test_a_signal_has_its_say_in_the_application_and_around_it(aiohttp_client):
    async def sign(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Signed"] = f"{response.headers.get('X-Signed', '')}+"

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return await rendered()

    inner, outer = build_app(), web.Application()
    outer.add_subapp("/below", inner)
    outer.on_response_prepare.append(sign)
    client = await aiohttp_client(outer)
    async with client.get("/below/") as answer:
        assert answer.headers["X-Signed"] == "+"
    alone = build_app()
    alone.on_response_prepare.append(sign)
    client = await aiohttp_client(alone)
    for path in ("/", "/nothing"):
        async with client.get(path) as answer:
            assert answer.headers["X-Signed"] == "+"


async def _write(answer):
    await answer.write(b"more")


async def _end(answer):
    await answer.write_eof()


async def _end_and_force_close(answer):
    await answer.write_eof()
    answer.force_close()


async def _look(answer):
    assert "PlainResponse OK" in repr(answer)
    assert answer.status == 200
    assert answer.keep_alive


async def _again(answer):
    assert answer.prepared
    with pytest.raises(AssertionError):
        answer.set_status(500)


@pytest.mark.parametrize("go_on", [_write, _end, _end_and_force_close, _look, _again])
async def test_a_program_that_prepares_it_goes_on_as_with_any_other(serve, still, monkeypatch, go_on):
    @get("/")
    async def handler(request: web.Request) -> web.Response:
        answer = await rendered()
        assert await answer.prepare(request) is request.writer
        assert await answer.prepare(request) is request.writer
        assert not request.writer.output_size
        await go_on(answer)
        return answer

    client = await serve()
    text = REQUESTS["to be closed" if go_on is _write else "kept alive"].format("/")
    as_made = await received(client, text)
    monkeypatch.setattr(plain, "goes_plain", lambda request: False)
    assert as_made == await received(client, text)


async def test_what_a_program_changes_after_it_has_prepared_it_is_sent(serve):
    """Of a response of aiohttp's, the head would be of before."""

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        answer = await rendered()
        await answer.prepare(request)
        answer.body = b"other"
        answer.force_close()
        return answer

    client = await serve()
    async with client.get("/") as answer:
        assert await answer.read() == b"other"
        assert answer.headers["Connection"] == "close"


async def test_the_connection_of_a_body_that_broke_is_closed(serve):
    """Also where the handler has sent its answer by itself."""

    @route("POST", "/")
    async def handler(request: web.Request) -> web.Response:
        answer = await rendered()
        with contextlib.suppress(web.RequestPayloadError):
            await request.read()
        await answer.prepare(request)
        return answer

    client = await serve()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n".encode())
    await asyncio.sleep(0)
    writer.write(b"x\r\n")
    async with asyncio.timeout(60):
        assert (await reader.read()).startswith(b"HTTP/1.")
    writer.close()


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda answer: pickle.loads(pickle.dumps(answer))])
async def test_it_is_copied_as_it_is(clone):
    answer = await rendered()
    assert clone(answer).is_as_made()
    assert clone(answer).body == answer.body


@pytest.mark.parametrize("size", [2**16 - 100, 2**16 + 100, 2**22])
async def test_a_body_of_any_size_arrives_whole(serve, size):
    @get("/")
    @render_json
    async def handler(request: web.Request) -> str:
        return "a" * size

    client = await serve()
    async with client.get("/") as answer:
        assert (await answer.json())["data"] == "a" * size


async def test_it_is_no_part_of_another_answer(serve):
    """One that was prepared, and of which nothing is out yet, is replaced, as it is where aiohttp makes both."""

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        await web.Response(text="first", headers={"X-First": "1"}).prepare(request)
        return await rendered()

    client = await serve()
    async with client.get("/") as answer:
        assert "X-First" not in answer.headers
        assert (await answer.json())["data"] == {"a": "é"}


async def test_who_logs_it_reads_what_was_sent():
    seen = []

    class Logger(AbstractAccessLogger):
        def log(self, request, response, time):
            seen.append((response.status, response.headers["Content-Length"], response.body_length))

    @get("/")
    async def handler(request: web.Request) -> web.Response:
        return await rendered()

    runner = web.AppRunner(build_app(), access_log_class=Logger, access_log=logging.getLogger("test.access"))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession() as client, client.get(f"http://127.0.0.1:{runner.addresses[0][1]}/") as answer:
        length = len(await answer.read())
    await runner.cleanup()  # which waits until the request is logged
    ((status, told, sent),) = seen
    assert (status, told) == (200, str(length))
    assert sent > length


def test_a_head_has_a_status_that_an_answer_may_have():
    with pytest.raises(ValueError, match="from 200 to 599"):
        head(199, "text/plain")
    with pytest.raises(ValueError, match="from 200 to 599"):
        head(200.0, "text/plain")  # though 200 is known
    assert PlainResponse(head(200, "text/plain"), b"").status == 200


SETTING = {
    "nothing": lambda answer: None,
    "a header": lambda answer: answer.headers.update({"X-A": "b"}),
    "a cookie": lambda answer: answer.set_cookie("a", "b"),
    "its date and server": lambda answer: answer.headers.update({"Date": "today", "Server": "own"}),
}


@pytest.mark.parametrize("size", [2**17, 2**19])
@pytest.mark.parametrize("setting", SETTING)
async def test_a_large_one_is_what_aiohttp_would_have_sent(serve, still, monkeypatch, setting, size):
    """Its head is written before it, and not in one piece with it."""
    text = "é" * (size // 2)

    @get("/")
    @render_json
    async def answering(request: web.Request) -> str:
        return text

    @web.middleware
    async def setting_more(request, handler):
        answer = await handler(request)
        SETTING[setting](answer)
        return answer

    client = await serve(middlewares=[setting_more])
    request = REQUESTS["kept alive"].format("/")
    as_made = await received(client, request)
    monkeypatch.setattr(plain, "goes_plain", lambda request: False)
    assert as_made == await received(client, request)
    assert text.encode() in b"".join(as_made)
