"""Serving as a process: from the command line to a signal and an exit."""

import asyncio
import contextlib
import gzip
import importlib.util
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import threading

import aiohttp
import pytest
import warm

from ponty.core import startmeup
from ponty.core.connections import draining

PRELUDE = """
import asyncio, os, signal, sys
from aiohttp import web

# A shell that runs the tests in the background has SIGINT ignored below it.
signal.signal(signal.SIGINT, signal.default_int_handler)

from ponty.core import *
from ponty.core.connections import draining

async def provider(app):
    print("provider up", flush=True)
    yield
    print("provider down", flush=True)
"""


CERTIFICATE = pathlib.Path(__file__).with_name("localhost.pem")

TOO_LONG = 60
"""Seconds after which a server that should print or exit is taken to hang; no test waits for them to pass."""

LATE = re.compile(r"^(?:WARNING:asyncio:)?Executing <.*> took \d+\.\d+ seconds\n", re.MULTILINE)
"""What asyncio says, in development mode, of a machine that is busy."""


class Server:
    """A program that serves, and what it prints."""

    def __init__(self, process):
        self.process = process
        self.printed = []

    async def line(self):
        """Return the next line it prints; None at its end."""
        async with asyncio.timeout(TOO_LONG):
            line = (await self.process.stdout.readline()).decode().rstrip("\n")
        self.printed.append(line)
        return line

    async def until(self, pattern):
        """Read lines up to one that matches."""
        while not (match := re.search(pattern, line := await self.line())):
            assert line or not self.process.stdout.at_eof(), self.printed
        return match

    async def address(self):
        match = await self.until(r"^Serving on http://(.*):(\d+)$")
        return match[1], int(match[2])

    async def finish(self, number=None):
        """Send a signal, if any, and give the exit status, what was printed since, and the log."""
        if number is not None:
            self.process.send_signal(number)
        async with asyncio.timeout(TOO_LONG):
            out, err = await self.process.communicate()
        return self.process.returncode, out.decode().splitlines(), LATE.sub("", err.decode())


@pytest.fixture
async def start():
    """Run a program; what still runs at the end of a test is killed."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(code):
            process = await warm.start(
                sys.executable,
                "-W",
                "error",
                "-X",
                "dev",
                "-c",
                PRELUDE + textwrap.dedent(code),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )

            async def stop():
                if process.returncode is None:
                    process.kill()
                    await process.communicate()

            stack.push_async_callback(stop)
            return Server(process)

        yield start


async def send(port, data):
    """Open a connection and send `data`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    return reader, writer


