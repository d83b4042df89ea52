"""What strangers cost a server: a good client's rate beside crowds of bad ones, and single requests that are too much.

`python -m benchmarks.hostile [--quick] [--into FOLDER]` prints two tables, and writes them as CSV into a folder. The
server runs with the limits that it has by default, in a process of its own on one core; the clients are on another.
A rate is answers to good clients in a second of the server's core, all of it that the process takes up, so that whoever
else is on the machine matters less. Good clients ask two servers in turns; first alone, then with a crowd at one of
them. The ratio is the median of those of neighbours, over the same without the crowd, since no two processes are alike.
Where it is less than `LEAST_RATIO`, it is measured again with new processes, `TRIES` times in all, and the median of
these counts; where that is less, too, the command fails. With `--quick`, so little is measured that no rate is judged,
and what fails the command are good clients without an answer. It reads from `/proc`, so it needs Linux.
"""

import argparse
import contextlib
import csv
import dataclasses
import gzip
import importlib
import io
import pathlib
import re
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Sequence

from benchmarks.serving import LOAD_CORE, SERVER_CORE, pinned

APP = pathlib.Path(__file__).parent / "hostile_app.py"
LEAST_RATIO = 0.9
LEAST_FILES = 4096
"""How many files a process must be allowed to open, so that the largest crowd fits in."""
PATIENCE = 300
TRIES = 3
STAY_SECONDS = 6
"""How long good clients are measured beside a crowd: less than the time after which slow ones are sent away."""

GOOD = b"GET /item?colour=red HTTP/1.1\r\nHost: a\r\n\r\n"
UNPACKED = 2**26
"""Bytes that a bomb unpacks to."""


def post(path: str, *headers: str, body: bytes = b"", length: int | None = None) -> bytes:
    """Encode a request, whose Content-Length may be a lie."""
    length = len(body) if length is None else length
    lines = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


JSON = "Content-Type: application/json"


@dataclasses.dataclass(frozen=True)
class Crowd:
    """Many bad clients at once.

    Args:
        name: What they do.
        count: How many they are.
        first: What each sends at first.
        drip: What each sends, a byte a second, from then on.
        reads: Whether they take what they get.
    """

    name: str
    count: int
    first: bytes
    drip: bytes = b""
    reads: bool = True


SLOW_HEAD = b"GET /item HTTP/1.1\r\nHost: a\r\nX: "
CROWDS = (
    Crowd("200 that send their head at one byte a second", 200, SLOW_HEAD, b"x" * 1000),
    Crowd("200 that send their body at one byte a second", 200, post("/item", JSON, length=1000), b"x" * 1000),
    Crowd("200 that stall in their body", 200, post("/item", JSON, body=b'{"name": ', length=1000)),
    Crowd("2,000 that are idle after a request", 2000, GOOD),
    Crowd("2,000 that send nothing", 2000, b""),
    Crowd("50 that do not read answers of 1 MB", 50, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 20, reads=False),
)


