"""What Prometheus is told."""

import asyncio
import gc
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from ponty.core import (
    Fault,
    Limits,
    PontyError,
    Routes,
    ValidationError,
    build_app,
    cache_events,
    cors,
    get,
    metrics,
    post,
    render_events,
    routes,
    tracing,
)
from ponty.core.observability import metrics as metrics_module
from ponty.core.responses.plain_response import PlainResponse

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from serving import Served, rest, until

COUNT = "http_server_request_duration_seconds_count"


@pytest.fixture(autouse=True)
def mugs():
    @get("/mugs/{colour}")
    async def mug(request: web.Request) -> web.Response:
        if request.match_info["colour"] == "broken":
            raise ValueError
        return web.Response()


@pytest.fixture
def registry():
    return CollectorRegistry()


async def samples(client, name, path="/metrics"):
    """Scrape, and give the samples of a name by their labels."""
    async with client.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        families = text_string_to_metric_families(await answer.text())
    found = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(value for _, value in sorted(sample.labels.items())): sample.value for sample in found}


async def test_requests_are_counted_by_the_template_of_their_route(serve, registry):
    client = await serve(routes=[routes, metrics(registry=registry)])
    for method, path in [
        ("GET", "/mugs/red"),
        ("GET", "/mugs/blue?a=b"),
        ("HEAD", "/mugs/red"),
        ("GET", "/mugs/broken"),
        ("GET", "/nothing"),
        ("GET", "/nothing/else"),
        ("PUT", "/mugs/red"),
        ("PROPFIND", "/mugs/red"),
    ]:
        async with client.request(method, path) as answer:
            await answer.read()
    assert await samples(client, COUNT) == {
        ("GET", "200", "/mugs/{colour}"): 2,
        ("HEAD", "200", "/mugs/{colour}"): 1,
        ("GET", "500", "/mugs/{colour}"): 1,
        ("GET", "404", "(no route)"): 2,
        ("PUT", "405", "(no route)"): 1,
        ("_OTHER", "405", "(no route)"): 1,
    }
    assert (await samples(client, COUNT))["GET", "200", "/metrics"] == 1


