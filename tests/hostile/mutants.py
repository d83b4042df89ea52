"""Valid requests, damaged at random by a seed, and what must be true of a server that gets them.

`python tests/hostile/mutants.py 10000 [SEED]` sends as many, and prints what came of them. Each goes over a connection
of its own, in one piece or in several, behind a good request now and then. What must be true:

- all that comes back is well-formed answers, and nothing comes after an answer that closes;
- none of them is a 5xx, but for the 501 and 505 of methods and versions that nobody speaks;
- there are no more answers than requests that the bytes can be taken for, each of which needs the end of a head;
- a good request over a new connection has its own answer.
"""

import asyncio
import collections
import pathlib
import random
import re
import sys
from collections.abc import Iterator
from contextlib import suppress

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from answers import Answer, Malformed, read_all

PROGRAM = pathlib.Path(__file__).parent / "program.py"
PATIENCE = 300
"""Seconds after which an answer is taken never to come."""

REFUSALS = {501, 505}


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"{line} HTTP/1.1", "Host: a", *headers, "", ""]).encode() + body


def _body(path: str, media_type: str, body: bytes) -> bytes:
    return request(f"POST {path}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", body=body)


PART = b'--X\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
VALID = [
    request("GET /items/ann?colour=red", "X-Token: t", "Accept: */*"),
    request("GET /items/%C3%A9?colour=a%20b", "Cookie: a=b; c=d", "User-Agent: u"),
    request("HEAD /items/ann"),
    request("OPTIONS /items/ann", "Origin: http://b", "Access-Control-Request-Method: GET"),
    request("DELETE /items/ann"),
    request("GET /none", "Range: bytes=0-1", "If-None-Match: *"),
    _body("/items", "application/json", b'{"name": "ann", "count": 2}'),
    _body("/items", "application/json; charset=utf-8", '{"name": "\u00e9\U0001f600"}'.encode()),
    _body("/forms", "application/x-www-form-urlencoded", b"name=a%20b&count=3"),
    _body("/forms", "multipart/form-data; boundary=X", PART % (b"name", b"a") + PART % (b"count", b"3") + b"--X--\r\n"),
    _body("/unread", "text/plain", b"GET /items/hidden HTTP/1.1\n\n"),
    request(
        "POST /items",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
        body=b'8;a=b\r\n{"name":\r\n4\r\n"a"}\r\n0\r\nX-Trailer: t\r\n\r\n',
    ),
    request(
        "POST /items",
        "Content-Type: application/json",
        "Content-Length: 13",
        "Expect: 100-continue",
        body=b'{"name": "a"}',
    ),
    request("GET /items/a", "Connection: close") + request("GET /items/b"),
    request("GET /items/a") + request("GET /items/b") + request("GET /items/c"),
]
GOOD = request("GET /items/good", "Connection: close")
SPECIAL = [*(b"\r\n", b"\n", b"\r", b"\x00", b" ", b":", b"\xff", b"%", b'"')]
SPECIAL += [b"\r\n\r\n", b"chunked", b"-1", b"9" * 20, b"HTTP/1.0"]


def mutate(random: random.Random) -> bytes:
    """Return a valid request with one to four faults."""
    data = bytearray(random.choice(VALID))
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        end = min(len(data), at + random.choice([1, 1, 2, 8, 40]))
        match random.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 1:
                data[at:at] = random.choice([*SPECIAL, random.randbytes(1)])
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = data[at:end] * random.choice([1, 1, 3, 200])
            case 4:
                data[at:end] = random.choice(SPECIAL)
            case _:
                del data[max(at, 1) :]
    return bytes(data)


def _pieces(data: bytes, random: random.Random) -> Iterator[bytes]:
    while data:
        at = random.choice([len(data), len(data), random.randint(1, len(data))])
        yield data[:at]
        data = data[at:]


async def exchange(port: int, data: bytes, random: random.Random) -> bytes:
    """Send all of it over a connection; return all that comes until the server closes it.

    A good request goes over another connection after each piece, so that the server has taken and answered what it has
    by then. Where a client ends what it sends before, aiohttp may close without an answer, or take two pieces for one.

    Raises:
        Malformed: A good request did not have its own answer.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        async with asyncio.timeout(PATIENCE):
            with suppress(OSError):  # it has refused the rest
                for piece in _pieces(data, random):
                    writer.write(piece)
                    await writer.drain()
                    await ask_well(port)
                writer.write_eof()
            with suppress(ConnectionError):
                while some := await reader.read(2**16):
                    got += some
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return got


async def ask_well(port: int) -> None:
    """Send a good request over a connection of its own.

    Raises:
        Malformed: It did not have its own answer.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(GOOD)
        (good,) = read_all(await reader.read())
    finally:
        writer.close()
    if b'"good"' not in good.body:
        raise Malformed(f"a good request got {good}")


def check(sent: bytes, got: bytes) -> list[Answer]:
    """Return the answers.

    Raises:
        Malformed: They are not what may come back.
    """
    # The answer to HEAD has no body, which only who has sent it can know.
    heads = len(re.findall(rb"HEAD ", sent))
    answered = [] if heads else read_all(got)
    for answer in answered:
        if answer.status >= 500 and answer.status not in REFUSALS:
            raise Malformed(f"{answer.status}: {answer.body!r}")
    if len(answered) > sent.count(b"\n") + 1:
        raise Malformed(f"{len(answered)} answers")
    if heads and not re.fullmatch(rb"(HTTP/1\.[01] [1-4][0-9][0-9] .*)?|HTTP/1\.[01] 50[15] .*", got, re.DOTALL):
        raise Malformed(f"to HEAD: {got!r}")
    return answered


def _check_ahead(answered: list[Answer]) -> None:
    # Where the first bytes of a segment are good and later ones are not, aiohttp's parser refuses all of them.
    if answered and b'"ahead"' not in answered[0].body and not answered[0].closes:
        raise Malformed(f"the good request ahead of it got {answered[0]}")


async def attack(port: int, count: int, seed: int) -> collections.Counter[int]:
    """Send `count` mutants to a server of `program.py`; return how often each status came.

    Raises:
        Malformed: Something was not true; it names the mutant.
    """
    source = random.Random(seed)
    statuses = collections.Counter[int]()
    for number in range(count):
        mutant = mutate(source)
        ahead = source.random() < 0.3
        sent = (request("GET /items/ahead") if ahead else b"") + mutant
        try:
            answered = check(sent, await exchange(port, sent, source))
            if ahead:
                _check_ahead(answered)
        except (Malformed, TimeoutError, OSError) as error:
            raise Malformed(f"mutant {number} of seed {seed}, {sent!r}: {error!r}") from error
        statuses.update(answer.status for answer in answered)
    return statuses


async def start() -> tuple[asyncio.subprocess.Process, int]:
    """Serve `program.py`; return its process and its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    async for line in process.stdout:
        if match := re.match(rb"Serving on http://127.0.0.1:(\d+)", line):
            return process, int(match[1])
    raise RuntimeError("the program did not start")


async def main(count: int, seed: int) -> None:
    """Send `count` mutants to a program of their own."""
    process, port = await start()
    try:
        statuses = await attack(port, count, seed)
    finally:
        process.kill()
        await process.communicate()
    print(f"{count} mutants of seed {seed}: {dict(sorted(statuses.items()))}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)))
