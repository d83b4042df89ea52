"""Spans of requests and of what caches compute, as an exporter gets them."""

import asyncio
import io
import json
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

from ponty.core import (
    Fault,
    ValidationError,
    build_app,
    cache_events,
    current_request_id,
    get,
    http_client_provider,
    json_logs,
    lease_http_client,
    request_ids,
    tracing,
)
from ponty.core.logs.access_log import AccessLogger
from ponty.core.observability.tracing import current_tracer

PEER = "127.0.0.1"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "vendor=a"}


@pytest.fixture(autouse=True)
def mugs(routes):
    @get("/mugs/{colour}")
    async def mug(request: web.Request) -> web.Response:
        match request.match_info["colour"]:
            case "broken":
                raise LookupError("no such glaze")
            case "invalid":
                raise ValidationError(faults=[Fault("path", "colour", "is none")])
            case "busy":
                return web.Response(status=503)
        place = trace.get_current_span().get_span_context()
        return web.json_response([format_trace_id(place.trace_id), format_span_id(place.span_id), current_request_id()])


async def only(exporter):
    [span] = exporter.get_finished_spans()
    return span


@pytest.mark.parametrize(
    ("method", "path", "name", "attributes"),
    [
        ("GET", "/mugs/red?secret=a", "GET /mugs/{colour}", {"http.route": "/mugs/{colour}", "url.path": "/mugs/red"}),
        ("GET", "/nothing", "GET", {"url.path": "/nothing", "http.response.status_code": 404}),
        ("PROPFIND", "/mugs/red", "HTTP", {"http.request.method": "_OTHER", "http.response.status_code": 405}),
    ],
)
async def test_a_span_is_named_after_the_template_of_the_route(
    serve, exporter, provider, method, path, name, attributes
):
    client = await serve(middlewares=[tracing(tracer_provider=provider)])
    async with client.request(method, path, headers={"Authorization": "secret"}) as answer:
        await answer.read()
    span = await only(exporter)
    assert span.name == name
    assert span.kind is SpanKind.SERVER
    assert span.attributes.items() >= attributes.items()
    assert span.attributes.get("http.route") == attributes.get("http.route")
    assert "secret" not in span.to_json()
    assert span.status.status_code is StatusCode.UNSET


async def test_requests_of_one_connection_are_traces_of_their_own(serve, exporter, provider):
    client = await serve(middlewares=[tracing(tracer_provider=provider)])
    for _ in range(3):
        async with client.get("/mugs/red", headers=PARENT) as answer:
            trace_id, span_id, request_id = await answer.json()
        span = exporter.get_finished_spans()[-1]
        assert (trace_id, span_id) == (format_trace_id(span.context.trace_id), format_span_id(span.context.span_id))
        assert request_id == trace_id
        assert span.parent is None
    assert len({span.context.trace_id for span in exporter.get_finished_spans()} | {int(TRACE, 16)}) == 4


async def test_the_context_of_a_trusted_peer_is_taken_over(serve, exporter, provider):
    client = await serve(middlewares=[tracing(trusted=[PEER], tracer_provider=provider)])
    async with client.get("/mugs/red", headers=PARENT):
        pass
    span = await only(exporter)
    assert format_trace_id(span.context.trace_id) == TRACE
    assert format_span_id(span.parent.span_id) == CALLER
    assert span.context.trace_state["vendor"] == "a"


@pytest.mark.parametrize("headers", [{"traceparent": "00-0-0-0"}, [("traceparent", PARENT["traceparent"])] * 2])
async def test_a_context_that_is_none_begins_a_trace(serve, exporter, provider, headers):
    client = await serve(middlewares=[tracing(trusted=[PEER], tracer_provider=provider)])
    async with client.get("/mugs/red", headers=headers):
        pass
    assert (await only(exporter)).parent is None


@pytest.mark.parametrize(
    ("colour", "kind", "recorded"), [("broken", "LookupError", ["LookupError"]), ("busy", "503", [])]
)
async def test_an_error_of_the_server_is_recorded(serve, exporter, provider, colour, kind, recorded):
    client = await serve(middlewares=[tracing(tracer_provider=provider)])
    async with client.get(f"/mugs/{colour}") as answer:
        assert answer.status >= 500
    span = await only(exporter)
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["error.type"] == kind
    assert [event.attributes["exception.type"] for event in span.events] == recorded


async def test_an_error_of_the_client_is_none(serve, exporter, provider):
    client = await serve(middlewares=[tracing(tracer_provider=provider)])
    async with client.get("/mugs/invalid") as answer:
        assert answer.status == 400
    span = await only(exporter)
    assert span.status.status_code is StatusCode.UNSET
    assert not span.events