async def test_a_client_that_leaves_a_stream_is_no_error_of_the_server(registry, provider, exporter):
    """Every page that is closed ends its stream so; neither metrics nor spans take it for a failure."""

    @get("/news")
    @render_events
    async def news(request: web.Request) -> AsyncIterator[str]:
        yield "first"
        await asyncio.Event().wait()

    app = build_app(routes=[routes, metrics(registry=registry)], middlewares=[tracing(tracer_provider=provider)])
    async with Served(app) as served:
        reader, writer = await served.send(b"GET /news HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"first")
        writer.transport.abort()
        await until(lambda: not served.server.connections)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{served.port}") as client:
            assert await samples(client, COUNT) == {("GET", "499", "/news"): 1}
    span, *_ = exporter.get_finished_spans()
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET /news", 499)
    assert span.status.is_unset
    assert not span.events


async def test_a_stream_that_fails_is_an_error_of_the_server(registry):
    """As its client is still there."""

    @get("/news")
    @render_events
    async def news(request: web.Request) -> AsyncIterator[str]:
        yield "first"
        raise ValueError

    async with Served(build_app(routes=[routes, metrics(registry=registry)])) as served:
        reader, _ = await served.send(b"GET /news HTTP/1.1\r\nHost: a\r\n\r\n")
        await rest(reader)
        await until(lambda: not served.server.connections)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{served.port}") as client:
            assert await samples(client, COUNT) == {("GET", "500", "/news"): 1}


async def test_a_thousand_paths_make_one_series(serve, registry):
    client = await serve(routes=[routes, metrics(registry=registry)])
    for number in range(1000):
        async with client.get(f"/{number}/x") as answer:
            assert answer.status == 404
    assert await samples(client, COUNT) == {("GET", "404", "(no route)"): 1000}


async def test_how_many_handlers_run(serve, registry):
    gate, here = asyncio.Event(), asyncio.Event()

    @get("/slow")
    async def slow(request: web.Request) -> web.Response:
        here.set()
        await gate.wait()
        return web.Response()

    client = await serve(routes=[routes, metrics(registry=registry)])
    asking = asyncio.create_task(client.get("/slow"))
    await here.wait()
    assert await samples(client, "http_server_active_requests") == {(): 2}
    gate.set()
    (await asking).release()
    assert await samples(client, "http_server_active_requests") == {(): 1}


async def test_a_program_s_own_metrics_are_told_too(serve, registry):
    Counter("mugs_sold", "Mugs sold.", registry=registry).inc(3)
    client = await serve(routes=[metrics(registry=registry, path="/_/metrics")])
    assert await samples(client, "mugs_sold_total", "/_/metrics") == {(): 3}


async def test_what_other_middlewares_answer_is_counted(serve, registry):
    client = await serve(routes=[routes, metrics(registry=registry)], middlewares=[cors(["https://shop.example"])])
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    async with client.options("/mugs/red", headers=headers) as answer:
        assert answer.status == 403
    assert await samples(client, COUNT) == {("OPTIONS", "403", "(no route)"): 1}


async def test_two_applications_of_one_registry_are_told_together(serve):
    clients = [await serve(routes=[routes, metrics()]) for _ in range(2)]
    before = (await samples(clients[0], COUNT)).get(("GET", "200", "/mugs/{colour}"), 0)
    for client in clients:
        async with client.get("/mugs/red"):
            pass
    assert (await samples(clients[1], COUNT))["GET", "200", "/mugs/{colour}"] == before + 2


async def test_a_table_that_is_included_measures_as_well(serve, registry):
    table = Routes("/v1")
    table.include(metrics(registry=registry))
    client = await serve(routes=[table])
    await samples(client, COUNT, "/v1/metrics")
    assert await samples(client, COUNT, "/v1/metrics") == {("GET", "200", "/v1/metrics"): 1}


async def test_the_format_is_what_the_scraper_asks_for(serve, registry):
    client = await serve(routes=[metrics(registry=registry)])
    headers = {"Accept": "application/openmetrics-text; version=1.0.0"}
    async with client.get("/metrics", headers=headers) as answer:
        assert answer.content_type == "application/openmetrics-text"
        assert re.search(r"# EOF\n$", await answer.text())


async def test_a_plain_answer_is_counted_without_being_built(serve, registry, monkeypatch):
    monkeypatch.setattr(PlainResponse, "build", lambda answer: pytest.fail("it was built"))
    client = await serve(routes=[routes, metrics(registry=registry)])
    async with client.get("/nothing") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("change", [lambda answer: answer.set_status(410), lambda answer: answer.headers])
def test_the_status_of_a_plain_answer_is_right_however_it_was_changed(change):
    from ponty.core.errors.problems import problem

    answer = problem(404)
    assert answer.status == 404
    change(answer)
    assert answer.status == (410 if answer.reason == "Gone" else 404)


async def test_faults_are_counted_by_route_and_field(serve, registry):
    @get("/orders/{number}")
    async def order(request: web.Request) -> web.Response:
        raise ValidationError(
            faults=[Fault("query", "page", "is required"), Fault("body", "order", "is no array", request.path)]
        )

    client = await serve(routes=[routes, metrics(registry=registry)])
    for number in range(3):
        async with client.get(f"/orders/{number}") as answer:
            assert answer.status == 400
    assert await samples(client, "ponty_faults_total") == {
        ("page", "/orders/{number}", "query"): 3,
        ("order", "/orders/{number}", "body"): 3,
    }


@pytest.mark.parametrize(
    ("arguments", "status"), [({"errors": {PontyError: 422}}, 422), ({"answer_invalid": 409}, 409), ({}, 400)]
)
async def test_faults_are_counted_whatever_they_are_answered_with(serve, registry, arguments, status):
    @get("/order")
    async def order(request: web.Request) -> web.Response:
        raise ExceptionGroup("one", [ValidationError(faults=[Fault("query", "page", "is required")])])

    client = await serve(routes=[routes, metrics(registry=registry)], **arguments)
    async with client.get("/order") as answer:
        assert answer.status == status
    assert await samples(client, "ponty_faults_total") == {("page", "/order", "query"): 1}


async def test_names_without_end_are_counted_as_one(serve, registry, monkeypatch):
    """A program may name what a client has sent."""
    monkeypatch.setattr(metrics_module, "MOST_FIELDS", 2)

    @get("/by/{name}")
    async def by(request: web.Request) -> web.Response:
        raise ValidationError(faults=[Fault("query", request.match_info["name"], "is none")])

    client = await serve(routes=[routes, metrics(registry=registry)])
    for name in "abcdea":
        async with client.get(f"/by/{name}"):
            pass
    assert await samples(client, "ponty_faults_total") == {
        ("a", "/by/{name}", "query"): 2,
        ("b", "/by/{name}", "query"): 1,
        ("(others)", "(others)", "(others)"): 3,
    }


@pytest.mark.parametrize(
    ("make", "module", "message"),
    [
        (metrics, "prometheus_client", r"metrics needs prometheus-client: pip install 'ponty-core\[metrics\]'"),
        (tracing, "opentelemetry.trace", r"tracing needs opentelemetry-api: pip install 'ponty-core\[tracing\]'"),
    ],
)
def test_what_is_not_installed_is_named_with_the_extra_that_brings_it(monkeypatch, make, module, message):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError, match=message):
        make()


