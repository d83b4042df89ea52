"""A server in a process of its own, pinned to one core; the load is pinned to another."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence

from benchmarks.cases import Ask

_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = _CORES[0], _CORES[-1]

START_SECONDS = 60
"""How long a server may take to answer at first."""

SETTLE_SECONDS = 60
"""How long a server may take to become idle again."""


class ServerError(Exception):
    """A server did not start, or gave a wrong answer."""


@contextlib.contextmanager
def pinned(*cores: int) -> Iterator[None]:
    """Start processes on `cores` while the block runs: a process has the cores of who started it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class Server:
    """A running server and what it costs."""

    def __init__(self, command: Sequence[str], port: int, cores: Sequence[int] = (SERVER_CORE,)) -> None:
        self.port = port
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        with pinned(*cores):
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
            )

    def ask(self, ask: Ask) -> tuple[int, object]:
        """Ask once; give the status, and the JSON value of an answer that is no refusal.

        Raises:
            ServerError: There was no answer, or it was not JSON.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {} if ask.body is None else {"Content-Type": "application/json"}
        try:
            with contextlib.closing(connection):
                connection.request(ask.method, ask.path, ask.body, headers)
                answer = connection.getresponse()
                body = answer.read()
            return answer.status, json.loads(body) if 200 <= answer.status < 300 else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ServerError(f"{ask.path}: {error or type(error).__name__}") from error

    def wait_for(self, ask: Ask) -> None:
        """Wait for the first answer to `ask`.

        Raises:
            ServerError: None came, or the process ended.
        """
        end = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(ServerError):
                self.ask(ask)
                return
            time.sleep(0.002)
        raise ServerError(f"the server did not start:\n{self.last_words()}")

    def last_words(self) -> str:
        """Return the end of what the server printed."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]

    def cpu_seconds(self) -> float:
        """Return how long the process has run on a core so far, all of its threads together."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        nanoseconds = 0
        for task in tasks:
            with contextlib.suppress(OSError):  # a thread that has just ended
                nanoseconds += int(task.read_text().split()[0])
        return nanoseconds / 1e9

    def settle(self) -> None:
        """Wait until the server has done what clients that are gone have left it to do.

        Raises:
            ServerError: It goes on for too long.
        """
        end = time.monotonic() + SETTLE_SECONDS
        before = self.cpu_seconds()
        while time.monotonic() < end:
            time.sleep(0.02)
            now = self.cpu_seconds()
            if now - before < 0.002:
                return
            before = now
        raise ServerError(f"the server is busy {SETTLE_SECONDS} seconds after its last client has gone")

    def resident_bytes(self) -> int:
        """Return how much memory the process holds."""
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@contextlib.contextmanager
def running(python: str, script: pathlib.Path, *arguments: str) -> Iterator[Server]:
    """Serve `script` while the block runs."""
    port = free_port()
    server = Server([python, str(script), str(port), *arguments], port)
    try:
        yield server
    finally:
        server.stop()