async def test_a_span_ends_where_its_request_is_cancelled(exporter, provider):
    middleware = tracing(tracer_provider=provider)
    here = asyncio.Event()

    @get("/slow")
    async def slow(request: web.Request) -> web.Response:
        here.set()
        await asyncio.Event().wait()

    runner = web.AppRunner(build_app(middlewares=[middleware]), handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    await here.wait()
    writer.close()
    while not exporter.get_finished_spans():
        await asyncio.sleep(0)
    assert (await only(exporter)).attributes["error.type"] == "CancelledError"
    await runner.cleanup()


@pytest.mark.parametrize("is_first", [True, False])
async def test_ids_logs_and_spans_say_the_same(serve, exporter, provider, is_first):
    middlewares = [tracing(trusted=[PEER], tracer_provider=provider), request_ids(trusted=[PEER])]
    lines = io.StringIO()
    handler = json_logs(stream=lines, loggers=("of.tests",))
    client = await serve(middlewares=middlewares if is_first else middlewares[::-1])

    @get("/logged")
    async def logged(request: web.Request) -> web.Response:
        logging.getLogger("of.tests").info("here")
        AccessLogger(logging.getLogger("of.tests"), "").log(request, web.Response(), 0)
        return web.Response()

    client = await serve(middlewares=middlewares if is_first else middlewares[::-1])
    async with client.get("/logged", headers=PARENT | {"X-Request-ID": "order-7"}) as answer:
        assert answer.headers["X-Request-ID"] == "order-7"
    logging.getLogger("of.tests").removeHandler(handler)
    span = await only(exporter)
    for line in lines.getvalue().splitlines():
        assert {"request_id": "order-7", "trace_id": TRACE}.items() <= json.loads(line).items()
    assert len(lines.getvalue().splitlines()) == 2
    assert format_trace_id(span.context.trace_id) == TRACE


async def test_calls_of_the_shared_client_go_on_from_the_current_span(serve, exporter, provider):
    seen = []

    async def other(request: web.Request) -> web.Response:
        seen.append(request.headers)
        return web.Response()

    elsewhere = web.Application()
    elsewhere.router.add_get("/", other)
    async with TestServer(elsewhere) as server:

        @get("/call")
        async def call(request: web.Request) -> web.Response:
            async with lease_http_client() as session:
                async with session.get(server.make_url("/")):
                    pass
                with provider.get_tracer("of.tests").start_as_current_span("inner"):
                    async with session.get(server.make_url("/")):
                        pass
            return web.Response()

        client = await serve(
            middlewares=[tracing(tracer_provider=provider), request_ids()], providers=[http_client_provider()]
        )
        async with client.get("/call") as answer:
            request_id = answer.headers["X-Request-ID"]
    inner, outer = exporter.get_finished_spans()
    trace_id = format_trace_id(outer.context.trace_id)
    assert [headers["traceparent"].rpartition("-")[0] for headers in seen] == [
        f"00-{trace_id}-{format_span_id(span.context.span_id)}" for span in (outer, inner)
    ]
    assert {headers["X-Request-ID"] for headers in seen} == {request_id} == {trace_id}


async def test_without_an_sdk_nothing_is_different(serve):
    client = await serve(middlewares=[tracing(tracer_provider=trace.NoOpTracerProvider()), request_ids()])
    async with client.get("/mugs/red") as answer:
        assert (await answer.json())[2] == answer.headers["X-Request-ID"]


class Computation:
    """Stands for one."""


async def computed(*, computation, gate=None, error=None):
    """Be the task of a computation."""
    cache_events.__ponty_computation__("price", "miss", computation)
    if gate is not None:
        await gate.wait()
    if error is not None:
        try:
            raise error
        except type(error):
            cache_events.__ponty_computation__("price", "failure", computation)


@pytest.fixture
def tracer(provider):
    """Have an application that traces, and its tracer."""
    tracing(tracer_provider=provider)
    return provider.get_tracer("of.tests")


async def test_a_computation_is_a_child_of_who_began_it_and_has_a_link_to_who_joined(exporter, tracer):
    current_tracer.set(tracer)
    computation, gate = Computation(), asyncio.Event()
    with tracer.start_as_current_span("early") as early:
        cache_events.__ponty_computation__("price", "join", computation)
    with tracer.start_as_current_span("first") as first:
        task = asyncio.create_task(computed(gate=gate, computation=computation))
        await asyncio.sleep(0)
    with tracer.start_as_current_span("second") as second:
        cache_events.__ponty_computation__("price", "join", computation)
    gate.set()
    await task
    await asyncio.sleep(0)
    span = exporter.get_finished_spans()[-1]
    assert span.name == "cache price"
    assert span.parent.span_id == first.get_span_context().span_id
    assert [link.context.span_id for link in span.links] == [
        other.get_span_context().span_id for other in (early, second)
    ]


async def test_a_failed_computation_is_an_error_with_its_exception(exporter, tracer):
    current_tracer.set(tracer)
    await asyncio.create_task(computed(computation=Computation(), error=LookupError("x")))
    await asyncio.sleep(0)
    span = await only(exporter)
    assert span.status.status_code is StatusCode.ERROR
    assert span.events[0].attributes["exception.type"] == "LookupError"


async def test_two_applications_that_trace_make_one_span_of_a_computation(exporter, tracer):
    tracing()
    current_tracer.set(tracer)
    await asyncio.create_task(computed(computation=Computation()))
    await asyncio.sleep(0)
    await only(exporter)


async def test_a_computation_outside_of_requests_is_the_program_s(exporter, tracer):
    current_tracer.set(None)
    await asyncio.create_task(computed(computation=Computation()))
    assert not exporter.get_finished_spans()
