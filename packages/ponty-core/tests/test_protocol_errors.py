"""Bytes that are no good HTTP are answered by a problem document, which repeats nothing of them."""

import asyncio
import json
import logging

import pytest
from aiohttp import web

from ponty.core import Limits, app_runner, build_app, get
from ponty.core.connections import protocol_errors


def head(*lines, start="GET / HTTP/1.1"):
    return "\r\n".join([start, *lines, "", ""]).encode("latin-1")


SECRET = "secret"
BAD = {
    "no HTTP": (b"SECRET-secret\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03secret\r\n\r\n", 400),
    "another version": (head("Host: secret", start="GET /secret HTTP/3.0"), 400),
    "the first version": (head("Host: a", start="GET /secret"), 400),
    "the first version by name": (head("Host: a", start="GET /secret HTTP/0.9"), 400),
    "the second version": (head("Host: a", start="GET /secret HTTP/2.0"), 400),
    "a header name with a space": (head("Host: a", "secret name: secret"), 400),
    "a control character": (head("Host: a", "X: secret\x00"), 400),
    "two lengths": (head("Host: a", "X: secret", "Content-Length: 1", "Content-Length: 2") + b"a", 400),
    "a length and chunks": (head("Host: a", "Content-Length: 1", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
    "a bad length": (head("Host: a", "Content-Length: secret"), 400),
    "a bad chunk": (head("Host: a", "Transfer-Encoding: chunked", start="POST / HTTP/1.1") + b"secret\r\n", 400),
    "no host": (head("X: secret"), 400),
    "two hosts": (head("Host: a", "Host: secret"), 400),
    "a host with a space": (head("Host: secret b"), 400),
    "a host with a port that cannot be": (head("Host: secret:99999"), 400),
    "a host with two ports": (head("Host: secret:80:80"), 400),
    "a host with a path": (head("Host: secret/a"), 400),
    "a host in open brackets": (head("Host: [::1"), 400),
    "a host with a user": (head("Host: secret@a"), 400),
    "a target with open brackets": (head("Host: a", start="GET http://[secret HTTP/1.1"), 400),
    "an asterisk": (head("Host: a", start="GET * HTTP/1.1"), 400),
    "a tunnel": (head("Host: secret:443", start="CONNECT secret:443 HTTP/1.1"), 501),
    "a long header": (head("Host: a", f"X: {SECRET * 2000}"), 431),
    "a long name of a header": (head("Host: a", f"{SECRET * 2000}: a"), 431),
    "many headers": (head("Host: a", *["X: secret"] * 200), 431),
    "a long request line": (head("Host: a", start=f"GET /{SECRET * 2000} HTTP/1.1"), 414),
    "a long query": (head("Host: a", start=f"GET /?a={SECRET * 2000} HTTP/1.1"), 414),
    "a long path": (head("Host: a", start=f"GET /{SECRET * 500} HTTP/1.1"), 414),
    "a path of slashes": (head("Host: a", start=f"GET {'/' * 8000} HTTP/1.1"), 414),
}
GOOD = {
    "a host": head("Host: a"),
    "a host and a port": head("Host: a.example:8080"),
    "an IPv6 address": head("Host: [::1]:8080"),
    "a name of the container world": head("Host: my_service"),
    "no host, as none is asked for": head("Host:"),
    "HTTP/1.0": head(start="GET / HTTP/1.0"),
    "an absolute target": head("Host: a", start="GET http://a/ HTTP/1.1"),
    "an absolute target without a path": head("Host: a", start="GET http://a HTTP/1.1"),
    "an absolute target with a query alone": head("Host: a", start="GET http://a?b=c HTTP/1.1"),
    "a long query": head("Host: a", start=f"GET /?a={'b' * 6000} HTTP/1.1"),
}


def own():
    """An application of Ponty's."""
    return build_app()


def foreign():
    """An application that `build_app` has not made."""
    app = web.Application()
    app.router.add_get("/", index)
    return app


async def index(request):
    request.url
    return web.Response(text="fine")


@pytest.fixture(params=[own, foreign])
async def serve(request):
    """Serve an application by a runner of Ponty's, with these options."""
    runners = []

    async def serve(**options):
        get("/")(index)
        runner = app_runner(request.param(), **{"access_log": None} | options)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner.addresses[0][1]

    yield serve
    for runner in runners:
        await runner.cleanup()


async def ask(port, data):
    """Send `data`, and return the status, the headers and the body of what comes until the connection closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = b""
    try:
        async with asyncio.timeout(60):
            while part := await reader.read(65536):
                answer += part
    except ConnectionResetError:
        pass  # what was sent behind the mistake is not read
    writer.close()
    first, _, body = answer.partition(b"\r\n\r\n")
    line, *lines = first.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return line, headers, body


async def test_an_encoding_whose_package_is_missing_is_refused(serve, caplog, monkeypatch):
    """Aiohttp's parser would call it a bad request, with a traceback in the log."""
    monkeypatch.setattr("aiohttp.http_parser.HAS_BROTLI", False)
    head_of_br = head("Host: a", "Content-Encoding: br", "Content-Length: 1", start="POST / HTTP/1.1")
    line, headers, _ = await ask(await serve(), head_of_br + b"a")
    assert line.startswith("HTTP/1.1 415 ")
    assert headers["Content-Type"] == "application/problem+json"
    assert not any(record.exc_info for record in caplog.records)


async def test_an_encoded_body_of_which_nothing_decodes_is_a_bad_request(serve, caplog):
    """The parser of aiohttp refuses it before there is a request."""
    head_of_deflate = head("Host: a", "Content-Encoding: deflate", "Content-Length: 3", start="POST / HTTP/1.1")
    line, headers, _ = await ask(await serve(), head_of_deflate + b"\0\1\2")
    assert line.startswith("HTTP/1.1 400 ")
    assert headers["Content-Type"] == "application/problem+json"
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("kind", BAD)
async def test_it_is_answered_by_a_problem_document(serve, caplog, kind):
    caplog.set_level(logging.INFO)
    data, status = BAD[kind]
    line, headers, body = await ask(await serve(), data)
    assert line.startswith(f"HTTP/1.1 {status} ")
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Connection"] == "close"
    assert headers["Server"] == "Ponty"
    document = json.loads(body)
    assert document["status"] == status
    assert SECRET not in line + str(headers) + body.decode()
    logged = [record.getMessage() for record in caplog.records if record.name in {"aiohttp.server", "ponty.core"}]
    assert len(logged) <= 1
    assert all(SECRET not in text and len(text) < 100 for text in logged)
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("kind", GOOD)
async def test_what_is_unusual_and_right_is_answered(serve, kind):
    data = GOOD[kind].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    line, _, body = await ask(await serve(), data)
    assert (line.split(" ", 1)[1], body) == ("200 OK", b"fine")


@pytest.mark.parametrize(
    ("limits", "data", "status"),
    [
        ({"line_bytes": 100}, head("Host: a", start=f"GET /?{'a' * 100} HTTP/1.1"), 414),
        ({"header_bytes": 100}, head("Host: a", f"X: {'a' * 300}"), 431),
        ({"line_bytes": 100, "header_bytes": 100}, head("Host: a", start=f"GET /?{'a' * 101} HTTP/1.1"), 414),
        ({"line_bytes": 100, "header_bytes": 100}, head("Host: a", f"X: {'a' * 300}"), 431),
        ({"headers": 2}, head("Host: a", "X: a", "Y: a"), 431),
        ({"path_bytes": 10}, head("Host: a", start="GET /aaaaaaaaaa HTTP/1.1"), 414),
    ],
)
async def test_lengths_can_be_set(serve, limits, data, status):
    line, _, _ = await ask(await serve(limits=Limits(**limits)), data)
    assert line.startswith(f"HTTP/1.1 {status} ")


@pytest.mark.parametrize(("name", "sent"), [("Another", "Another"), (None, None)])
@pytest.mark.parametrize("data", [head("Host: a", "Connection: close"), b"GARBAGE\r\n\r\n"])
async def test_the_name_of_the_server_can_be_set_or_left_out(serve, name, sent, data):
    _, headers, _ = await ask(await serve(server_header=name), data)
    assert headers.get("Server") == sent


async def test_no_version_is_told_without_a_server_of_ponty_s_either(ponty_client):
    get("/")(index)
    client = await ponty_client()
    for path in ("/", "/nothing"):
        async with client.get(path) as answer:
            assert answer.headers["Server"] == "Ponty"


@pytest.mark.parametrize("name", ["a\r\nb", "é"])
def test_a_name_that_no_header_can_hold_is_refused(name):
    with pytest.raises(ValueError, match="server_header must be printable ASCII"):
        app_runner(web.Application(), server_header=name)


async def test_long_hosts_that_differ_each_time_fill_no_memory(serve):
    """Those that are kept are known hosts; a client may make up as many as it likes."""
    port = await serve()
    protocol_errors._is_known_host.cache_clear()
    for number in range(3):
        line, _, _ = await ask(port, head(f"Host: {number}{'a' * 4000}", "Connection: close"))
        assert line.startswith("HTTP/1.1 200 ")
        line, _, _ = await ask(port, head(f"Host: {number}{'a' * 4000} b", "Connection: close"))
        assert line.startswith("HTTP/1.1 400 ")
    assert protocol_errors._is_known_host.cache_info().currsize == 0
    line, _, _ = await ask(port, head("Host: a.example", "Connection: close"))
    assert protocol_errors._is_known_host.cache_info().currsize == 1
