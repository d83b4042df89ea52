"""Where the instructions of an answer go: counted by valgrind's callgrind, so that no other program matters.

`python -m benchmarks.instructions [--into FOLDER]` prints two tables, and writes them as CSV into a folder: how many
instructions an answer takes, of Ponty's and of aiohttp's by hand and tuned, and in which functions those of one case
are. What the system does for a process, which is much of a request, is not counted.

The functions come from a second run, in which Python gives each of its functions an entry in machine code (`-X perf`);
what C does below one counts as that function's. That costs instructions of its own, so the parts are scaled to the sum
of the first run. It needs Linux, valgrind and Python 3.12 or later.
"""

import argparse
import collections
import contextlib
import csv
import dataclasses
import io
import pathlib
import re
import shutil
import socket
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence

from benchmarks.cases import CASES, Ask
from benchmarks.peers import BY_HAND, PONTY, TUNED, Peer
from benchmarks.serving import free_port

PATIENCE = 300
WARM_UP = 60
TIMES = 200
SHOWN = 0.004
"""The share of the whole from which on a function has a row of its own."""
CASES_SHOWN = ("hello", "search", "small body")

_ORIGINS = {
    "aiohttp": ("/aiohttp/", "/yarl/", "/multidict/", "/propcache/", "/frozenlist/", "/aiosignal/"),
    "Ponty": ("/ponty/", "/msgspec/"),
    "the program": ("/benchmarks/",),
}


@dataclasses.dataclass
class Counted:
    """What answers have cost.

    Args:
        each: Instructions of one.
        functions: Those that are a function's own, and how often it was called, by its name.
    """

    each: float
    functions: dict[tuple[str, str], tuple[float, float]]


def count(peer: Peer, request: Ask, *, by_function: bool) -> Counted:
    """Count what answers to `request` cost."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        options = ["--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"]
        python = [sys.executable]
        if by_function:
            options += [f"--fn-skip={letter}*" for letter in f"{string.ascii_letters}_"]
            python += ["-X", "perf"]
        port = free_port()
        with _process(["valgrind", *options, *python, str(peer.script), str(port)]) as process:
            _ask_when_ready(request, port, WARM_UP)
            _control(process, "--instr=on")
            _ask(request, port, 20)
            _control(process, "--zero")
            _ask(request, port, TIMES)
            _control(process, "--dump")
        text = out.with_name("out.1").read_text()
        entries = pathlib.Path(f"/tmp/perf-{process.pid}.map")
        names = _names(entries) if by_function else {}
        if by_function:
            entries.unlink()
    total = re.search(r"^summary: (\d+)", text, re.MULTILINE)
    assert total is not None
    return Counted(int(total[1]) / TIMES, _functions(text, names) if by_function else {})


@contextlib.contextmanager
def _process(command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _control(process: "subprocess.Popen[bytes]", what: str) -> None:
    subprocess.run(
        ["callgrind_control", what, str(process.pid)], check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE
    )


def _ask_when_ready(request: Ask, port: int, times: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            _ask(request, port, times)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def _ask(request: Ask, port: int, times: int) -> None:
    """Ask so often over one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        for _ in range(times):
            connection.sendall(request.encode(port))
            answer = b""
            while not _is_whole(answer):
                some = connection.recv(65536)
                assert some, "there is no answer"
                answer += some
            assert answer.startswith(b"HTTP/1.1 200 "), answer


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return length is not None and len(body) >= int(length[1])


def _names(entries: pathlib.Path) -> dict[int, str]:
    """Return the names of Python's functions by the address of their entry."""
    lines = (line.split(" ", 2) for line in entries.read_text().splitlines())
    return {int(address, 16): name for address, _, name in lines}


def _functions(text: str, names: dict[int, str]) -> dict[tuple[str, str], tuple[float, float]]:
    """Return what is each function's own of a callgrind file, as shares of the whole, and its calls an answer."""
    known = dict[str, str]()
    own: collections.Counter[tuple[str, str]] = collections.Counter()
    calls: collections.Counter[tuple[str, str]] = collections.Counter()
    current = called = ("", "")
    is_called_s = False
    for line in text.splitlines():
        if match := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?", line):
            name = known.setdefault(match[2], match[3])
            if match[1]:
                called = _named(name, names)
            else:
                current = _named(name, names)
        elif line.startswith("calls="):
            calls[called] += int(line[6:].split()[0])
            is_called_s = True
        elif line[:1].isdigit() or line[:1] in {"+", "-", "*"}:
            if not is_called_s:
                own[current] += int(line.split()[-1])
            is_called_s = False
    whole = sum(own.values())
    return {name: (cost / whole, calls[name] / TIMES) for name, cost in own.items()}


