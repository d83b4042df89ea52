"""One name for a request: in its answer, in the log, and in the calls that it leads to."""

import asyncio
import logging
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from ponty.core import (
    DoesNotExist,
    build_app,
    current_request_id,
    get,
    http_client_provider,
    lease_http_client,
    post,
    raise_status,
    request_ids,
    trusted_proxies,
)
from ponty.core.logs.access_log import AccessLogger
from ponty.core.observability.trace_context import told_identity

PEER = "127.0.0.1"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def show(routes):
    @get("/id")
    async def show(request: web.Request) -> web.Response:
        return web.json_response([current_request_id(), await asyncio.create_task(in_a_task())])

    async def in_a_task():
        return current_request_id()

    @get("/stream")
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(current_request_id().encode())
        return answer

    @get("/missing")
    async def missing(request: web.Request) -> web.Response:
        raise DoesNotExist

    @get("/own")
    async def own(request: web.Request) -> web.Response:
        raise_status(409, body={"error": "taken"})

    @get("/headed")
    async def headed(request: web.Request) -> web.Response:
        raise DoesNotExist(headers={"X-A": "b"})

    @get("/broken")
    async def broken(request: web.Request) -> web.Response:
        raise ValueError

    @post("/body")
    async def body(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())


async def test_the_handler_its_tasks_and_the_answer_have_the_same_id(serve):
    client = await serve(middlewares=[request_ids()])
    ids = set()
    for _ in range(3):  # over one connection
        async with client.get("/id") as answer:
            told = answer.headers["X-Request-ID"]
            assert await answer.json() == [told, told]
            assert re.fullmatch("[0-9a-f]{32}", told)
            ids.add(told)
    assert len(ids) == 3
    assert current_request_id() is None


async def test_a_stream_has_it_too(serve):
    client = await serve(middlewares=[request_ids()])
    async with client.get("/stream") as answer:
        assert await answer.text() == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("path", "status"), [("/missing", 404), ("/headed", 404), ("/nothing", 404), ("/body", 405), ("/broken", 500)]
)
async def test_a_problem_document_names_it(serve, path, status):
    client = await serve(middlewares=[request_ids()])
    async with client.get(path) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
        document = await answer.json()
    assert document.pop("request_id") == answer.headers["X-Request-ID"]
    assert (document["type"], document["status"]) == ("about:blank", status)


async def test_a_document_of_a_program_s_own_is_left_alone(serve):
    client = await serve(middlewares=[request_ids()])
    async with client.get("/own") as answer:
        assert await answer.json() == {"error": "taken"}


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ("abc-123_x.y~z+/=:", True),
        ("A" * 128, True),
        ("A" * 129, False),
        ("", False),
        ("a b", False),
        ('a"b', False),
        ("a,b", False),
        ("ä", False),
        ("-abc", False),
        ("${jndi:ldap}", False),
        ("<script>", False),
    ],
)
async def test_an_id_of_a_trusted_peer_is_taken_over_if_it_is_a_short_name(serve, told, taken):
    client = await serve(middlewares=[request_ids(trusted=[PEER])])
    async with client.get("/id", headers={"X-Request-ID": told}) as answer:
        assert (answer.headers["X-Request-ID"] == told) is taken
        assert (await answer.json())[0] == answer.headers["X-Request-ID"]


async def test_two_ids_are_none(serve):
    client = await serve(middlewares=[request_ids(trusted=[PEER])])
    async with client.get("/id", headers=[("X-Request-ID", "a"), ("X-Request-ID", "b")]) as answer:
        assert answer.headers["X-Request-ID"] not in {"a", "b", "a, b"}


async def test_a_stranger_s_id_is_not_taken_over(serve):
    client = await serve(middlewares=[request_ids(trusted=["10.0.0.0/8"])])
    async with client.get("/id", headers={"X-Request-ID": "mine", "traceparent": PARENT}) as answer:
        assert answer.headers["X-Request-ID"] not in {"mine", TRACE}


async def test_who_is_trusted_is_told_by_the_connection_not_by_a_header(serve):
    middlewares = [trusted_proxies(PEER), request_ids(trusted=["10.0.0.1"])]
    client = await serve(middlewares=middlewares)
    async with client.get("/id", headers={"X-Request-ID": "mine", "X-Forwarded-For": "10.0.0.1"}) as answer:
        assert answer.headers["X-Request-ID"] != "mine"


@pytest.mark.parametrize(
    ("parent", "taken"),
    [
        (PARENT, True),
        (f"01-{TRACE}-00f067aa0ba902b7-01-more", True),
        (f"cc-{TRACE}-00f067aa0ba902b7-01", True),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE}-00f067aa0ba902b7-01-more", False),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", False),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE}-00f067aa0ba902b7", False),
        (f"00-{TRACE[1:]}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE}-00f067aa0ba902b7-0g", False),
        ("", False),
        ("00", False),
    ],
)
async def test_a_trace_of_a_trusted_peer_goes_on(serve, parent, taken):
    client = await serve(middlewares=[request_ids(trusted=[PEER])])
    async with client.get("/id", headers={"traceparent": parent}) as answer:
        assert (answer.headers["X-Request-ID"] == TRACE) is taken


