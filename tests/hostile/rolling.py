"""A rolling restart: two processes behind a real nginx, with load on it, are restarted in turn; no request may fail.

`python tests/hostile/rolling.py [RESTARTS [REQUESTS]]` does so many restarts, so many requests apart, in both
arrangements of `docs/howto/deploy.rst`: with one socket that both processes inherit, as from systemd, and with a port
for each. It prints what the load has seen, and fails if one answer was not the one that was due. With `PONTY_WRK` set,
`wrk` adds to the load.

With a port for each, a connection that arrives as its process closes the port is reset by the kernel, whatever the
process does. nginx asks the other process then, but not for a POST, which it may not send twice. So that load is of
GETs alone. An inherited socket stays open, and has no such moment.
"""

import asyncio
import collections
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator

import aiohttp

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import nginx
import warm

ROOT = pathlib.Path(__file__).parent.parent.parent
PROGRAM = ROOT / "examples/deploy/app.py"
TOO_LONG = 300
CLIENTS = 8

# What systemd does for a unit with a socket: it is file descriptor 3 of a process that is told its own id.
INHERIT = """
import os, runpy, sys
_, fd, program = sys.argv
os.dup2(int(fd), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
sys.argv = [program]
sys.path[0] = os.path.dirname(program)
runpy.run_path(program, run_name="__main__")
"""


class Inherited:
    """Two processes that inherit one listening socket."""

    has_posts = True

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.upstream = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self, number: int) -> subprocess.Popen[str]:
        """Start one of them."""
        del number
        fd = self._socket.fileno()
        return _started([sys.executable, "-c", INHERIT, str(fd), str(PROGRAM)], {}, pass_fds=(fd,))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Ports:
    """Two processes, each with a port of its own."""

    has_posts = False

    def __init__(self) -> None:
        # Bound and not listening, so that they are nobody else's meanwhile.
        self._kept = [socket.socket() for _ in range(2)]
        for kept in self._kept:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            kept.bind(("127.0.0.1", 0))
        self._ports = [kept.getsockname()[1] for kept in self._kept]
        # Without max_fails=0, nginx leaves a port alone for ten seconds that has refused once, and then there is none.
        self.upstream = " max_fails=0; server ".join(f"127.0.0.1:{port}" for port in self._ports) + " max_fails=0"

    def start(self, number: int) -> subprocess.Popen[str]:
        """Start one of them."""
        return _started([sys.executable, str(PROGRAM)], {"PORT": str(self._ports[number])})

    def close(self) -> None:
        """Leave the ports."""
        for kept in self._kept:
            kept.close()


ARRANGEMENTS = {"an inherited socket": Inherited, "a port for each": Ports}


def _started(command: list[str], environment: dict[str, str], pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[str]:
    """Start a process, and wait until it serves."""
    process = warm.Popen(
        command,
        env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        pass_fds=pass_fds,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Serving on"):
            return process
    raise AssertionError(f"{command} has ended")


class Load:
    """Clients that ask all the time, each over connections that it keeps, and what they got."""

    def __init__(self, port: int, *, has_posts: bool) -> None:
        self._has_posts = has_posts
        self.seen: collections.Counter[str] = collections.Counter()
        self.processes: collections.Counter[int] = collections.Counter()
        self._address = f"http://127.0.0.1:{port}"
        self._is_over = False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ask while the block runs."""
        clients = [asyncio.create_task(self._ask(number)) for number in range(CLIENTS)]
        try:
            yield
        finally:
            self._is_over = True
            await asyncio.gather(*clients)

    async def more(self, count: int) -> None:
        """Wait until so many further requests were answered."""
        due = self.seen.total() + count
        while self.seen.total() < due:
            await asyncio.sleep(0.01)

    async def _ask(self, number: int) -> None:
        async with aiohttp.ClientSession(self._address, timeout=aiohttp.ClientTimeout(TOO_LONG)) as session:
            count = 0
            while not self._is_over:
                count += 1
                is_post = self._has_posts and count % 2 == 0
                try:
                    self.seen[await self._ask_once(session, f"{number}-{count}", is_post=is_post)] += 1
                except (aiohttp.ClientError, TimeoutError) as error:
                    self.seen[f"{type(error).__name__}: {error}"] += 1

    async def _ask_once(self, session: aiohttp.ClientSession, text: str, *, is_post: bool) -> str:
        if is_post:
            async with session.post("/orders", data=text) as answer:
                is_right = answer.status == 201 and (await answer.json())["data"] == text
        else:
            async with session.get("/pid") as answer:
                is_right = answer.status == 200
                if is_right:
                    self.processes[(await answer.json())["data"]] += 1
        return "good" if is_right else f"{'POST' if is_post else 'GET'} {answer.status}"


async def roll(arrangement: str, folder: pathlib.Path, *, restarts: int, between: int = 100) -> Load:
    """Restart two processes in turn with load on them; return what the load has seen.

    Args:
        arrangement: One of `ARRANGEMENTS`.
        folder: For the files of nginx.
        restarts: How many.
        between: How many requests are answered before each restart, and after the last one.
    """
    served = ARRANGEMENTS[arrangement]()
    processes = list[subprocess.Popen[str]]()
    try:
        processes.extend(served.start(number) for number in range(2))
        with nginx.before(served.upstream, folder) as port:
            load = Load(port, has_posts=served.has_posts)
            async with load.running():
                with _wrk(port):
                    for number in range(restarts):
                        await load.more(between)
                        old = processes[number % 2]
                        old.send_signal(signal.SIGTERM)
                        await asyncio.to_thread(old.communicate, timeout=TOO_LONG)
                        assert old.returncode == 0
                        processes[number % 2] = await asyncio.to_thread(served.start, number % 2)
                    await load.more(between)
            return load
    finally:
        for process in processes:
            process.kill()
            process.communicate()
        served.close()


@contextlib.contextmanager
def _wrk(port: int) -> Iterator[None]:
    program = shutil.which("wrk") if "PONTY_WRK" in os.environ else None
    if program is None:
        yield
        return
    command = [program, "-t1", "-c16", "-d86400", f"http://127.0.0.1:{port}/pid"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        report, _ = process.communicate(timeout=TOO_LONG)
        print(report)
        assert "Socket errors" not in report, report
        assert "Non-2xx" not in report, report


def main() -> None:
    """Do as the command line says."""
    restarts, between = (int(word) for word in [*sys.argv[1:], "10", "2000"][:2])
    for arrangement in ARRANGEMENTS:
        with tempfile.TemporaryDirectory() as folder:
            load = asyncio.run(roll(arrangement, pathlib.Path(folder), restarts=restarts, between=between))
        print(f"{arrangement}: {restarts} restarts, {len(load.processes)} processes, {dict(load.seen)}")
        if set(load.seen) != {"good"}:
            raise SystemExit("a request has failed")


if __name__ == "__main__":
    main()
