"""Websockets: what is said, what is refused, and every way in which a conversation ends."""

import asyncio
import base64
import dataclasses
import json

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError, web

from ponty.core import Hub, app_runner, build_app, get
from ponty.core import websocket as route_websocket
from ponty.request import (
    BearerToken,
    PosIntQueryParameter,
    Request,
    Scoped,
    Socket,
    SocketClosed,
    StringRouteParameter,
    accept_socket,
    expect,
)
from ponty.request.sockets import conversation

TOO_LONG = 60


@dataclasses.dataclass
class Say:
    text: str
    times: int = 1


@dataclasses.dataclass
class Said:
    text: str


@dataclasses.dataclass
class Secret(Said):
    secret: str = "1234"


class Served:
    """The routes behind a socket, and clients of them."""

    async def __aenter__(self):
        self.runner = app_runner(build_app(), access_log=None, shutdown_timeout=20)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.host = f"127.0.0.1:{self.runner.addresses[0][1]}"
        self.session = ClientSession(f"http://{self.host}")
        return self

    async def __aexit__(self, *exc):
        await self.session.close()
        await self.runner.cleanup()

    def connect(self, path="/", **options):
        return self.session.ws_connect(path, **options)


async def closed(client):
    """Return the code of the close, after whatever else came."""
    async with asyncio.timeout(TOO_LONG):
        async for _ in client:
            pass
    return client.close_code


def echo(path="/", **options):
    """Serve what says everything again, and note how it ends."""
    ends = []

    @route_websocket(path)
    @accept_socket(Say, Said, **options)
    async def handler(socket: Socket[Say, Said], request: web.Request) -> None:
        try:
            async for message in socket:
                for _ in range(message.times):
                    await socket.send(Secret(message.text))
            ends.append("iterated")
        except BaseException as error:
            ends.append(type(error).__name__)
            raise

    return ends


async def test_messages_are_read_and_written_by_their_types():
    """What a message has beyond its type is not sent."""
    ends = echo()
    async with Served() as served:
        async with served.connect() as client:
            await client.send_json({"text": "hé", "times": 2})
            assert [await client.receive_json() for _ in range(2)] == [{"text": "hé"}] * 2
            await client.close()
        assert client.close_code == 1000
    assert ends == ["iterated"]


BAD = [
    ("{", "", "is not valid JSON"),
    ("", "", "is empty, not JSON"),
    ("[]", "", "is not of type 'object'"),
    ('{"text": 1}', "/text", "is not of type 'string'"),
    ('{"text": "a", "more": 1}', "/more", "additional properties are not allowed"),
]


@pytest.mark.parametrize(("text", "pointer", "detail"), BAD)
async def test_a_bad_message_is_answered_by_what_is_wrong_with_it(text, pointer, detail):
    """It repeats nothing, the handler does not see it, and the conversation goes on."""
    echo()
    async with Served() as served, served.connect() as client:
        await client.send_str(text)
        problem = await client.receive_json()
        assert (problem["status"], problem["title"]) == (400, "Bad Request")
        (error,) = problem["errors"]
        assert (error["in"], error["pointer"]) == ("message", pointer)
        assert error["detail"] == detail
        assert error["code"]
        await client.send_json({"text": "a"})
        assert await client.receive_json() == {"text": "a"}


async def test_a_bad_message_may_close_instead():
    ends = echo(invalid="close")
    async with Served() as served, served.connect() as client:
        await client.send_str('{"text": "before"}')
        assert await client.receive_json() == {"text": "before"}
        await client.send_str("{")
        assert await closed(client) == 1007
    assert ends == ["iterated"]


CLOSES = [
    ({}, lambda client: client.send_bytes(b"{}"), 1003),
    ({"max_size": 10}, lambda client: client.send_str('"' + "a" * 20 + '"'), 1009),
    ({"rate": 1}, lambda client: asyncio.gather(*[client.send_str("{}") for _ in range(3)]), 1008),
]


@pytest.mark.parametrize(("options", "act", "code"), CLOSES, ids=["no text", "too large", "too many"])
async def test_what_no_client_may_send_closes(options, act, code):
    ends = echo(**options)
    async with Served() as served, served.connect() as client:
        await act(client)
        assert await closed(client) == code
    assert len(ends) == 1


class Room(Request):
    room = StringRouteParameter()
    token = BearerToken()
    since = PosIntQueryParameter(default=0)


