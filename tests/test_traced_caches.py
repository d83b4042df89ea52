"""Computations of caches as spans: children of the request that began them, linked to all who wait for them."""

import asyncio

import pytest
from aiohttp import web
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ponty import Routes, cache_events, tracing
from ponty.memo import localcache


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.mark.parametrize("fails", [False, True])
async def test_requests_that_wait_for_one_computation(ponty_client, exporter, provider, fails):
    gate, joined = asyncio.Event(), asyncio.Event()
    routes = Routes()

    @localcache(name=f"price {fails}", metrics=cache_events)
    async def price(product):
        with provider.get_tracer("of.tests").start_as_current_span("query"):
            await gate.wait()
        if fails:
            raise LookupError(product)
        return 7

    @routes.get("/price")
    async def show(request: web.Request) -> web.Response:
        asyncio.get_running_loop().call_soon(lambda: price.cache_info().waiters == 3 and joined.set())
        return web.json_response(await price("tea"))

    client = await ponty_client(routes, middlewares=[tracing(tracer_provider=provider)])
    asking = [asyncio.create_task(client.get("/price")) for _ in range(3)]
    await joined.wait()
    gate.set()
    for answer in await asyncio.gather(*asking):
        assert answer.status == (500 if fails else 200)
    spans = exporter.get_finished_spans()
    [computation] = [span for span in spans if span.name == f"cache price {fails}"]
    [query] = [span for span in spans if span.name == "query"]
    requests = {span.context.span_id for span in spans if span.kind is trace.SpanKind.SERVER}
    assert query.parent.span_id == computation.context.span_id
    assert {computation.parent.span_id, *(link.context.span_id for link in computation.links)} == requests
    assert len(requests) == 3
    assert (computation.status.status_code is trace.StatusCode.ERROR) is fails
