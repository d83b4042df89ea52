"""Logs for machines: one object a line, whatever was sent, and no secrets."""

import asyncio
import datetime
import io
import json
import logging

import pytest
from aiohttp import web

from ponty.core import build_app, get, json_logs, request_ids
from ponty.core.serving.access_log import AccessLogger


@pytest.fixture
def stream():
    """Have a stream to log to, and the loggers as they were afterwards."""
    loggers = [logging.getLogger(name) for name in ("aiohttp", "ponty", "shop")]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield io.StringIO()
    for logger, handlers, level, propagate in before:
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def ask(head, **options):
    runner = web.AppRunner(build_app(**options), access_log_class=AccessLogger)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(head + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
    await reader.read()
    writer.close()
    await runner.cleanup()


async def test_the_access_log(stream):
    json_logs(stream=stream)
    await ask(b"GET /mugs HTTP/1.1\r\nUser-Agent: curl/8", middlewares=[request_ids(trusted=["127.0.0.1"])])
    (line,) = lines(stream)
    assert datetime.datetime.fromisoformat(line.pop("time")).utcoffset() == datetime.timedelta(0)
    assert len(line.pop("request_id")) == len(line.pop("trace_id")) == 32
    assert 0 <= line.pop("seconds") < 60
    assert line.pop("bytes") > 0
    assert line == {
        "level": "INFO",
        "logger": "aiohttp.access",
        "message": "GET /mugs 404",
        "client": "127.0.0.1",
        "method": "GET",
        "path": "/mugs",
        "status": 404,
        "user_agent": "curl/8",
    }


async def test_an_error_is_one_line_with_the_id_of_its_request(stream):
    @get("/broken")
    async def broken(request: web.Request) -> web.Response:
        raise ValueError("no\nforged: line")

    json_logs(stream=stream)
    await ask(b"GET /broken HTTP/1.1\r\nX-Request-ID: r7", middlewares=[request_ids(trusted=["127.0.0.1"])])
    error, access = lines(stream)
    assert (error["level"], error["logger"], error["message"]) == ("ERROR", "ponty.core", "GET /broken failed")
    assert error["exception"].endswith("ValueError: no\nforged: line")
    assert error["request_id"] == access["request_id"] == "r7"


async def test_no_secret_is_logged(stream):
    json_logs(stream=stream)
    await ask(
        b"GET /a?token=s3cret HTTP/1.1\r\nAuthorization: Bearer s3cret\r\nCookie: s=s3cret\r\n"
        b"Referer: http://a/?token=s3cret\r\nX-Api-Key: s3cret"
    )
    assert [line["path"] for line in lines(stream)] == ["/a"]
    assert "s3cret" not in stream.getvalue()


@pytest.mark.parametrize("agent", [b'"}\\', b"\xff\xfe", "Zoë \u2028".encode(), b"%s%d", b"a" * 7000])
async def test_a_line_is_whole_whatever_was_sent(stream, agent):
    json_logs(stream=stream)
    await ask(b"GET /%0a%22 HTTP/1.1\r\nUser-Agent: " + agent)
    assert len(lines(stream)) == 1


def test_other_loggers_may_be_named_and_a_second_call_takes_the_place_of_the_first(stream):
    json_logs(stream=io.StringIO(), loggers=("shop",))
    json_logs(stream=stream, level=logging.WARNING, loggers=("shop",))
    logger = logging.getLogger("shop.orders")
    logger.info("not written")
    logger.warning("sold %d\n%s", 3, "tea \u00e9 \udcff", stack_info=True)
    (line,) = lines(stream)
    assert (line["logger"], line["message"]) == ("shop.orders", "sold 3\ntea é \\udcff")
    assert line["stack"].startswith("Stack (most recent call last)")
