"""One process and two on two cores, by `reuse_port` and by gunicorn. The load generator shares the cores."""

import contextlib
import functools
import sys
import time
from collections.abc import Iterator

from benchmarks.cases import CASES
from benchmarks.load import CONNECTIONS, Load
from benchmarks.peers import SERVERS
from benchmarks.results import Results
from benchmarks.serving import LOAD_CORE, SERVER_CORE, Server, free_port

BOTH = (SERVER_CORE, LOAD_CORE)
MEASURED = tuple(case for case in CASES if case.name in {"hello", "100 KB body"})

ON_A_PORT = """
import sys
sys.path.insert(0, sys.argv[1])
from ponty_app import startmeup
startmeup(port=int(sys.argv[2]), reuse_port=True)
"""


def measure(rounds: int, load: Load, results: Results) -> None:
    """Measure the rate of one process and of two, each started both ways."""
    print("processes, on both cores together with the load generator:", flush=True)
    ways = {"reuse_port": _reuse_port, "gunicorn": _gunicorn}
    with contextlib.ExitStack() as stack:
        servers = {f"{way} {count}": stack.enter_context(ways[way](count)) for way in ways for count in (1, 2)}
        for case in MEASURED:
            for number in range(rounds):
                for name, server in servers.items():
                    take = functools.partial(load.on, server, case.request, connections=CONNECTIONS)
                    results.measure(("processes", case.name, name, number), take)
            for way in ways:
                one, two = ((case.name, f"{way} {count}") for count in (1, 2))
                rate, ratio = results.median("processes", *two, "rate"), results.ratio("processes", "rate", two, one)
                print(f"  {case.name:12} {way:12} two processes {rate:9,.0f}/s, {ratio:.2f} of one", flush=True)


@contextlib.contextmanager
def _reuse_port(count: int) -> Iterator[list[Server]]:
    port = free_port()
    command = [sys.executable, "-c", ON_A_PORT, str(SERVERS), str(port)]
    servers = [Server(command, port, BOTH) for _ in range(count)]
    with _all(servers):
        yield servers


@contextlib.contextmanager
def _gunicorn(count: int) -> Iterator[list[Server]]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "ponty_app:build_app()", "--chdir", str(SERVERS)]
    options = ["-k", "aiohttp.GunicornUVLoopWebWorker", "-w", str(count), "-b", f"127.0.0.1:{port}"]
    servers = [Server([*command, *options], port, BOTH)]
    with _all(servers):
        yield servers


@contextlib.contextmanager
def _all(servers: list[Server]) -> Iterator[None]:
    try:
        for server in servers:
            server.wait_for(CASES[0].request)
        time.sleep(1)  # one answer tells of one process only
        yield
    finally:
        for server in servers:
            server.stop()