def rooms():
    @route_websocket(f"/rooms/{Room.room}")
    @expect(Room)
    @accept_socket(Say, list[object])
    async def talk(socket: Socket[Say, list[object]], since: int, room: str, token: str) -> None:
        await socket.send([room, since, token])


REFUSED = [
    ("/rooms/a", {}, 401),
    ("/rooms/a?since=x", {"Authorization": "Bearer a"}, 400),
    ("/rooms/!", {"Authorization": "Bearer a"}, 404),
    ("/rooms/a", {"Authorization": "Bearer a", "Origin": "http://evil.example"}, 403),
    ("/rooms/a", {"Authorization": "Bearer a", "Origin": "null"}, 403),
]


@pytest.mark.parametrize(("path", "headers", "status"), REFUSED)
async def test_a_request_that_is_refused_gets_no_websocket(path, headers, status):
    """Fields and guards come first; the answer is a problem document, and the connection goes on."""
    rooms()
    async with Served() as served:
        with pytest.raises(WSServerHandshakeError) as refused:
            await served.connect(path, headers=headers)
        assert refused.value.status == status
        assert refused.value.headers["Content-Type"] == "application/problem+json"


async def test_a_handler_takes_its_fields_beside_the_socket():
    rooms()
    async with Served() as served:
        options = {"headers": {"Authorization": "Bearer a"}}
        async with served.connect("/rooms/blue?since=3", **options) as client:
            assert await client.receive_json() == ["blue", 3, "a"]
            assert await closed(client) == 1000


async def test_what_asks_for_no_websocket_is_told_what_this_is():
    echo()
    async with Served() as served:
        for method, status in [("GET", 426), ("HEAD", 426), ("POST", 405)]:
            async with served.session.request(method, "/") as answer:
                assert answer.status == status
        async with served.session.get("/") as answer:
            assert answer.headers["Upgrade"] == "websocket"
            assert answer.content_type == "application/problem+json"


KEY = base64.b64encode(bytes(16)).decode()
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Key": "no base64!"}, 400),
        ({"Upgrade": "h2c"}, 426),
    ],
)
async def test_a_handshake_that_is_none(headers, status):
    echo()
    async with Served() as served, served.session.get("/", headers=UPGRADE | headers) as answer:
        assert answer.status == status
        assert (await answer.json(content_type="application/problem+json"))["status"] == status


ORIGINS = [
    ((), "http://{host}", True),
    ((), "http://other.example", False),
    ((), "http://{host}.evil.example", False),
    ((), "http://127.0.0.1:1", False),
    ((), "http://[", False),
    ((), "null", False),
    (["https://app.example"], "https://app.example", True),
    (["https://app.example"], "http://app.example", False),
    (["https://app.example"], "https://app.example.evil", False),
    (["*"], "http://other.example", True),
]


@pytest.mark.parametrize(("origins", "origin", "may"), ORIGINS)
async def test_a_page_of_another_origin_opens_nothing(origins, origin, may):
    echo(origins=origins)
    async with Served() as served:
        headers = UPGRADE | {"Origin": origin.format(host=served.host)}
        async with served.session.get("/", headers=headers) as answer:
            assert answer.status == (101 if may else 403)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"origins": "https://a.example"}, TypeError, "origins must be a list"),
        ({"origins": ["https://a.example/"]}, ValueError, "an origin must be a scheme"),
        ({"origins": ["a.example"]}, ValueError, "an origin must be a scheme"),
        ({"invalid": "drop"}, ValueError, "invalid is 'answer' or 'close'"),
        ({"max_size": 0}, ValueError, "max_size must be more than 0"),
        ({"rate": 0}, ValueError, "rate must be more than 0"),
        ({"heartbeat": -1}, ValueError, "heartbeat must be more than 0"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        accept_socket(Say, Said, **options)


def test_a_handler_is_a_coroutine_function_that_takes_a_socket_and_its_fields():
    with pytest.raises(TypeError, match="is not a coroutine function"):
        accept_socket(Say, Said)(lambda socket: None)
    with pytest.raises(TypeError, match="must take the socket as its first argument"):

        @accept_socket(Say, Said)
        async def nothing() -> None: ...

    with pytest.raises(TypeError, match="the handler takes 'rom', the request has 'room'"):

        @expect(Room)
        @accept_socket(Say, Said)
        async def misnamed(socket: Socket[Say, Said], rom: str, token: str, since: int) -> None: ...

    with pytest.raises(TypeError, match="the handler takes 'since' as str, the request has it as int"):

        @expect(Room)
        @accept_socket(Say, Said)
        async def mistyped(socket: Socket[Say, Said], room: str, token: str, since: str) -> None: ...


async def test_a_failure_is_logged_once_and_closes_with_1011(caplog):
    @route_websocket("/")
    @accept_socket(Say, Said)
    async def fails(socket: Socket[Say, Said], request: web.Request) -> None:
        await socket.send(Said("before"))
        raise ValueError("a secret")

    async with Served() as served, served.connect() as client:
        assert await client.receive_json() == {"text": "before"}
        message = await client.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 1011, "")
    (record,) = [record for record in caplog.records if record.name == "ponty.core"]
    assert record.exc_info[0] is ValueError


