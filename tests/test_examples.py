"""The examples run as a reader would run them, but for the port."""

import json
import signal
import urllib.request


def test_hello(run):
    process, address = run("hello.py")
    with urllib.request.urlopen(f"{address}/hello/ann") as answer:
        assert json.load(answer)["data"] == {"greeting": "hello ann!"}
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
