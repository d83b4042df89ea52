"""Open streams: what a thousand of them cost while they say little, and how long a stop takes with all of them open.

    python benchmarks/streams.py [SECONDS [STREAMS]]

A program of its own process, on one core, holds 1,000 streams of events that say 100 events a second in total, for so
many seconds. Its memory is read when all are open, and at the end. Then it is told to stop. The same with websockets.
"""

import asyncio
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

EVENTS_PER_SECOND = 100


def serve(streams: int) -> None:
    """Serve, until a signal."""
    from ponty import Event, Socket, accept_socket, get, render_events, startmeup, websocket  # noqa: PLC0415

    period = streams / EVENTS_PER_SECOND

    @get("/events")
    @render_events(last=Event("bye"))
    async def events(request: web.Request) -> AsyncIterator[Event[str]]:
        yield Event("hello", id="0")
        await asyncio.sleep(period * int(request.query["number"]) / streams)
        while True:
            yield Event("x" * 100, id=str(time.time_ns()))
            await asyncio.sleep(period)

    async def ticks(number: int) -> AsyncIterator[str]:
        await asyncio.sleep(period * number / streams)
        while True:
            yield "x" * 100
            await asyncio.sleep(period)

    @websocket("/socket")
    @accept_socket(str, str)
    async def socket(socket: Socket[str, str], request: web.Request) -> None:
        await socket.send("hello")
        async with socket.sending(ticks(int(request.query["number"]))):
            async for _ in socket:
                pass

    startmeup(port=0, access_log=None)


def resident(pid: int) -> float:
    """Return how many MB of memory a process has."""
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def cpu_seconds(pid: int) -> float:
    """Return how long a process has used a processor."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children() -> float:
    """Return how long the processes that this one has started, and that have ended, have used a processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def follow(session: aiohttp.ClientSession, kind: str, number: int, counts: dict[str, int]) -> None:
    """Take what one stream says until it ends."""
    if kind == "events":
        async with session.get(f"/events?number={number}") as answer:
            while line := await answer.content.readline():
                counts["open"] += line == b"data: hello\n"
                counts["events"] += line.startswith(b"data: x")
                counts["ended well"] += line == b"data: bye\n"
    else:
        async with session.ws_connect(f"/socket?number={number}") as client:
            async for message in client:
                counts["open"] += message.data == '"hello"'
                counts["events"] += message.data != '"hello"'
            counts["ended well"] += client.close_code == 1001


async def measure(kind: str, seconds: float, streams: int) -> None:
    """Measure one kind, and print it."""
    command = [sys.executable, __file__, "--serve", str(streams)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: ASYNC220
        own, *others = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(server.pid, {own})
        os.sched_setaffinity(0, others or {own})
        assert server.stdout is not None
        address = next(match[1] for line in server.stdout if (match := re.match(r"Serving on (http://\S+)", line)))
        before = resident(server.pid)
        counts = {"open": 0, "events": 0, "ended well": 0}
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(address.rstrip("/"), connector=connector, timeout=timeout) as session:
            following = [asyncio.create_task(follow(session, kind, number, counts)) for number in range(streams)]
            while counts["open"] < streams:  # noqa: ASYNC110 - a count sets no event
                await asyncio.sleep(0.1)
            await asyncio.sleep(min(10, seconds / 3))  # all have said something
            said, used, first = counts["events"], cpu_seconds(server.pid), resident(server.pid)
            await asyncio.sleep(seconds)
            said, used, last = counts["events"] - said, cpu_seconds(server.pid) - used, resident(server.pid)
            began, busy = time.monotonic(), cpu_seconds(server.pid) + _children()
            server.send_signal(signal.SIGTERM)
            await asyncio.gather(*following, return_exceptions=True)
            ended = time.monotonic() - began
            status = await asyncio.to_thread(server.wait)
            stopped, busy = time.monotonic() - began, _children() - busy
    each = (first - before) * 1024 / streams
    print(f"{kind}: {streams} open, {said / seconds:.0f} said a second, {used / seconds:.1%} of one core")
    print(f"  memory: {before:.1f} MB with none, {first:.1f} with all ({each:.0f} KB each), {last:.1f} at the end")
    print(f"  stop: all ended after {ended:.2f} s, {counts['ended well']} of them well;")
    print(f"    the process after {stopped:.2f} s, {busy:.2f} s of it at work, with status {status}", flush=True)


def main() -> None:
    """Measure both kinds."""
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]))
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    streams = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    cores = os.sched_getaffinity(0)
    for kind in ("events", "websockets"):
        os.sched_setaffinity(0, cores)
        asyncio.run(measure(kind, seconds, streams))


if __name__ == "__main__":
    main()
