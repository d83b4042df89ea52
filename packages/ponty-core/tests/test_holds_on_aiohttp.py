"""Where Ponty takes hold of aiohttp by what is not public: tried one by one, so that a change of aiohttp is seen."""

import asyncio
import pathlib
import sys

from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import StreamWriter
from aiohttp.http_exceptions import LineTooLong
from aiohttp.http_parser import RawRequestMessage

from ponty.core import Limits, build_app
from ponty.core.connections import prompt_connection
from ponty.core.connections.connection import Connection
from ponty.core.connections.protocol_errors import line_limit, told_of
from ponty.core.connections.server import Server
from ponty.core.routing.dispatch import matched_with
from ponty.core.wire.server_state import ServerState
from ponty.core.wire.server_writer import server_writer

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import Served


async def test_a_runner_makes_its_server_by_one_method_and_a_server_keeps_the_options_of_its_connections():
    options = {"keepalive_timeout", "max_line_size", "max_field_size", "max_headers", "lingering_time", "logger"}
    async with Served(build_app()) as served:
        assert type(served.server) is Server
        assert served.server._options.keys() >= options
        connection = served.server()
        assert type(connection) is Connection
        assert connection.keepalive_timeout == Limits().idle_seconds
        assert (connection.max_line_size, connection.max_field_size) == (8191, 8190)


def test_a_line_that_is_too_long_is_told_from_a_header_by_its_limit_alone():
    limits = Limits(line_bytes=50, header_bytes=50)
    assert line_limit(limits) != limits.header_bytes
    assert told_of(LineTooLong(b"", line_limit(limits)), limits)[0] == 414
    assert told_of(LineTooLong(b"", limits.header_bytes), limits)[0] == 431


def test_a_class_of_connections_may_have_slots_and_its_own_error_answers():
    assert "__dict__" not in dir(web.RequestHandler)
    for name in ("connection_made", "data_received", "connection_lost", "log_access", "handle_error"):
        assert name in vars(web.RequestHandler), name


async def test_a_connection_queues_what_its_parser_refuses_as_something_else_than_a_message():
    async with Served(build_app()) as served:
        connection = served.server()
        connection.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.data_received(b"secret\r\n\r\n")
        connection.data_received(b"nothing more is read\r\n\r\n")
        first, second = connection._messages
        assert isinstance(first[0], RawRequestMessage)
        assert not isinstance(second[0], RawRequestMessage)


def test_a_request_is_told_that_its_client_has_left_by_one_method():
    """See `ponty.core.wire.departures`."""
    assert "_cancel" in vars(web.BaseRequest)
    assert {"_current_request", "_cancel"} <= {*web.RequestHandler.connection_lost.__code__.co_names}


async def test_a_head_may_wait_in_the_writer_of_an_answer_and_be_dropped():
    """See `ponty.core.wire.withheld_head`."""
    assert web.StreamResponse._send_headers_immediately is True
    writer = StreamWriter(None, None)
    assert (writer.chunked, writer.length) == (False, None)
    assert {"_headers_buf": None, "_headers_written": False}.items() <= vars(writer).items()


async def nothing(request):
    raise AssertionError(request)


def test_match_information_is_made_of_four_parts():
    """See `ponty.core.routing.dispatch`."""
    app = web.Application()
    route = app.router.add_get("/{x}", nothing)
    whole = web.UrlMappingMatchInfo({"x": "a"}, route)
    whole.add_app(app)
    whole.freeze()
    made = matched_with({"x": "a"}, route, app)
    assert type(made) is type(whole)
    assert dict(made) == dict(whole)
    for slot in web.UrlMappingMatchInfo.__slots__:
        assert getattr(made, slot) == getattr(whole, slot), slot


async def test_an_application_finds_a_route_and_its_middlewares_in_one_method():
    """`ponty.core.routing.dispatch` does as that method does; what it does is to be looked at when it changes."""
    known = {"resolve", "add_app", "freeze", "_match_info", "expect_handler", "drain", "_cached_build_middleware"}
    assert known <= {*web.Application._handle.__code__.co_names}
    router = web.UrlDispatcher.resolve.__code__.co_names
    assert {"_resource_index", "_matched_sub_app_resources", "path_safe", "rpartition"} <= {*router}


async def test_a_connection_reads_on_by_one_method():
    """See `ponty.core.connections.connection`."""
    for name in ("resume_reading", "_resume_reading_for_buffer"):
        assert "_resume_transport_reading" in vars(BaseProtocol)[name].__code__.co_names, name
    async with Served(build_app()) as served:
        connection = served.server()
        assert (connection._reading_paused, connection._buffer_paused) == (False, False)


class Recorder(BaseProtocol):
    """A connection that keeps what is written."""

    def __init__(self, loop):
        super().__init__(loop)
        self.transport = self
        self.written = []

    def is_closing(self):
        return False

    def write(self, data):
        self.written.append(bytes(data))


async def test_a_writer_that_was_given_no_head_writes_what_it_is_given_and_nothing_else():
    """See `ponty.core.responses.plain_response`: head and body go out as one."""
    connection = Recorder(asyncio.get_running_loop())
    writer = StreamWriter(connection, connection._loop)
    await writer.write_eof(b"head and body")
    assert connection.written == [b"head and body"]
    assert writer.output_size == 13


def test_a_connection_sends_an_answer_by_two_methods_and_a_response_keeps_its_parts_by_these_names():
    """See `ponty.core.responses.plain_response`."""
    assert {"prepare", "write_eof", "log_access"} <= {*web.RequestHandler.finish_response.__code__.co_names}
    parts = {"_headers", "_body", "_status", "_reason", "_must_be_empty_body", "_keep_alive", "_compressed_body"}
    response = web.Response(body=b"a")
    assert parts <= {name for name in dir(response) if name.startswith("_")}


def test_a_connection_handles_requests_by_these_methods_and_attributes():
    """`ponty.core.connections.prompt_connection` does as they do; what they do is to be looked at when it changes."""
    assert prompt_connection.IS_KNOWN
    assert "_finish" in web.RequestHandler.finish_response.__code__.co_names
    received = {*web.RequestHandler.data_received.__code__.co_names}
    assert received >= {"_waiter", "_messages", "feed_data", "_max_msg_queue_size", "_upgraded"}
    close = {*web.RequestHandler.force_close.__code__.co_names}
    assert {*web.RequestHandler.close.__code__.co_names} >= {"_close", "_waiter", "cancel"} <= close | {"_close"}


async def test_a_writer_is_done_once_it_says_so():
    """See `ponty.core.wire.server_writer`."""
    connection = Recorder(asyncio.get_running_loop())
    writer = server_writer(connection, connection._loop, ServerState())
    assert writer.is_fresh()
    writer.write_whole(b"whole")
    await writer.write_eof(b"more")
    assert (connection.written, writer.output_size, writer.is_fresh()) == ([b"whole"], 5, False)
