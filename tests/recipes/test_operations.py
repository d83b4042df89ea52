"""Recipes about running a program: its logs, its health, its metrics, its tests."""

import json
import pathlib
import re
import subprocess
import sys

import aiohttp

RECIPES = pathlib.Path(__file__).parent.parent.parent / "examples/recipes"


async def test_logs_are_json_and_have_the_id_of_the_request(recipe, capsys):
    client = await recipe("logs", LOG_LEVEL="INFO")
    answer = await client.get("/mugs/red", headers={"X-Request-ID": "order-7"})
    assert answer.headers["X-Request-ID"] == "order-7"
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in (out + err).splitlines() if line.startswith("{")]
    [line] = [line for line in lines if line["logger"] == "shop"]
    assert (line["message"], line["request_id"]) == ("somebody looks at a mug", "order-7")


async def test_a_database_that_does_not_answer_is_no_health(recipe):
    client = await recipe("health_checks")
    assert (await client.get("/livez")).status == (await client.get("/readyz")).status == 200
    await client.close()
    client = await recipe("health_checks")
    await client.app[client.module.DATABASE].close()
    answer = await client.get("/readyz")
    assert (answer.status, (await answer.json())["checks"]) == (503, {"database_answers": "failed"})
    assert (await client.get("/livez")).status == 200


async def test_metrics_tell_of_routes_of_caches_and_of_the_shop(run):
    """In a process of its own, since Prometheus's registry has a name once in each."""
    _, address = run("recipes/own_metrics.py")
    async with aiohttp.ClientSession(address) as client:
        for path in ("/mugs/red", "/mugs/red", "/mugs/blue"):
            assert (await client.get(path)).status == 200
        assert (await client.post("/mugs/sales")).status == 204
        text = await (await client.get("/metrics")).text()
    requests = r'^http_server_request_duration_seconds_count\{.*http_route="/mugs/\{colour\}".*\} 3\.0$'
    assert re.search(requests, text, re.MULTILINE)
    assert 'ponty_cache_events_total{cache="price of a mug",event="hit"} 1.0' in text
    assert 'shop_mugs_sold_total{size="large"} 1.0' in text


def test_fakes_stand_where_a_database_a_login_and_a_service_would():
    """The recipe is a file of tests; they pass."""
    words = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "ponty.core.testing", str(RECIPES / "fakes.py")]
    run = subprocess.run([sys.executable, "-m", "pytest", *words], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout
