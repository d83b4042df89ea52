"""How the cost of an answer grows with the number of routes, fields, bytes and connections."""

import contextlib
import dataclasses
import functools
import pathlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.cases import CASES, Ask, order
from benchmarks.load import CONNECTIONS, Load
from benchmarks.peers import BY_HAND, PONTY, TUNED
from benchmarks.results import Results
from benchmarks.serving import Server, ServerError, running

APP = pathlib.Path(__file__).parent / "growth_app.py"
ROUTES = (10, 100, 1000)
FIELDS = (1, 5, 20, 100)
LINES = {"1 KB": 7, "10 KB": 87, "100 KB": 880, "1 MB": 8800}
CLIENTS = (1, 32, 256, 1000)


@dataclasses.dataclass(frozen=True)
class Growth:
    """The measuring of it, in `rounds`."""

    rounds: int
    load: Load
    results: Results

    def measure(self) -> None:
        """Measure all of it."""
        print("growth, as µs of the server's core that an answer takes:", flush=True)
        for shape in ("static", "dynamic", "shared"):
            for number in ROUTES:
                # The last of them is asked for.
                last = number - 1
                paths = {"static": f"/static/{last}", "dynamic": f"/dynamic{last}/ann", "shared": f"/shared/ann/{last}"}
                self._routes(f"{number} {shape} routes", shape, number, Ask(paths[shape]))
        for number in FIELDS:
            query = "&".join(f"field_{n}={n}" for n in range(number))
            self._routes(f"{number} fields", "fields", number, Ask(f"/fields?{query}"))
        scripts = {peer.name: (peer.script,) for peer in (PONTY, TUNED, BY_HAND)}
        with self._running(scripts, CASES[0].request) as servers:
            for size, lines in LINES.items():
                self._compare(f"body of {size}", servers, order(lines))
            for clients in CLIENTS:
                self._compare(f"{clients} connections", servers, CASES[0].request, clients)

    def _routes(self, subject: str, shape: str, number: int, ask: Ask) -> None:
        scripts = {kind: (APP, kind, shape, str(number)) for kind in (PONTY.name, BY_HAND.name)}
        with self._running(scripts, ask) as servers:
            self._compare(subject, servers, ask)

    @contextlib.contextmanager
    def _running(self, scripts: Mapping[str, tuple[Any, ...]], ask: Ask) -> Iterator[dict[str, Server]]:
        with contextlib.ExitStack() as stack:
            servers = {name: stack.enter_context(running(sys.executable, *script)) for name, script in scripts.items()}
            for server in servers.values():
                server.wait_for(ask)
            yield servers

    def _compare(self, subject: str, servers: dict[str, Server], ask: Ask, connections: int = CONNECTIONS) -> None:
        for number in range(self.rounds):
            for name, server in servers.items():
                take = functools.partial(self.load.on, server, ask, connections=connections)
                try:
                    self.results.measure(("growth", subject, name, number), take)
                except ServerError as error:
                    self.results.miss(f"{name}, {subject}", str(error))
        found = {name: self.results.median("growth", subject, name, "cpu_us") for name in servers}
        print(f"  {subject:22}", ", ".join(f"{name} {cpu:.1f}" for name, cpu in found.items() if cpu), flush=True)