async def test_sizes_are_measured(serve, registry):
    @post("/echo")
    async def echo(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if request.query:
            stream = web.StreamResponse()
            await stream.prepare(request)
            await stream.write(body)
            return stream
        return web.Response(body=body)

    client = await serve(routes=[routes, metrics(registry=registry)])
    for path in ("/echo", "/echo?stream=1"):
        async with client.post(path, data=b"x" * 700) as answer:
            assert await answer.read() == b"x" * 700
    async with client.get("/nothing") as answer:
        text = await answer.read()
    received = await samples(client, "http_server_request_body_size_bytes_sum")
    sent = await samples(client, "http_server_response_body_size_bytes_sum")
    assert received["POST", "/echo"] == 1400
    assert sent["POST", "/echo"] == 700  # that of the stream is not known
    assert sent["GET", "(no route)"] == len(text)


async def test_limits_that_were_reached_are_counted(serve, registry):
    from ponty.core import build_app

    app = build_app(routes=[routes, metrics(registry=registry)])
    async with Served(app, limits=Limits(path_bytes=20, connections=2)) as served:
        for _ in range(2):  # also what was refused before anybody asked
            reader, _ = await served.send(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 50))
            assert b" 414 " in await rest(reader)
        reader, _ = await served.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b'ponty_limits_reached_total{limit="path_bytes"} 2.0' in await rest(reader)
        reader, _ = await served.send(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 50))
        await rest(reader)
        reader, _ = await served.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b'ponty_limits_reached_total{limit="path_bytes"} 3.0' in await rest(reader)


async def test_events_of_caches_are_counted_by_cache(serve, registry):
    client = await serve(routes=[routes, metrics(registry=registry)])
    for event in ("miss", "hit", "hit", "stampede"):
        cache_events("stock", event)
    assert await samples(client, "ponty_cache_events_total") == {
        ("stock", "miss"): 1,
        ("stock", "hit"): 2,
        ("stock", "stampede"): 1,
    }


class Computation:
    """One that can be referred to weakly, as those of caches can, and as `tracing` does where a test before had it."""


async def test_computations_are_counted_while_they_run(serve, registry):
    client = await serve(routes=[routes, metrics(registry=registry)])
    here, gate = asyncio.Event(), asyncio.Event()

    async def compute():
        cache_events.__ponty_computation__("price", "miss", Computation())
        here.set()
        await gate.wait()

    task = asyncio.create_task(compute())
    await here.wait()
    assert await samples(client, "ponty_cache_computations") == {("price",): 1}
    gate.set()
    await task
    assert await samples(client, "ponty_cache_computations") == {("price",): 0}
    assert await samples(client, "ponty_cache_events_total") == {("price", "miss"): 1}


def test_a_registry_that_is_gone_listens_to_no_cache():
    before = list(cache_events.listeners)
    metrics(registry=CollectorRegistry())
    gc.collect()
    assert cache_events.listeners == before


PROCESS = """
import asyncio, sys
from aiohttp import web
from ponty.core import Fault, ValidationError, app_runner, build_app, cache_events, get, metrics, routes

@get("/mugs/{colour}")
async def mug(request):
    cache_events("stock", "hit")
    if request.match_info["colour"] == "none":
        raise ValidationError(faults=[Fault("path", "colour", "is none")])
    return web.Response()

async def main():
    runner = app_runner(build_app(routes=[routes, metrics()]), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()

asyncio.run(main())
"""


@pytest.fixture
def ports(tmp_path):
    """Start two processes that share their counts, and yield their ports."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([sys.executable, "-c", PROCESS], env=environment, **pipes) for _ in range(2)]
    yield [int(process.stdout.readline()) for process in processes]
    for process in processes:
        process.communicate("")
    assert [process.returncode for process in processes] == [0, 0]


async def test_each_of_two_processes_tells_of_both(ports):
    async with aiohttp.ClientSession() as session:
        for port in ports:
            for colour, status in (("red", 200), ("none", 400)):
                async with session.get(f"http://127.0.0.1:{port}/mugs/{colour}") as answer:
                    assert answer.status == status
        for port in ports:
            async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                text = await answer.text()
            route = 'http_request_method="GET",http_response_status_code="200",http_route="/mugs/{colour}"'
            assert f"{COUNT}{{{route}}} 2.0" in text
            assert 'ponty_faults_total{field="colour",http_route="/mugs/{colour}",location="path"} 2.0' in text
            assert 'ponty_cache_events_total{cache="stock",event="hit"} 4.0' in text
            assert "http_server_active_requests 1.0" in text  # the scrape itself
