"""Logs for machines: one object a line, whatever was sent, and no secrets."""

import asyncio
import datetime
import io
import json
import logging
import threading
import time

import pytest
from aiohttp import web

from ponty.core import build_app, get, json_logs, request_ids
from ponty.core.logs.access_log import AccessLogger


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


def test_one_logger_is_given_as_a_list(stream):
    """A text is a list of its letters, each of them a logger's name."""
    with pytest.raises(TypeError, match=r"loggers must be a list of names, such as \['shop'\]"):
        json_logs(stream=stream, loggers="shop")


def test_a_level_that_is_none_changes_nothing(stream):
    with pytest.raises(ValueError, match="INF"):
        json_logs(stream=stream, level="INF", loggers=("shop",))
    assert logging.getLogger("shop").handlers == []


class _Passing(logging.Filter):
    """Lets all pass, and so has every line go through a record."""


HEADS = [
    b"GET /mugs?token=s HTTP/1.1\r\nUser-Agent: curl/8",
    b'GET /%0a%22"\\ HTTP/1.1\r\nUser-Agent: "}\\',
    "GET /été/\u2028?é=1 HTTP/1.1\r\nUser-Agent: Zoë \u2028".encode(),
    b"GET //double/slash HTTP/1.1\r\nUser-Agent: \xff\xfe",
    b"GET http://a/absolute?x=1 HTTP/1.1",
    b"GET /a#b?c HTTP/1.1\r\nUser-Agent: %s%d\t.",
    b"BREW /pot HTTP/1.1\r\nUser-Agent: \x7f",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("names", [True, False], ids=["with ids", "without"])
async def test_a_line_is_the_same_with_and_without_a_record(stream, head, names):
    """Where a filter wants to see records, there are some."""
    middlewares = [request_ids(trusted=["127.0.0.1"])] if names else []
    head += b"\r\nX-Request-ID: r7\r\ntraceparent: 00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
    handler = json_logs(stream=stream)
    await ask(head, middlewares=middlewares)
    handler.addFilter(_Passing())
    await ask(head, middlewares=middlewares)
    direct, by_record = [line for line in lines(stream) if line["logger"] == "aiohttp.access"]
    for line in (direct, by_record):
        datetime.datetime.fromisoformat(line.pop("time"))
        assert 0 <= line.pop("seconds") < 60
    assert [*direct.items()] == [*by_record.items()]


async def test_who_else_reads_the_access_log_is_told(stream, caplog):
    """A handler of a program's own, above or beside, has records as ever."""
    json_logs(stream=stream)
    logger = logging.getLogger("aiohttp.access")
    logger.addHandler(caplog.handler)
    try:
        await ask(b"GET /mugs HTTP/1.1")
    finally:
        logger.removeHandler(caplog.handler)
    assert [line["path"] for line in lines(stream)] == ["/mugs"]
    (record,) = [record for record in caplog.records if record.name == "aiohttp.access"]
    assert '"GET /mugs HTTP/1.1" 404' in record.getMessage()
    assert (record.levelname, record.funcName, record.thread) == ("INFO", "log", threading.get_ident())
    assert abs(record.created - time.time()) < 60


async def test_a_factory_of_records_makes_those_of_the_access_log(stream):
    made = []

    class Record(logging.LogRecord):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            made.append(self)

    json_logs(stream=stream)
    logging.setLogRecordFactory(Record)
    try:
        await ask(b"GET /mugs HTTP/1.1")
    finally:
        logging.setLogRecordFactory(logging.LogRecord)
    assert len([record for record in made if record.name == "aiohttp.access"]) == len(lines(stream)) == 1


async def test_a_level_above_info_writes_no_access(stream):
    json_logs(stream=stream, level=logging.WARNING)
    await ask(b"GET /mugs HTTP/1.1")
    assert lines(stream) == []


async def test_a_stream_that_fails_ends_no_request(stream, capsys):
    class Broken(io.StringIO):
        def write(self, text):
            raise OSError("the disk is full")

    json_logs(stream=Broken())
    await ask(b"GET /mugs HTTP/1.1")
    assert "the disk is full" in capsys.readouterr().err
