"""The benchmarks run, and the servers that they compare do the same work. How fast they are is not looked at."""

import ast
import csv
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc")


def run(*arguments):
    """Run the tool, and give what it printed."""
    command = [sys.executable, "-m", "benchmarks", *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_what_benchmarks_import_of_one_another_is_there():
    """Most run for too long to be tests, and need peers that are not installed here."""
    trees = {path.stem: ast.parse(path.read_text()) for path in (ROOT / "benchmarks").glob("*.py")}
    named = {
        module: {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        | {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)}
        for module, tree in trees.items()
    }
    missing = [
        (importer, imported.module, alias.name)
        for importer, tree in trees.items()
        for imported in ast.walk(tree)
        if isinstance(imported, ast.ImportFrom) and (imported.module or "").startswith("benchmarks.")
        for alias in imported.names
        if alias.name not in named[imported.module.partition(".")[2]]
    ]
    assert missing == []


def test_the_servers_of_this_environment_answer_the_same():
    printed = run("--check", "--peers", "aiohttp,aiohttp tuned").splitlines()
    assert len(printed) == 8
    assert all(line.endswith(": the same of ponty, aiohttp, aiohttp tuned") for line in printed), printed


def test_a_run_leaves_its_samples_and_its_tables(tmp_path):
    arguments = ["--peers", "aiohttp", "--cases", "hello,404", "--parts", "rates,start", "--rounds", 1]
    arguments += ["--load", "hammer", "--seconds", 0.1]
    arguments += ["--samples", tmp_path / "samples.jsonl", "--into", tmp_path / "report"]
    run(*arguments)
    facts, *samples = map(json.loads, (tmp_path / "samples.jsonl").read_text().splitlines())
    assert facts["load"].startswith("hammer")
    assert [sample[:4] for sample in samples] == [
        ["rates", "hello", "ponty", 0],
        ["rates", "hello", "aiohttp", 0],
        ["rates", "404", "ponty", 0],
        ["rates", "404", "aiohttp", 0],
        ["start", "start", "ponty", 0],
        ["start", "start", "aiohttp", 0],
    ]
    assert all(value >= 0 for sample in samples for value in sample[4].values())
    rows = (tmp_path / "report/rates.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["server", "ponty", "aiohttp"]
    assert "## Targets" in (tmp_path / "report/results.md").read_text()
    concluded = (tmp_path / "report/conclusion.txt").read_text()
    assert re.search(r"Ponty's: aiohttp \*\*\d+\.\d.*\*\*\. Those are the cases hello, 404, .* Of \d+", concluded)

    before = (tmp_path / "samples.jsonl").read_text()
    run(*arguments, "--resume")
    assert (tmp_path / "samples.jsonl").read_text() == before


def test_a_fleet_is_measured_and_a_peer_that_is_not_installed_is_named():
    command = [sys.executable, "benchmarks/fleet.py", "--quick"]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    printed = ended.stdout
    for peer in ("ponty.memo", "ponty.memo near", "redis-py", "cashews", "aiocache"):
        rows = re.findall(rf"(?m)^  {peer}  +(.*)$", printed)
        assert len(rows) == 3 or f"{peer}: not measured: " in printed, printed
        if "ponty" in peer:
            crowd, commands, _ = rows
            assert crowd.split()[0] == "1"  # computation in each round
            assert commands.split() == ["0" if "near" in peer else "1", "5", "2"]  # as docs/memo-redis.rst says


@pytest.mark.programs
def test_good_clients_are_served_beside_hostile_ones_and_tables_are_left(tmp_path):
    command = [sys.executable, "-m", "benchmarks.hostile", "--quick", "--into", tmp_path]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    crowds = (tmp_path / "crowds.csv").read_text().splitlines()
    assert len(crowds) == 7
    rows = csv.DictReader((tmp_path / "requests.csv").read_text().splitlines())
    statuses = {row["what is sent"]: row["status"] for row in rows}
    assert statuses["a body announced as 10 GB"] == statuses["a body of 2 MB in chunks"] == "413"
    assert statuses["a path of 1 MB"] == "414"
    assert statuses["10,000 headers"] == "431"
    assert set(statuses.values()) <= {"", "200", "400", "413", "414", "415", "431"}


def test_uploads_arrive_whole_at_all_servers_that_are_compared():
    command = [sys.executable, "benchmarks/uploads.py", "5"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout
    assert [line.split(":")[0].strip() for line in printed.splitlines()[-2:]] == [
        "ponty form / aiohttp form",
        "ponty stream / aiohttp stream",
    ]


def test_idempotency_is_measured_with_and_without_redis(redis_url):
    command = [sys.executable, "-m", "benchmarks.idempotency", "2"]
    printed = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | {"REDIS_URL": redis_url}
    ).stdout.splitlines()
    assert [re.split("  +", line)[0] for line in printed] == [
        "without idempotent",
        "no key",
        "a new key",
        "a repetition",
        "a new key, in Redis",
        "a repetition, in Redis",
    ]
