"""A soak: good, bad, slow and cancelled clients, all at once, for as long as one likes, against a served program.

`python tests/hostile/soak.py SECONDS [SEED]` fails if a good request gets anything but its own answer, if anybody gets
a 5xx or bytes that are no answer, or if the program's resident memory grows by more than `MOST_GROWTH` between the end
of the warm-up, a fifth of the time, and the end. It reads memory from `/proc`, so it needs Linux.
"""

import asyncio
import collections
import pathlib
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import mutants
from answers import Malformed, read_all

MOST_GROWTH = 8 * 1024
"""Kilobytes of resident memory by which the program may grow after the warm-up: the noise of an allocator."""

CLIENTS = 4
"""Clients of each kind at once."""


async def be_good(port: int, source: random.Random) -> None:
    """Ask for something, and check that it is this answer which comes."""
    name = str(source.randrange(10**9))
    line = f"GET /items/{name}?colour={'x' * source.randrange(2000)}"
    request = mutants.request(line, "Connection: close")
    (answer,) = read_all(await mutants.exchange(port, request, source))
    if answer.status != 200 or f'"{name}"'.encode() not in answer.body:
        raise Malformed(f"a good request got {answer}")


async def be_bad(port: int, source: random.Random) -> None:
    """Send a damaged request."""
    sent = mutants.mutate(source)
    mutants.check(sent, await mutants.exchange(port, sent, source))


async def be_slow(port: int, source: random.Random) -> None:
    """Send a good body a few bytes at a time."""
    body = b'{"name": "' + b"x" * source.randrange(200) + b'"}'
    head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
    sent = f"POST /items HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n".encode() + body
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for at in range(0, len(sent), 20):
            writer.write(sent[at : at + 20])
            await writer.drain()
            await asyncio.sleep(0.02)
        (answer,) = read_all(await reader.read())
        if answer.status != 200:
            raise Malformed(f"a slow request got {answer}")
    finally:
        writer.close()


async def be_gone(port: int, source: random.Random) -> None:
    """Go away at any time: in the head, in the body, or while the handler works."""
    sent = source.choice([*mutants.VALID, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" * 3])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent[: source.randint(1, len(sent))] if source.random() < 0.5 else sent)
    with suppress(ConnectionError):
        await writer.drain()
        await asyncio.sleep(source.choice([0, 0.01, 0.04]))
    writer.transport.abort()


def resident(process: int) -> int:
    """Return the resident memory of a process, in kilobytes."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


async def main(seconds: float, seed: int) -> None:
    """Run the soak; print what came of it.

    Raises:
        Malformed: An answer was not what it must be.
        SystemExit: The program's memory grew.
    """
    process, port = await mutants.start()
    source, done = random.Random(seed), collections.Counter[str]()
    began = time.monotonic()

    async def keep(kind: Callable[[int, random.Random], Awaitable[None]]) -> None:
        own = random.Random(source.random())
        while time.monotonic() - began < seconds:
            await kind(port, own)
            done[kind.__name__] += 1

    memory = []

    async def look() -> None:
        while time.monotonic() - began < seconds:
            await asyncio.sleep(seconds / 20)
            memory.append(resident(process.pid))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(look())
            for kind in (be_good, be_bad, be_slow, be_gone):
                for _ in range(CLIENTS):
                    group.create_task(keep(kind))
    finally:
        process.kill()
        await process.communicate()
    warm = max(memory[:4])
    growth = max(memory[-4:]) - warm
    print(f"seed {seed}, {seconds:g} s: {dict(done)}; {warm} KB after the warm-up, {growth:+} KB since, {memory}")
    if growth > MOST_GROWTH:
        raise SystemExit(f"memory grew by more than {MOST_GROWTH} KB")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)))
