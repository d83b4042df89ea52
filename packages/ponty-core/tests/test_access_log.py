"""A line of the access log is whole, whatever the client sent."""

import asyncio
import io
import logging
import re

import pytest
from aiohttp import web

from ponty.core import build_app, get
from ponty.core.logs.access_log import AccessLogger

LINE = re.compile(
    r"127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "
    r'"GET /(?P<path>\S*) HTTP/1\.1" (?P<status>\d+) \d+ '
    r'"(?P<referrer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)" \d+\.\d{6}\n'
)


@pytest.fixture
def stream():
    """Collect what is logged, in a stream that takes nothing but ASCII."""
    raw = io.BytesIO()
    return io.TextIOWrapper(raw, encoding="ascii", write_through=True)


@pytest.fixture
async def port(stream):
    """Serve with the access log."""

    @get("/{path:.*}")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    logger = logging.getLogger("test.access")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [logging.StreamHandler(stream)]
    runner = web.AppRunner(build_app(), access_log=logger, access_log_class=AccessLogger)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.mark.parametrize(
    ("agent", "logged"),
    [
        (b"curl/8.0", r"curl/8.0"),
        (b'say "hi" \\ bye', r"say \"hi\" \\ bye"),
        (b'" 200 5 "forged', r"\" 200 5 \"forged"),
        (b"\xff\xfe raw bytes", r"\udcff\udcfe raw bytes"),
        ("Zoë".encode(), r"Zo\xeb"),
        (b"%s %(message)s {0}", "%s %(message)s {0}"),
    ],
)
async def test_a_line_is_whole(stream, port, agent, logged, capsys):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nReferer: r\r\nUser-Agent: " + agent + b"\r\n\r\n")
    await reader.read()
    writer.close()
    text = stream.buffer.getvalue().decode()
    match = LINE.fullmatch(text)
    assert match, text
    assert (match["path"], match["status"], match["referrer"], match["agent"]) == ("a", "200", "r", logged)
    assert capsys.readouterr().err == ""


async def test_what_is_missing_is_a_dash(stream, port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /a?b=%22 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    await reader.read()
    writer.close()
    match = LINE.fullmatch(stream.buffer.getvalue().decode())
    assert (match["path"], match["referrer"], match["agent"]) == ("a?b=%22", "-", "-")


@pytest.mark.parametrize(("level", "enabled"), [(logging.INFO, True), (logging.WARNING, False)])
def test_it_is_off_where_nobody_reads_it(level, enabled):
    logger = logging.Logger("test", level)
    assert AccessLogger(logger, "").enabled is enabled
