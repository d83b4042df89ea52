"""The examples run as a reader would run them, but for the port."""

import json
import pathlib
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"

ON_A_PORT = """
import runpy, sys, ponty
serve = ponty.startmeup
ponty.startmeup = lambda *, port, **options: serve(port=int(sys.argv[2]), **options)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.fixture
def run():
    """Run an example on a port, any free one by default, and give its process and its address."""
    started = []

    def run(name, port=0):
        command = [sys.executable, "-c", ON_A_PORT, str(EXAMPLES / name), str(port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        for line in process.stdout:
            if match := re.match(r"Serving on (http://.*)", line):
                return process, match[1]
        raise AssertionError("it printed no address")

    yield run
    for process in started:
        process.kill()
        process.communicate()


def greet(address):
    """Ask for a greeting, over a connection of its own."""
    with urllib.request.urlopen(f"{address}/hello/ann") as answer:
        return json.load(answer)["data"]


def test_hello(run):
    process, address = run("hello.py")
    assert greet(address) == {"greeting": "hello ann!"}
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not share ports")
def test_several_processes_share_a_port(run):
    first, address = run("several.py")
    second, same = run("several.py", port=address.rpartition(":")[2])
    assert same == address
    assert greet(address)["process"] in {first.pid, second.pid}
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=60) == 0
    assert greet(address) == {"greeting": "hello ann!", "process": second.pid}