@pytest.fixture
async def upstream(aiohttp_server):
    """Serve the headers of each request."""

    async def echo(request):
        return web.json_response(dict(request.headers))

    app = web.Application()
    app.router.add_get("/", echo)
    return await aiohttp_server(app)


@pytest.mark.parametrize(
    ("state", "sent"), [("vendor=a", "vendor=a"), (None, None), ("v=" + "a" * 600, None), ("v=\u00e4", None)]
)
async def test_the_shared_client_sends_it_along(serve, upstream, state, sent):
    @get("/call")
    async def call(request: web.Request) -> web.Response:
        async with lease_http_client() as session, session.get(upstream.make_url("/")) as answer:
            return web.json_response(await answer.json())

    client = await serve(middlewares=[request_ids(trusted=[PEER])], providers=[http_client_provider()])
    headers = {"X-Request-ID": "order-7", "traceparent": PARENT} | ({"tracestate": state} if state else {})
    async with client.get("/call", headers=headers) as answer:
        seen = await answer.json()
    assert seen["X-Request-ID"] == "order-7"
    version, trace, span, flags = seen["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert span != "00f067aa0ba902b7"
    assert seen.get("tracestate") == sent


async def test_a_call_s_own_id_stays_and_outside_of_requests_there_is_none(upstream):
    runner = web.AppRunner(build_app(middlewares=[request_ids()], providers=[http_client_provider()]))
    await runner.setup()
    async with lease_http_client() as session, session.get(upstream.make_url("/")) as answer:
        assert not {"X-Request-ID", "traceparent"} & (await answer.json()).keys()

    @get("/own-id")
    async def own(request: web.Request) -> web.Response:
        async with (
            lease_http_client() as session,
            session.get(upstream.make_url("/"), headers={"x-request-id": "mine"}) as answer,
        ):
            return web.json_response(await answer.json())

    await runner.cleanup()
    app = build_app(middlewares=[request_ids()], providers=[http_client_provider()])
    async with TestServer(app) as server:
        import aiohttp

        async with aiohttp.ClientSession() as session, session.get(server.make_url("/own-id")) as answer:
            seen = await answer.json()
    assert [value for name, value in seen.items() if name.lower() == "x-request-id"] == ["mine"]


@pytest.mark.parametrize("proxied", [False, True])
async def test_log_lines_have_it(caplog, proxied):
    middlewares = [*([trusted_proxies(PEER)] if proxied else []), request_ids()]
    runner = web.AppRunner(build_app(middlewares=middlewares), access_log_class=AccessLogger)
    await runner.setup()
    await web.TCPSite(runner, PEER, 0).start()
    with caplog.at_level(logging.INFO):
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(b"GET /broken HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n")
        answer = await reader.read()
        writer.close()
    await runner.cleanup()
    told = re.search(rb"X-Request-ID: (\w+)", answer)[1].decode()
    records = {record.name: record for record in caplog.records if record.name in {"ponty.core", "aiohttp.access"}}
    assert {name: record.request_id for name, record in records.items()} == {"ponty.core": told, "aiohttp.access": told}
    assert records["aiohttp.access"].getMessage().endswith(f" {told}")
    assert records["aiohttp.access"].getMessage().startswith("203.0.113.7 " if proxied else f"{PEER} ")


def test_a_record_of_no_request_has_a_dash(caplog):
    request_ids()
    request_ids()
    logging.getLogger("ponty.core").error("alone")
    assert [record.request_id for record in caplog.records] == ["-"]


def test_addresses_are_checked():
    with pytest.raises(ValueError, match="request_ids: 'proxy' is not an address"):
        request_ids(trusted=["proxy"])
    with pytest.raises(TypeError, match=r"request_ids takes a list of addresses and networks, such as \['127.0.0.1'\]"):
        request_ids(trusted=PEER)


@given(st.lists(st.text()), st.lists(st.text()), st.lists(st.text()))
def test_any_headers_give_an_identity_that_can_be_sent(ids, parents, states):
    from aiohttp.test_utils import make_mocked_request
    from multidict import CIMultiDict

    headers = CIMultiDict(
        [("X-Request-ID", text) for text in ids]
        + [("traceparent", text) for text in parents]
        + [("tracestate", text) for text in states]
    )
    identity = told_identity(make_mocked_request("GET", "/", headers=headers))
    for value in identity.headers().values():
        assert re.fullmatch(r"[\x20-\x7e]{1,600}", value)
