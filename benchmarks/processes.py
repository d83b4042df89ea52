"""One process and two on two cores, by `reuse_port` and by gunicorn. The load generator shares the cores."""

import contextlib
import functools
import pathlib
import sys
import time
from collections.abc import Iterator

from benchmarks.cases import Ask
from benchmarks.load import Load
from benchmarks.results import Results
from benchmarks.serving import LOAD_CORE, SERVER_CORE, Server, free_port

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
HELLO = Ask("/hello/ann")
BOTH = (SERVER_CORE, LOAD_CORE)

ON_A_PORT = """
import sys
sys.path.insert(0, sys.argv[1])
from several import startmeup
startmeup(port=int(sys.argv[2]), reuse_port=True)
"""


def measure(rounds: int, load: Load, results: Results) -> None:
    """Measure the rate of one process and of two, each started both ways."""
    print("processes, on both cores together with the load generator:", flush=True)
    with contextlib.ExitStack() as stack:
        servers = {
            (way, number): stack.enter_context(way_in(number))
            for way, way_in in (("reuse_port", _reuse_port), ("gunicorn", _gunicorn))
            for number in (1, 2)
        }
        for number in range(rounds):
            for (way, count), server in servers.items():
                take = functools.partial(load.on, server, HELLO, connections=64)
                results.measure(("processes", f"{count}", way, number), take)
    for way in ("reuse_port", "gunicorn"):
        ratio = results.ratio("processes", "rate", ("2", way), ("1", way))
        rate = results.median("processes", "2", way, "rate")
        print(f"  {way:12} two processes {rate:9,.0f}/s, {ratio:.2f} of one", flush=True)


@contextlib.contextmanager
def _reuse_port(count: int) -> Iterator[list[Server]]:
    port = free_port()
    command = [sys.executable, "-c", ON_A_PORT, str(EXAMPLES), str(port)]
    servers = [Server(command, port, BOTH) for _ in range(count)]
    with _all(servers):
        yield servers


@contextlib.contextmanager
def _gunicorn(count: int) -> Iterator[list[Server]]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "several:build_app()", "--chdir", str(EXAMPLES)]
    options = ["-k", "aiohttp.GunicornUVLoopWebWorker", "-w", str(count), "-b", f"127.0.0.1:{port}"]
    servers = [Server([*command, *options], port, BOTH)]
    with _all(servers):
        yield servers


@contextlib.contextmanager
def _all(servers: list[Server]) -> Iterator[None]:
    try:
        for server in servers:
            server.wait_for(HELLO)
        time.sleep(1)  # one answer tells of one process only
        yield
    finally:
        for server in servers:
            server.stop()
