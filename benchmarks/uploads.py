"""Uploads of a gigabyte: their rate, and the most memory that the server has for them, beside hand-written aiohttp.

Each server runs in a process of its own and takes the same bytes over a socket, in turns. What aiohttp is written by
hand for is done the shortest way: its own multipart, and a file that is written as the bytes come.
"""

import asyncio
import dataclasses
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator

from aiohttp import web

from ponty.core import build_app, post, render_json
from ponty.request import BodyStream, ParsedForm, Request, Upload, expect

MEGABYTE = 1_000_000
LIMIT = 100_000 * MEGABYTE
ROUNDS = 5
HEAD = b'--X\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
TAIL = b"\r\n--X--\r\n"
PIECE = bytes(range(256)) * 4096
SERVERS = ("ponty form", "aiohttp form", "ponty stream", "aiohttp stream")
PAIRS = (("ponty form", "aiohttp form"), ("ponty stream", "aiohttp stream"))


@dataclasses.dataclass
class Form:
    file: Upload


class PostForm(Request):
    form = ParsedForm(Form, max_size=LIMIT)


class PostStream(Request):
    stream = BodyStream(max_size=LIMIT)


@post("/ponty/form")
@expect(PostForm)
@render_json
async def ponty_form(form: Form) -> int:
    return form.file.size


@post("/ponty/stream")
@expect(PostStream)
@render_json
async def ponty_stream(stream: AsyncIterator[bytes]) -> int:
    size = 0
    async for chunk in stream:
        size += len(chunk)
    return size


async def aiohttp_form(request: web.Request) -> web.Response:
    part = await (await request.multipart()).next()
    size = 0
    with tempfile.TemporaryFile() as file:
        while chunk := await part.read_chunk(65536):
            file.write(chunk)
            size += len(chunk)
    return web.json_response({"data": size})


async def aiohttp_stream(request: web.Request) -> web.Response:
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
    return web.json_response({"data": size})


async def serve() -> None:
    """Serve, and print the port."""
    app = build_app(client_max_size=LIMIT)
    app.router.add_post("/aiohttp/form", aiohttp_form)
    app.router.add_post("/aiohttp/stream", aiohttp_stream)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def upload(port: int, path: str, megabytes: int) -> float:
    """Upload so many megabytes, and give how many of them a second."""
    count = megabytes * MEGABYTE // len(PIECE)
    size = count * len(PIECE)
    length = len(HEAD) + size + len(TAIL)
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n"
    head += "Content-Type: multipart/form-data; boundary=X\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        start = time.perf_counter()
        connection.sendall(head.encode() + HEAD)
        for _ in range(count):
            connection.sendall(PIECE)
        connection.sendall(TAIL)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        taken = time.perf_counter() - start
    expected = size if path.endswith("form") else length
    assert b'"data"' in answer, answer[:500]
    assert str(expected).encode() in answer, answer
    return size / MEGABYTE / taken


def peak(process: int) -> float:
    """Return the most memory that a process has had, in megabytes."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def main(megabytes: int) -> None:
    """Measure all servers in turns, and print the medians."""
    servers = {name: subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE) for name in SERVERS}
    rates: dict[str, list[float]] = {name: [] for name in SERVERS}
    try:
        ports = {name: int(process.stdout.readline()) for name, process in servers.items() if process.stdout}
        idle: dict[str, float] = {}
        for name, port in ports.items():
            upload(port, f"/{name.replace(' ', '/')}", 10)
            idle[name] = peak(servers[name].pid)
        for _ in range(ROUNDS):
            for name, port in ports.items():
                rates[name].append(upload(port, f"/{name.replace(' ', '/')}", megabytes))
        print(f"uploads of {megabytes} MB, {ROUNDS} of each in turns")
        for name, process in servers.items():
            grown = peak(process.pid) - idle[name]
            rate = statistics.median(rates[name])
            print(f"  {name:15} {rate:7,.0f} MB/s, {grown:5.1f} MB more memory than for 10 MB")
        for ours, theirs in PAIRS:
            ratio = statistics.median(a / b for a, b in zip(rates[ours], rates[theirs], strict=True))
            print(f"  {ours} / {theirs}: {ratio:.2f} of the rate")
    finally:
        for process in servers.values():
            process.kill()
            process.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
