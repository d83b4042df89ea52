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

ON_A_FREE_PORT = """
import runpy, sys, ponty
serve = ponty.startmeup
ponty.startmeup = lambda *, port, **options: serve(port=0, **options)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.fixture
def run():
    """Run an example, and give its process and its address."""
    started = []

    def run(name):
        process = subprocess.Popen(
            [sys.executable, "-c", ON_A_FREE_PORT, str(EXAMPLES / name)], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        for line in process.stdout:
            if match := re.match(r"Serving on (http://.*)", line):
                return process, match[1]
        raise AssertionError("it printed no address")

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_hello(run):
    process, address = run("hello.py")
    with urllib.request.urlopen(f"{address}/hello/ann") as answer:
        assert json.load(answer)["data"] == {"greeting": "hello ann!"}
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