async def test_a_program_closes_with_a_code_and_a_reason():
    @route_websocket("/")
    @accept_socket(Say, Said)
    async def closes(socket: Socket[Say, Said], request: web.Request) -> None:
        await socket.send(Said("before"))
        socket.close(4001, "no more rooms")
        assert socket.is_over
        with pytest.raises(SocketClosed):
            await socket.send(Said("after"))
        for code, reason in [(1005, ""), (999, ""), (5000, ""), (1000, "x" * 124)]:
            with pytest.raises(ValueError, match="a websocket closes with|the reason of a close"):
                socket.close(code, reason)

    async with Served() as served, served.connect() as client:
        assert await client.receive_json() == {"text": "before"}
        message = await client.receive()
        assert (message.data, message.extra) == (4001, "no more rooms")


async def test_a_stop_closes_with_1001_also_whoever_does_not_listen(caplog):
    ends = echo("/listens")

    @route_websocket("/deaf")
    @accept_socket(Say, Said)
    async def deaf(socket: Socket[Say, Said], request: web.Request) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("deaf")

    async with Served() as served:
        clients = [await served.connect(path) for path in ("/listens", "/deaf")]
        await clients[0].send_json({"text": "a"})
        await clients[0].receive_json()
        codes = asyncio.gather(*map(closed, clients))
        await served.runner.cleanup()
        assert await codes == [1001, 1001]
    assert sorted(ends) == ["deaf", "iterated"]
    assert not caplog.records


async def test_a_client_that_is_cut_off_ends_the_iteration():
    ends = echo()
    async with Served() as served:
        client = await served.connect()
        await client.send_json({"text": "a"})
        await client.receive_json()
        client._response.connection.transport.abort()
        async with asyncio.timeout(TOO_LONG):
            while not ends:
                await asyncio.sleep(0)
    assert ends == ["iterated"]


async def test_what_a_client_said_before_it_left_is_still_heard():
    heard = []

    @route_websocket("/")
    @accept_socket(int, int)
    async def listens(socket: Socket[int, int], request: web.Request) -> None:
        async for number in socket:
            await asyncio.sleep(0.01)
            heard.append(number)

    async with Served() as served, served.connect() as client:
        for number in range(5):
            await client.send_str(str(number))
        await client.close()
    assert heard == [0, 1, 2, 3, 4]


async def test_a_client_that_does_not_read_stops_whoever_sends_and_is_cut_off(monkeypatch):
    """Memory is bounded: the queue, and the buffers of the connection."""
    sent = 0

    @route_websocket("/")
    @accept_socket(Say, str)
    async def talks(socket: Socket[Say, str], request: web.Request) -> None:
        nonlocal sent
        while True:
            await socket.send("x" * 10_000)
            sent += 1

    async with Served() as served:
        client = await served.connect()
        client._response.connection.transport.pause_reading()
        before = -1
        while sent != before or not sent:
            before = sent
            for _ in range(2000):
                await asyncio.sleep(0)
        server = served.runner.server
        (connection,) = server.connections
        assert connection.transport.get_write_buffer_size() < 2**20
        async with asyncio.timeout(TOO_LONG):
            await served.runner.cleanup()  # which the client cannot hold up
        assert not server.connections


async def test_a_handler_that_does_not_end_is_cancelled(monkeypatch):
    monkeypatch.setattr(conversation, "HANDLER_SECONDS", 0.05)
    ends = []

    @route_websocket("/")
    @accept_socket(Say, Said)
    async def deaf(socket: Socket[Say, Said], request: web.Request) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async with Served() as served:
        async with served.connect() as client:
            await client.close()
        async with asyncio.timeout(TOO_LONG):
            while not ends:
                await asyncio.sleep(0)
    assert ends == ["cancelled"]


