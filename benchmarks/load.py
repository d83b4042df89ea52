"""The load: wrk, or a generator of our own where there is no wrk."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from benchmarks.cases import Ask
from benchmarks.results import Sample
from benchmarks.serving import LOAD_CORE, Server, ServerError, pinned

HERE = pathlib.Path(__file__).parent
CONNECTIONS = 32


@dataclasses.dataclass(frozen=True)
class Load:
    """How load is made: with which generator, for how many seconds at a time, and with which headers, by wrk.

    `wrk` takes whole seconds.
    """

    generator: str
    seconds: float = 1
    headers: tuple[str, ...] = ()

    def on(
        self, servers: Server | list[Server], ask: Ask, *, status: int = 200, connections: int = CONNECTIONS
    ) -> Sample:
        """Put load on a server, or on several that share a port.

        Gives `rate`, in answers a second of the clock; `cpu_us`, the microseconds of the server's core that an answer
        took; and `p99_ms`, what the slowest of a hundred answers took.

        Raises:
            ServerError: Answers were lost, or had another status.
        """
        servers = servers if isinstance(servers, list) else [servers]
        before = sum(server.cpu_seconds() for server in servers)
        make = self._wrk if self.generator == "wrk" else self._hammer
        found = make(ask, servers[0].port, connections)
        took = sum(server.cpu_seconds() for server in servers) - before
        for server in servers:
            server.settle()
        if not found["answers"] or found["failed"]:
            raise ServerError(f"{ask.path}: {found['failed']} requests failed, {found['answers']} were answered")
        if bool(found["refused"]) != (status >= 400):
            raise ServerError(f"{ask.path}: {found['refused']} of {found['answers']} answers were refusals")
        answers = found["answers"]
        return {"rate": answers / found["seconds"], "cpu_us": took / answers * 1e6, "p99_ms": found["p99_ms"]}

    def _wrk(self, ask: Ask, port: int, connections: int) -> dict[str, float]:
        environment = {**os.environ, "BENCH_METHOD": ask.method}
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(self.seconds), 1)}s", "-s", str(HERE / "wrk.lua")]
        command += [word for header in self.headers for word in ("-H", header)]
        with tempfile.NamedTemporaryFile() as body, pinned(LOAD_CORE):
            if ask.body is not None:
                body.write(ask.body)
                body.flush()
                environment["BENCH_BODY"] = body.name
            return _run([*command, f"http://127.0.0.1:{port}{ask.path}"], environment)

    def _hammer(self, ask: Ask, port: int, connections: int) -> dict[str, float]:
        task = {
            "path": ask.path,
            "body": None if ask.body is None else ask.body.decode(),
            "port": port,
            "connections": connections,
            "seconds": self.seconds,
        }
        with pinned(LOAD_CORE):
            return _run([sys.executable, "-m", "benchmarks.hammer"], dict(os.environ), json.dumps(task))


def _run(command: list[str], environment: dict[str, str], task: str = "") -> dict[str, float]:
    ended = subprocess.run(
        command, env=environment, cwd=HERE.parent, input=task, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise ServerError(f"{command[0]} failed: {ended.stderr.strip() or ended.stdout.strip()}")
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def find_generator() -> str:
    """Return `wrk` where it is installed, else `hammer`."""
    return "wrk" if shutil.which("wrk") else "hammer"
