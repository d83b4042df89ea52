"""From the start of a process to its first answer, and what an idle connection holds."""

import contextlib
import functools
import socket
import time

from benchmarks.cases import CASES
from benchmarks.environments import InstallError, python_of
from benchmarks.peers import Peer
from benchmarks.results import Results, Sample
from benchmarks.serving import ServerError, running

HELLO = CASES[0].request
IDLE = 500
"""How many idle connections are held open."""


def measure(peers: list[Peer], rounds: int, results: Results) -> None:
    """Measure start-up and idle connections of each peer, in rounds."""
    for number in range(-1, rounds):  # the first start compiles what is compiled once
        for peer in peers:
            try:
                python = python_of(peer)
                if number < 0:
                    _start(python, peer)
                else:
                    take = functools.partial(_start, python, peer)
                    results.measure(("start", "start", peer.name, number), take)
            except (InstallError, ServerError, OSError) as error:
                results.miss(peer.name, str(error))
    print(f"start to first answer, and memory of an idle connection (of {IDLE}):", flush=True)
    for name in results.peers("start"):
        took = results.median("start", "start", name, "ms")
        held = results.median("start", "start", name, "idle_kb")
        print(f"  {name:18} {took:7.0f} ms {held:7.1f} KB", flush=True)


def _start(python: str, peer: Peer) -> Sample:
    began = time.perf_counter()
    with running(python, peer.script, *peer.arguments) as server:
        server.wait_for(HELLO)
        took = time.perf_counter() - began
        for _ in range(50):  # what is made once is made now
            server.ask(HELLO)
        before = server.resident_bytes()
        with contextlib.ExitStack() as stack:
            for _ in range(IDLE):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
                connection.sendall(HELLO.encode(server.port))
                if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
                    raise ServerError("an idle connection was not answered")
            held = server.resident_bytes() - before
        return {"ms": took * 1000, "rss_mb": before / 1e6, "idle_kb": held / IDLE / 1000}
