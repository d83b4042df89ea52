"""What Prometheus is told."""

import asyncio
import re

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from ponty.core import Routes, cors, get, metrics, routes
from ponty.core.answers.fast_response import PlainResponse

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
    monkeypatch.setattr(PlainResponse, "_build", lambda answer: pytest.fail("it was built"))
    client = await serve(routes=[routes, metrics(registry=registry)])
    async with client.get("/nothing") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("change", [lambda answer: answer.set_status(410), lambda answer: answer.headers])
def test_the_status_of_a_plain_answer_is_right_however_it_was_changed(change):
    from ponty.core.answers.problems import problem

    answer = problem(404)
    assert answer.status == 404
    change(answer)
    assert answer.status == (410 if answer.reason == "Gone" else 404)