SLOW = """
import signal

release = asyncio.Event()

async def signals(app):
    async def say(app):
        print("shutting down", flush=True)

    app.on_shutdown.append(say)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, release.set)
    yield

@get("/slow")
async def slow(request):
    print("slow begins", flush=True)
    await release.wait()
    return web.Response(text="finished")

@post("/body")
async def body(request):
    print("body begins", flush=True)
    return web.Response(body=await request.read())

def serve(**options):
    startmeup(port=0, providers=[provider, signals], **options)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_until_a_signal_and_exits_0(start, number):
    server = await start(
        """
        table = web.RouteTableDef()

        @table.get("/table")
        @render_json
        async def from_table(request):
            return "table"

        @get("/hello")
        @render_json
        async def hello(request):
            return type(asyncio.get_running_loop()).__module__

        startmeup(port=0, providers=[provider], route_tables=[table])
        print("after", flush=True)
        """
    )
    host, port = await server.address()
    assert host == "127.0.0.1"
    assert server.printed[:-1] == ["provider up", "GET /hello", "GET /table"]
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/hello") as answer:
        loop = (await answer.json())["data"]
    assert ("uvloop" in loop) == bool(importlib.util.find_spec("uvloop"))
    assert await server.finish(number) == (0, ["provider down", "after"], "")


async def test_a_request_in_flight_is_finished_and_no_other_is_taken(start):
    server = await start(SLOW + "serve()")
    _, port = await server.address()
    # These two come first: once the third is in its handler, they were accepted and read, and are not reset but closed.
    idle, idle_writer = await send(port, b"")
    half, half_writer = await send(port, b"GET /slow HTTP/1.1\r\nHo")
    reader, writer = await send(port, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    await server.until("slow begins")
    server.process.send_signal(signal.SIGTERM)
    await server.until("shutting down")
    assert (await idle.read(), await half.read()) == (b"", b"")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    server.process.send_signal(signal.SIGUSR1)
    assert (await reader.read()).endswith(b"\r\n\r\nfinished")
    for each in (writer, idle_writer, half_writer):
        each.close()
    assert await server.finish() == (0, ["provider down"], "")


async def test_a_body_that_is_still_arriving_is_read_to_its_end(start):
    server = await start(SLOW + "serve()")
    _, port = await server.address()
    reader, writer = await send(port, b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
    await server.until("body begins")
    server.process.send_signal(signal.SIGTERM)
    await server.until("shutting down")
    writer.write(b"def")
    assert (await reader.read()).endswith(b"\r\n\r\nabcdef")
    writer.close()
    assert await server.finish() == (0, ["provider down"], "")


@pytest.mark.parametrize("path", ["/body", "/unread"])
async def test_a_client_that_stalls_in_its_body_does_not_hold_the_exit(start, path):
    """The time-out is an hour: what ends the wait is the stall."""
    server = await start(
        SLOW
        + """
@post("/unread")
async def unread(request):
    print("unread begins", flush=True)
    return web.Response(text="unread")

draining.STALL_SECONDS = 0.1
serve(shutdown_timeout=3600)
"""
    )
    _, port = await server.address()
    _, writer = await send(port, f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc".encode())
    await server.until("begins")
    assert await server.finish(signal.SIGTERM) == (0, ["shutting down", "provider down"], "")
    writer.close()


def test_a_stall_costs_less_than_five_seconds():
    assert draining.STALL_SECONDS + 2 <= 5


async def test_what_does_not_finish_is_cancelled_at_the_end_of_the_time(start):
    server = await start(
        SLOW
        + """