def _named(name: str, names: dict[int, str]) -> tuple[str, str]:
    """Return where a function is from, and what it is called."""
    name = name.partition("'")[0]
    if not name.startswith("0x"):
        return "uvloop", name if name.startswith("uv_") else "(others of uvloop and C)"
    known = names.get(int(name, 16), "")
    if not known.startswith("py::"):
        return "uvloop", "(others of uvloop and C)"
    called, _, file = known[4:].partition(":")
    origin = next((origin for origin, parts in _ORIGINS.items() if any(part in file for part in parts)), "Python")
    return origin, called.replace("<locals>.", "")


def sums(counted: dict[str, dict[str, Counted]]) -> list[list[str]]:
    """Return the rows of the first table."""
    rows = [["case", *counted[CASES_SHOWN[0]], f"{TUNED.name}, over Ponty's"]]
    for case, peers in counted.items():
        ratio = peers[TUNED.name].each / peers[PONTY.name].each
        rows.append([case, *(f"{each.each:,.0f}" for each in peers.values()), f"{ratio:.2f}"])
    return rows


def parts(ponty: Counted, tuned: Counted) -> list[list[str]]:
    """Return the rows of the second table."""
    rows = [["of", "function", "calls", PONTY.name, TUNED.name]]
    ours, theirs = ponty.functions, tuned.functions
    names = sorted(ours.keys() | theirs.keys(), key=lambda name: -max(_share(ours, name), _share(theirs, name)))
    for origin in ("aiohttp", "Ponty", "the program", "uvloop", "Python"):
        of_it = [name for name in names if name[0] == origin]
        shown = [name for name in of_it if max(_share(ours, name), _share(theirs, name)) >= SHOWN]
        for name in shown:
            calls = ours.get(name, theirs.get(name, (0, 0)))[1]
            rows.append([origin, f"``{name[1]}``", f"{calls:.0f}", *_each((name,), ponty, tuned)])
        rest = [name for name in of_it if name not in shown]
        if rest:
            rows.append([origin, f"{len(rest)} others", "", *_each(rest, ponty, tuned)])
        rows.append([origin, "**all**", "", *_each(of_it, ponty, tuned)])
    return rows


def _share(functions: dict[tuple[str, str], tuple[float, float]], name: tuple[str, str]) -> float:
    return functions.get(name, (0, 0))[0]


def _each(names: Sequence[tuple[str, str]], *counted: Counted) -> list[str]:
    return [f"{sum(_share(each.functions, name) for name in names) * each.each:,.0f}" for each in counted]


def show(name: str, rows: list[list[str]], into: pathlib.Path | None) -> None:
    """Print a table; write it, too, where there is a folder."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True)
    if into is not None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        into.mkdir(parents=True, exist_ok=True)
        (into / f"{name}.csv").write_text(text.getvalue())


def main(into: pathlib.Path | None) -> None:
    """Count all of it.

    Raises:
        SystemExit: Something is missing that it needs.
    """
    if sys.version_info < (3, 12) or shutil.which("valgrind") is None:
        raise SystemExit("this needs Python 3.12 or later, and valgrind")
    requests = {case.name: case.request for case in CASES if case.name in CASES_SHOWN}
    peers = (PONTY, TUNED, BY_HAND)
    counted = {
        case: {peer.name: count(peer, request, by_function=False) for peer in peers}
        for case, request in requests.items()
    }
    show("instructions", sums(counted), into)
    hello = requests["hello"]
    split = {peer.name: count(peer, hello, by_function=True) for peer in (PONTY, TUNED)}
    for name, each in split.items():
        each.each = counted["hello"][name].each
    show("hello", parts(split[PONTY.name], split[TUNED.name]), into)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=pathlib.Path, help="a folder for the tables as CSV")
    main(parser.parse_args().into)