class Served:
    """A program, served in a process of its own."""

    def __init__(self, app: pathlib.Path = APP) -> None:
        with pinned(SERVER_CORE):
            self.process = subprocess.Popen([sys.executable, app], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        self.stdout = self.process.stdout
        found = (re.match(rb"Serving on http://127.0.0.1:(\d+)", line) for line in self.stdout)
        self.port = next(int(match[1]) for match in found if match)

    def connect(self, *, buffer: int | None = None) -> socket.socket:
        """Open a connection, which may have a receive buffer of its own."""
        connection = socket.socket()
        if buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def core_seconds(self) -> float:
        """Return for how long the process has run."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def megabytes(self) -> float:
        """Return the resident memory of the process."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1000

    def stop(self) -> float:
        """Stop it gracefully; return the seconds that it takes."""
        began = time.perf_counter()
        self.process.terminate()
        self.process.wait(PATIENCE)
        return time.perf_counter() - began


@contextlib.contextmanager
def serving(app: pathlib.Path = APP) -> Iterator[Served]:
    """Serve while the block runs."""
    served = Served(app)
    try:
        yield served
    finally:
        served.process.kill()
        served.process.wait()
        served.stdout.close()


class GoodClients:
    """Ask again and again, each over one connection.

    Args:
        served: Whom.
        count: How many they are.
    """

    def __init__(self, served: Served, count: int = 1) -> None:
        self._served = served
        self._connections = [served.connect() for _ in range(count)]

    def ask(self) -> float:
        """Ask once each; return the seconds that all answers took."""
        began = time.perf_counter()
        for connection in self._connections:
            connection.sendall(GOOD)
        for connection in self._connections:
            answer = b""
            while not answer.endswith(b"}"):
                some = connection.recv(65536)
                assert some, "a good client was left without its answer"
                answer += some
            assert answer.startswith(b"HTTP/1.1 200 "), answer
        return time.perf_counter() - began

    def rate(self, times: int) -> float:
        """Ask so many times each; return how many answers came in a second of the server's core."""
        began = self._served.core_seconds()
        for _ in range(times):
            self.ask()
        return times * len(self._connections) / (self._served.core_seconds() - began)

    def close(self) -> None:
        """Leave."""
        for connection in self._connections:
            connection.close()


@contextlib.contextmanager
def at_work(crowd: Crowd, served: Served) -> Iterator[None]:
    """Let a crowd at a server while the block runs."""
    connections = list[socket.socket]()
    for _ in range(crowd.count):
        connection = served.connect(buffer=None if crowd.reads else 4096)
        connection.sendall(crowd.first)
        if crowd.first == GOOD:
            connection.recv(65536)
        connections.append(connection)
    end = threading.Event()

    def drip() -> None:
        for byte in crowd.drip:
            for connection in connections:
                with contextlib.suppress(OSError):  # it has been refused by now
                    connection.send(bytes([byte]))
            if end.wait(1):
                return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        for connection in connections:
            connection.close()


def settle(served: Served) -> None:
    """Wait until a server has done what a crowd that has just come or gone makes it do."""
    for _ in range(20):
        before = served.core_seconds()
        time.sleep(0.1)
        if served.core_seconds() - before < 0.01:
            return


def take_turns(pairs: Sequence[GoodClients], most: int) -> tuple[list[float], list[float]]:
    """Return the rates of two, measured in turns: `most` times at most, and not for long."""
    rates: tuple[list[float], list[float]] = ([], [])
    end = time.monotonic() + STAY_SECONDS
    while len(rates[0]) < most and time.monotonic() < end:
        first = len(rates[0]) % 2  # neither of them always comes first
        for which in (first, 1 - first):
            rates[which].append(pairs[which].rate(20))
    return rates


def ratio(rates: tuple[list[float], list[float]]) -> float:
    """Return the median of the second over the first."""
    return statistics.median(b / a for a, b in zip(*rates, strict=True))


def measure_crowd(crowd: Crowd, undisturbed: Served, most: int) -> tuple[list[str], float]:
    """Return a row of the table, and the ratio.

    The crowd is at one of two servers, and is not sent away meanwhile.
    """
    with serving() as served:
        clients = [GoodClients(undisturbed, 8), GoodClients(served, 8)]
        for each in clients:
            each.rate(20)  # to warm up
        before = served.megabytes()
        alone = take_turns(clients, most)
        with at_work(crowd, served):
            settle(served)
            beside = take_turns(clients, most)
            memory = served.megabytes()
        settle(served)
        after = served.megabytes()
        for each in clients:
            each.close()
        with at_work(crowd, served):
            settle(served)
            stop = served.stop()
    value = ratio(beside) / ratio(alone)
    figures = [*(f"{statistics.median(rates[1]):,.0f}/s" for rates in (alone, beside)), f"{value:.2f}"]
    figures += [f"{megabytes:.0f} MB" for megabytes in (before, memory, after)]
    return [crowd.name, *figures, f"{stop:.1f} s"], value


def measure_surely(crowd: Crowd, undisturbed: Served, most: int) -> tuple[list[str], float]:
    """Return what `measure_crowd` does; where the ratio is too low, the median of several times."""
    tries = [measure_crowd(crowd, undisturbed, most)]
    while tries[0][1] < LEAST_RATIO and len(tries) < TRIES:
        tries.append(measure_crowd(crowd, undisturbed, most))
    return sorted(tries, key=lambda each: each[1])[len(tries) // 2]


def chunked(path: str, *headers: str, chunks: bytes) -> bytes:
    """Encode a request whose body comes in chunks."""
    lines = [f"POST {path} HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", *headers, "", ""]
    return "\r\n".join(lines).encode() + chunks


def bombs() -> dict[str, bytes]:
    """Return some kilobytes that unpack to `UNPACKED`, by the encoding; those that this Python has."""
    found = {"gzip": gzip.compress(bytes(UNPACKED)), "deflate": zlib.compress(bytes(UNPACKED))}
    # The default of brotli's, 11, takes seconds for the same.
    for name, module, options in (("br", "brotli", {"quality": 9}), ("zstd", "backports.zstd", {})):
        with contextlib.suppress(ImportError):
            found[name] = importlib.import_module(module).compress(bytes(UNPACKED), **options)
    return found


def requests() -> dict[str, bytes]:
    """Return requests that are too much, by what they are."""
    form = "Content-Type: multipart/form-data; boundary=X"
    part = b'--X\r\nContent-Disposition: form-data; name="counts"\r\n\r\n1\r\n'
    pairs = b"&".join([b"counts=1"] * 100_000)
    megabyte = 2**20
    spaces = (b"10000\r\n" + b" " * 65536 + b"\r\n") * 32 + b"0\r\n\r\n"
    wrong = b'{"name":"a","counts":[""' + b',""' * 340_000 + b"]}"
    packed = bombs()
    unpacked = {
        f"{len(body) / 1000:,.1f} KB of {name} that are 64 MB": post(
            "/item", JSON, f"Content-Encoding: {name}", body=body
        )
        for name, body in packed.items()
    }
    return {
        "a body announced as 10 GB": post("/item", JSON, length=10**10),
        "the same, and asked for first": post("/item", JSON, "Expect: 100-continue", length=10**10),
        "a body of 2 MB in chunks": chunked("/item", JSON, chunks=spaces),
        "1 MB in chunks of one byte": chunked("/item", JSON, chunks=b"1\r\n \r\n" * (megabyte // 6) + b"0\r\n\r\n"),
        **unpacked,
        "the same as gzip, to where nobody reads it": post("/unread", "Content-Encoding: gzip", body=packed["gzip"]),
        "JSON of 1 MB of brackets": post("/item", JSON, body=b"[" * (megabyte - 1)),
        "JSON of 1 MB of one number": post("/item", JSON, body=b'{"name": ' + b"9" * (megabyte - 20) + b"}"),
        "JSON of 1 MB, 500,000 numbers": post("/item", JSON, body=b'{"name":"a","counts":[1' + b",1" * 500_000 + b"]}"),
        "JSON of 1 MB, each of them wrong": post("/item", JSON, body=wrong),
        "JSON of 1 MB of unknown properties": post(
            "/item", JSON, body=b'{"name":"a"' + b"".join(b',"%d":0' % n for n in range(90_000)) + b"}"
        ),
        "a form of 100,000 fields": post("/form", "Content-Type: application/x-www-form-urlencoded", body=pairs),
        "a form of 10,000 parts": post("/form", form, body=part * 10_000 + b"--X--\r\n"),
        "a path of 1 MB": b"GET /" + b"a" * megabyte + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        "a query of 7 KB, 3,500 parameters": b"GET /item?" + b"a&" * 3500 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        "a header of 1 MB": b"GET /item HTTP/1.1\r\nHost: a\r\nX: " + b"a" * megabyte + b"\r\n\r\n",
        "10,000 headers": b"GET /item HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 10_000 + b"\r\n",
        "1,000 requests in one go": GOOD * 999 + GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    }


def measure_request(request: bytes, served: Served, rounds: int) -> list[str]:
    """Return the status, the time to the answer and to the end of it, and how long a good client waits at most."""
    statuses, taken, longest = set[str](), [], []
    client = GoodClients(served)
    for _ in range(rounds):
        waits, end = list[float](), threading.Event()

        def keep_asking(waits: list[float] = waits, end: threading.Event = end) -> None:
            while not end.is_set():
                waits.append(client.ask())

        thread = threading.Thread(target=keep_asking)
        thread.start()
        began = time.perf_counter()
        with served.connect() as connection:
            sender = threading.Thread(target=_send, args=(connection, request))
            sender.start()
            answer = connection.recv(65536)
            taken.append(time.perf_counter() - began)
            sender.join()
        end.set()
        thread.join()
        statuses.add(answer[9:12].decode())
        longest.append(max(waits))
    client.close()
    return [" ".join(sorted(statuses)), *(f"{statistics.median(times) * 1000:,.0f} ms" for times in (taken, longest))]


def _send(connection: socket.socket, request: bytes) -> None:
    with contextlib.suppress(OSError):  # it has been refused by now
        connection.sendall(request)


def show(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], into: pathlib.Path | None) -> None:
    """Print a table; write it, too, where there is a folder."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    print(title)
    for row in (header, *rows):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True)
    if into is not None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        into.mkdir(parents=True, exist_ok=True)
        (into / f"{title}.csv").write_text(text.getvalue())


def main(into: pathlib.Path | None, *, quick: bool) -> None:
    """Measure all of it.

    Raises:
        SystemExit: A good client was held up too much.
    """
    most, rounds = (1, 1) if quick else (100, 5)
    measure = measure_crowd if quick else measure_surely
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < LEAST_FILES:
        raise SystemExit(f"a process may open {files} files here, and {LEAST_FILES} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    with pinned(LOAD_CORE):
        with serving() as undisturbed:
            measured = [measure(crowd, undisturbed, most) for crowd in CROWDS]
        header = ["beside", "rate alone", "rate beside", "ratio", "memory before", "beside", "after", "a stop"]
        show("crowds", header, [row for row, _ in measured], into)
        with serving() as served:
            GoodClients(served).rate(20)
            before = served.megabytes()
            rows = [[name, *measure_request(data, served, rounds)] for name, data in requests().items()]
            rows.append(["memory before and after all of them", "", f"{before:.0f} MB", f"{served.megabytes():.0f} MB"])
        show("requests", ["what is sent", "status", "answered after", "longest wait of another"], rows, into)
    slow = [row[0] for row, value in measured if round(value, 2) < LEAST_RATIO]
    if slow and not quick:
        raise SystemExit(f"less than {LEAST_RATIO} of the rate beside: {'; '.join(slow)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no rate is judged")
    parser.add_argument("--into", type=pathlib.Path, help="a folder for the tables as CSV")
    given = parser.parse_args()
    main(given.into, quick=given.quick)
