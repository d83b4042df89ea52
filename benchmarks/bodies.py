"""What bodies cost, as ratios within one run.

- Bytes to an instance of a nested dataclass with five fields, the whole path, against jsonschema's validation alone,
  and against the same path of pydantic (strict, a `TypeAdapter` of the same dataclass).
- Requests with good bodies a second, against requests with each of several kinds of malformed ones.

Run it by `hatch run bench:bodies`.
"""

import asyncio
import dataclasses
import datetime
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import jsonschema
import msgspec
import pydantic

from ponty.core import post, render_json, startmeup
from ponty.request import ParsedJsonBody, Request, dataclass_to_jsonschema, expect

ROUNDS = 5


@dataclasses.dataclass
class Address:
    street: str
    city: str
    code: str
    country: str


@dataclasses.dataclass
class Person:
    name: str
    age: int
    born: datetime.date
    tags: list[str]
    addresses: list[Address]


class NewPerson(Request):
    person = ParsedJsonBody(Person)


@post("/people")
@expect(NewPerson, mimetype="application/json")
@render_json
async def add_person(person: Person) -> str:
    return person.name


GOOD = {
    "name": "Ann",
    "age": 41,
    "born": "1985-02-28",
    "tags": ["a", "b"],
    "addresses": [
        {"street": "Main Street 1", "city": "Springfield", "code": "12345", "country": "US"},
        {"street": "Plaza Mayor 2", "city": "Madrid", "code": "28012", "country": "ES"},
    ],
}
BAD = {
    "truncated": json.dumps(GOOD).encode()[:-10],
    "two violations": json.dumps(GOOD | {"age": "old", "extra": 1}).encode(),
    "another type": b"[1, 2, 3]",
    "fifty violations": json.dumps(GOOD | {"tags": [1] * 60}).encode(),
}


def microseconds(function: Callable[[], object], number: int) -> float:
    """Time a call."""
    start = time.perf_counter()
    for _ in range(number):
        function()
    return (time.perf_counter() - start) / number * 1e6


def measure_building() -> None:
    """Print what the whole path costs, and what part of jsonschema's validation that is."""
    field = ParsedJsonBody(Person)
    reference = jsonschema.Draft202012Validator(
        dataclass_to_jsonschema(Person), format_checker=jsonschema.FormatChecker()
    )
    body = msgspec.json.encode(GOOD)
    value = msgspec.json.decode(body)
    addresses = [Address(**address) for address in value["addresses"]]
    assert field.read(body) == Person("Ann", 41, datetime.date(1985, 2, 28), ["a", "b"], addresses)
    adapter = pydantic.TypeAdapter(Person)
    assert adapter.validate_json(body, strict=True) == field.read(body)
    ours, theirs, pydantics = [], [], []
    for _ in range(ROUNDS):
        ours.append(microseconds(lambda: field.read(body), 20_000))
        theirs.append(microseconds(lambda: reference.is_valid(value), 1_000))
        pydantics.append(microseconds(lambda: adapter.validate_json(body, strict=True), 20_000))
    whole, alone, other = map(statistics.median, (ours, theirs, pydantics))
    print(f"bytes to dataclass {whole:.2f} µs, jsonschema's validation alone {alone:.1f} µs: 1/{alone / whole:.0f}")
    print(f"the same by pydantic, strict: {other:.2f} µs; Ponty takes {whole / other:.2f} of it")


async def requests_a_second(port: int, body: bytes, seconds: float = 0.8, connections: int = 8) -> float:
    """Ask over keep-alive connections, and count the answers."""
    head = b"POST /people HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    request = head % len(body) + body
    end = time.perf_counter() + seconds
    answered = 0

    async def ask() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            answered += 1
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(connections)))
    return answered / (time.perf_counter() - start)


def measure_floods() -> None:
    """Print the rates of bad bodies over that of good ones."""
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        port = next(int(line.rpartition(b":")[2]) for line in server.stdout if b"http://" in line)
        rates: dict[str, list[float]] = {"good": [], **{name: [] for name in BAD}}
        for _ in range(ROUNDS):
            for name, found in rates.items():
                found.append(asyncio.run(requests_a_second(port, BAD.get(name, json.dumps(GOOD).encode()))))
        good = statistics.median(rates.pop("good"))
        print(f"good bodies {good:.0f}/s")
        for name, found in rates.items():
            rate = statistics.median(found)
            print(f"{name} {rate:.0f}/s: {rate / good:.2f}")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        startmeup(port=0)
    else:
        measure_building()
        measure_floods()
