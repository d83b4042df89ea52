"""gunicorn starts several processes of an application, and stops them well."""

import gzip
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import pytest
import warm

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"

# gunicorn kills a worker that seems to hang; one on a busy machine does not.
PATIENCE = ["--timeout", "600", "--graceful-timeout", "600"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run on Windows")

APPLICATION = """
import os
from ponty import build_app, get, render_json


async def resource(app):
    os.write(1, b"up\\n")
    yield
    os.write(1, b"down\\n")


@get("/")
@render_json
async def index(request):
    return os.getpid()


def create():
    return build_app(providers=[resource])
"""


@pytest.fixture
def gunicorn(tmp_path):
    """Start two workers; give the process, its address, and the ids of the workers."""
    started = []

    def start(application, folder):
        command = [sys.executable, "-m", "gunicorn", "-k", "aiohttp.GunicornUVLoopWebWorker", "-w", "2"]
        command += [*PATIENCE, "-b", "127.0.0.1:0", "--chdir", str(folder), application]
        environment = os.environ | {"HOME": str(tmp_path)}  # where it puts a control socket
        process = warm.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        address, workers = "", set()
        for line in process.stderr:
            if match := re.search(r"Listening at: (http://\S+)", line):
                address = match[1]
            if match := re.search(r"Booting worker with pid: (\d+)", line):
                workers.add(int(match[1]))
            if len(workers) == 2:
                return process, address, workers
        raise AssertionError("it ended before it had two workers")

    yield start
    for process in started:
        process.kill()  # its workers see that it is gone, and end
        process.communicate()


def ask(address):
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)["data"]


def test_the_example_answers(gunicorn):
    _, address, workers = gunicorn("app:app", EXAMPLES / "deploy")
    assert ask(f"{address}/pid") in workers
    with pytest.raises(urllib.error.HTTPError) as refusal:
        ask(f"{address}/nothing")
    with refusal.value as answer:
        problem = json.load(answer)
    assert problem.pop("request_id")
    assert problem == {"type": "about:blank", "title": "Not Found", "status": 404}


@pytest.mark.parametrize("path", ["/pid", "/nothing"])
def test_an_encoded_body_that_nobody_reads_closes_the_connection(gunicorn, path):
    """It would be decoded to be skipped, which holds up the whole worker."""
    _, address, _ = gunicorn("app:app", EXAMPLES / "deploy")
    body = gzip.compress(bytes(2**26))
    headers = {"Content-Encoding": "gzip", "Connection": "keep-alive"}
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc)
    connection.request("GET", path, body, headers)
    with connection.getresponse() as answer:
        assert answer.headers["Connection"] == "close"


SERVED = """
import os
from ponty import Limits, app_runner, build_app


async def resource(app):
    os.write(1, b"up\\n")
    yield


async def app():
    return app_runner(build_app(providers=[resource]), limits=Limits(header_bytes=100))
"""


def test_a_runner_of_ponty_s_brings_its_limits_along(gunicorn, tmp_path):
    (tmp_path / "application.py").write_text(SERVED)
    process, address, _ = gunicorn("application:app", tmp_path)
    # A worker that has not come so far yet would not hear the signal.
    assert [process.stdout.readline(), process.stdout.readline()] == ["up\n", "up\n"]
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc)
    connection.request("GET", "/", headers={"X": "a" * 300})
    with connection.getresponse() as answer:
        assert (answer.status, answer.headers["Server"]) == (431, "Ponty")
        assert json.load(answer)["status"] == 431
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 0


def test_each_worker_starts_and_stops_its_providers(gunicorn, tmp_path):
    (tmp_path / "application.py").write_text(APPLICATION)
    process, address, workers = gunicorn("application:create()", tmp_path)
    # A worker that has not come so far yet would not hear the signal.
    assert [process.stdout.readline(), process.stdout.readline()] == ["up\n", "up\n"]
    assert ask(address) in workers
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate()
    assert process.returncode == 0
    assert printed.split() == ["down", "down"]


ONE_TASK = """
import asyncio, contextvars, os
from ponty import build_app, get, render_json

WORKER = contextvars.ContextVar("worker", default="none")


async def background(app):
    token = WORKER.set("set by a provider")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(asyncio.Event().wait())
        os.write(1, b"up\\n")
        yield
        task.cancel()
    WORKER.reset(token)
    os.write(1, WORKER.get().encode() + b"\\n")


@get("/")
@render_json
async def index(request):
    return WORKER.get()


def create():
    return build_app(providers=[background])
"""


def test_a_context_variable_and_a_task_group_span_the_yield_of_a_provider(gunicorn, tmp_path):
    (tmp_path / "one_task.py").write_text(ONE_TASK)
    process, address, _ = gunicorn("one_task:create()", tmp_path)
    assert [process.stdout.readline(), process.stdout.readline()] == ["up\n", "up\n"]
    assert ask(address) == "set by a provider"
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate()
    assert process.returncode == 0
    assert printed.split() == ["none", "none"]