@get("/stuck")
async def stuck(request):
    print("stuck begins", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("stuck ends", flush=True)

serve(shutdown_timeout=0.1)
"""
    )
    _, port = await server.address()
    reader, writer = await send(port, b"GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n")
    await server.until("stuck begins")
    status, printed, log = await server.finish(signal.SIGTERM)
    assert (status, printed) == (0, ["shutting down", "stuck ends", "provider down"])
    assert log == "stopping with 1 connections unfinished\n"
    assert await reader.read() == b""
    writer.close()


async def test_a_second_signal_ends_the_wait(start):
    server = await start(SLOW + "serve(shutdown_timeout=3600)")
    _, port = await server.address()
    _, writer = await send(port, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    await server.until("slow begins")
    server.process.send_signal(signal.SIGTERM)
    await server.until("shutting down")
    status, printed, _ = await server.finish(signal.SIGINT)
    assert (status, printed) == (0, ["provider down"])
    writer.close()


async def test_an_open_websocket_is_closed_by_the_program_s_shutdown_signal_once(start):
    server = await start(
        """
        sockets = []

        @get("/ws")
        async def ws(request):
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            sockets.append(socket)
            async for message in socket:
                pass
            return socket

        async def close(app):
            print("shutdown", flush=True)
            for socket in sockets:
                await socket.close(code=1001)

        async def closing(app):
            app.on_shutdown.append(close)
            yield

        startmeup(port=0, shutdown_timeout=3600, providers=[closing])
        """
    )
    _, port = await server.address()
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/ws") as socket:
        finish = asyncio.create_task(server.finish(signal.SIGTERM))
        message = await socket.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert await finish == (0, ["shutdown"], "")


@pytest.mark.parametrize("path", ["/", "/nowhere"])
async def test_an_encoded_body_that_nobody_reads_closes_the_connection(start, path):
    """It would be decoded to be skipped, which holds up every other client."""
    server = await start(
        """
        @post("/")
        async def here(request):
            return web.Response()

        startmeup(port=0)
        """
    )
    _, port = await server.address()
    body = gzip.compress(bytes(2**26))
    async with (
        aiohttp.ClientSession(headers={"Content-Encoding": "gzip"}) as session,
        session.post(f"http://127.0.0.1:{port}{path}", data=body) as answer,
    ):
        assert answer.headers["Connection"] == "close"
    assert await server.finish(signal.SIGTERM) == (0, [], "")


async def test_a_signal_during_the_start_stops_what_started(start):
    server = await start(
        """
        async def stuck(app):
            print("stuck", flush=True)
            await asyncio.Event().wait()
            yield

        startmeup(port=0, providers=[provider, stuck])
        """
    )
    await server.until("stuck")
    assert await server.finish(signal.SIGTERM) == (0, ["provider down"], "")


async def test_a_provider_starts_and_stops_in_one_task_and_context(start):
    server = await start(
        """
        import contextvars

        variable = contextvars.ContextVar("variable", default=0)

        async def scoped(app):
            task, token = asyncio.current_task(), variable.set(1)
            yield
            assert asyncio.current_task() is task
            variable.reset(token)

        startmeup(port=0, providers=[provider, scoped])
        """
    )
    await server.address()
    assert await server.finish(signal.SIGTERM) == (0, ["provider down"], "")


async def test_a_provider_that_cancels_its_own_start_is_an_error(start):
    server = await start(
        """
        async def broken(app):
            raise asyncio.CancelledError("broken")
            yield

        startmeup(port=0, providers=[provider, broken])
        """
    )
    status, printed, log = await server.finish()
    assert (status, printed) == (1, ["provider up", "provider down"])
    assert "CancelledError" in log


async def test_idle_clients_over_tls_do_not_hold_the_exit(start):
    """They are closed, and need not say that they have seen it."""
    server = await start(
        f"""
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain({str(CERTIFICATE)!r})
        startmeup(port=0, ssl_context=context, shutdown_timeout=3600, providers=[provider])
        """
    )
    _, port = (await server.until(r"^Serving on https://(.*):(\d+)$")).groups()
    context = ssl.create_default_context(cafile=CERTIFICATE)
    raw = socket.create_connection(("127.0.0.1", int(port)))
    with await asyncio.to_thread(context.wrap_socket, raw, server_hostname="localhost"):
        assert await server.finish(signal.SIGTERM) == (0, ["provider down"], "")


async def test_as_process_1_a_third_signal_ends_the_process_too(start):
    """Linux would drop it there, where nobody handles it."""
    server = await start(
        """
        async def hangs(app):
            yield
            print("hangs", flush=True)
            os.kill(os.getpid_of_the_test(), 15)
            await asyncio.sleep(0.01)
            print(signal.getsignal(signal.SIGTERM).__name__, flush=True)
            signal.raise_signal(signal.SIGTERM)

        import signal
        os.getpid_of_the_test, os.getpid = os.getpid, lambda: 1
        startmeup(port=0, providers=[hangs])
        """
    )
    await server.address()
    server.process.send_signal(signal.SIGTERM)
    assert await server.finish() == (128 + signal.SIGTERM, ["hangs", "_end"], "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_third_signal_ends_a_stop_that_hangs(start, number):
    server = await start(
        """
        async def hangs(app):
            yield
            print("hangs", flush=True)
            await asyncio.Event().wait()

        startmeup(port=0, providers=[hangs])
        """
    )
    await server.address()
    server.process.send_signal(signal.SIGTERM)
    await server.until("hangs")
    server.process.send_signal(signal.SIGTERM)
    while server.process.returncode is None:
        # One by one, and again where it came before the second was heard: a flood would keep the process from ending.
        server.process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.process.wait(), 1)
    assert server.process.returncode != 0


async def test_a_malformed_request_is_logged_as_one_short_line(start):
    server = await start(
        """
        import logging
        logging.basicConfig(level=logging.INFO)
        startmeup(port=0, access_log=None)
        """
    )
    _, port = await server.address()
    reader, writer = await send(port, b"GET http://[" + b"x" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    _, _, log = await server.finish(signal.SIGTERM)
    lines = [line for line in log.splitlines() if not line.startswith("INFO:asyncio:")]
    assert lines == ["INFO:aiohttp.server:a request was malformed: InvalidURLError"]


@pytest.mark.parametrize("port", [-1, 65536, 70000, "8080", None, 80.0])
def test_a_port_that_cannot_be_is_refused(port):
    with pytest.raises(ValueError, match="port must be a whole number from 0 to 65535"):
        startmeup(port=port)


async def test_a_failure_to_start_is_raised_after_what_started_has_stopped(start):
    server = await start(
        """
        async def broken(app):
            raise RuntimeError("no database")
            yield

        startmeup(port=0, providers=[provider, broken])
        """
    )
    status, printed, log = await server.finish()
    assert (status, printed) == (1, ["provider up", "provider down"])
    assert log.endswith("RuntimeError: no database\n")


async def test_a_port_in_use_is_an_error_that_names_it(start, unused_tcp_port_factory):
    port = unused_tcp_port_factory()
    holder = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with holder:
        server = await start(f"startmeup(port={port}, providers=[provider])")
        status, printed, log = await server.finish()
    assert (status, printed) == (1, ["provider up", "provider down"])
    assert re.search(rf"OSError: .*{port}.*in use", log)


async def test_it_serves_again_and_again_in_one_process(start):
    server = await start(
        """
        @get("/hello")
        async def hello(request):
            async with lease_http_client():
                return web.Response(text="hello")

        for _ in range(3):
            startmeup(port=0, providers=[provider, http_client_provider()])
        """
    )
    for _ in range(3):
        _, port = await server.address()
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/hello") as answer:
            assert await answer.text() == "hello"
        server.process.send_signal(signal.SIGTERM)
        await server.until("provider down")
    assert await server.finish() == (0, [], "")


async def test_an_ipv6_address_is_printed_in_brackets(start):
    server = await start("startmeup(port=0, host='::1')")
    host, _ = await server.address()
    assert host == "[::1]"
    assert await server.finish(signal.SIGTERM) == (0, [], "")


def test_it_refuses_a_thread_where_no_signal_arrives():
    caught = []

    def run():
        try:
            startmeup(port=0)
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert caught == ["startmeup runs in the main thread; elsewhere, serve build_app() with aiohttp.web.AppRunner"]


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_an_impossible_time_to_finish_is_refused(seconds):
    with pytest.raises(ValueError, match="shutdown_timeout must be more than 0 seconds"):
        startmeup(port=0, shutdown_timeout=seconds)


def test_the_port_is_required():
    with pytest.raises(TypeError, match="port"):
        startmeup()


async def test_the_tables_that_are_listed_are_served_and_printed(start):
    """Each route once, those of aiohttp's tables and its files last; the default table is not among them."""
    server = await start(
        SLOW
        + """
import pathlib
from ponty.core import Routes

table, theirs = Routes("/listed"), web.RouteTableDef()

@table.get("/{id}")
@table.post("/{id}")
@theirs.get("/theirs")
async def handler(request):
    return web.Response()

theirs.static("/files", pathlib.Path.cwd())
serve(routes=[table], route_tables=[theirs])
"""
    )
    await server.address()
    routes = [line for line in server.printed if " /" in line]
    assert routes == ["POST /listed/{id}", "GET /listed/{id}", "GET /theirs", "GET /files/{filename}"]