async def test_what_others_say_is_sent_while_a_client_is_listened_to():
    hub = Hub()

    @route_websocket("/")
    @accept_socket(str, str)
    async def chat(socket: Socket[str, str], request: web.Request) -> None:
        async with hub.subscribe() as heard, socket.sending(heard):
            async for message in socket:
                hub.publish(message)

    async with Served() as served:
        async with served.connect() as ann, served.connect() as bea:
            while len(hub) < 2:
                await asyncio.sleep(0)
            await ann.send_str('"hello"')
            await bea.send_str('"hi"')
            for client in (ann, bea):
                assert {await client.receive_json() for _ in range(2)} == {"hello", "hi"}
        while len(hub):
            await asyncio.sleep(0)


async def test_a_client_that_is_too_slow_for_a_hub_is_closed_and_no_other():
    hub = Hub()

    @route_websocket("/")
    @accept_socket(str, str)
    async def follow(socket: Socket[str, str], request: web.Request) -> None:
        async with hub.subscribe(backlog=3) as heard, socket.sending(heard):
            async for _ in socket:
                pass

    async with Served() as served:
        async with served.connect() as slow:
            while not len(hub):
                await asyncio.sleep(0)
            for number in range(10):  # at once: nobody can take these in between
                hub.publish(str(number))
            received = [await slow.receive_json() for _ in range(3)]
            message = await slow.receive()
        assert received == ["0", "1", "2"]
        assert (message.data, message.extra) == (1013, "too slow")


async def test_an_error_of_what_others_say_is_an_error_of_the_handler(caplog):
    async def fails():
        yield "a"
        raise ValueError("no more")

    @route_websocket("/")
    @accept_socket(str, str)
    async def follow(socket: Socket[str, str], request: web.Request) -> None:
        async with socket.sending(fails()):
            async for _ in socket:
                pass

    async with Served() as served, served.connect() as client:
        assert await client.receive_json() == "a"
        assert await closed(client) == 1011
    (record,) = [record for record in caplog.records if record.name == "ponty.core"]
    assert record.exc_info[0] is ValueError


async def test_a_scope_is_open_as_long_as_the_conversation():
    steps = []

    async def session(request):
        steps.append("open")
        yield "session"
        steps.append("left")

    class Talk(Request):
        db = Scoped(session)

    @route_websocket("/")
    @expect(Talk)
    @accept_socket(str, str)
    async def talk(socket: Socket[str, str], db: str) -> None:
        steps.extend([message async for message in socket])

    async with Served() as served, served.connect() as client:
        await client.send_str('"hello"')
        await client.close()
    assert steps == ["open", "hello", "left"]


async def test_a_subprotocol_is_chosen():
    chosen = []

    @route_websocket("/")
    @accept_socket(str, str, protocols=["v2", "v1"], compress=True)
    async def talk(socket: Socket[str, str], request: web.Request) -> None:
        chosen.append(socket.protocol)

    async with Served() as served, served.connect(protocols=["v1"]) as client:
        assert client.protocol == "v1"
        await closed(client)
    assert chosen == ["v1"]


async def test_subprotocols_that_nobody_speaks_are_not_logged(caplog):
    """A page that cannot set a header puts its token there, and a stranger 8 KB of whatever it likes."""
    echo()
    async with Served() as served, served.connect(protocols=["s3cr3t"] * 500) as client:
        await client.send_json({"text": "hello"})
        assert await client.receive_json() == {"text": "hello"}
        assert client.protocol is None
    assert "s3cr3t" not in caplog.text


async def test_a_ping_that_is_not_answered_ends_the_conversation():
    ends = echo(heartbeat=0.05)
    async with Served() as served:
        client = await served.connect(autoping=False)
        async with asyncio.timeout(TOO_LONG):
            while not ends:
                await asyncio.sleep(0.01)
        await client.close()
    assert ends == ["iterated"]


async def test_a_plain_route_stands_beside_a_websocket():
    echo("/ws")

    @get("/")
    async def plain(request: web.Request) -> web.Response:
        return web.json_response(json.dumps("plain"))

    async with Served() as served, served.session.get("/") as answer:
        assert answer.status == 200
