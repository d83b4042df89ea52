"""What a body costs, as ratios within one run: `hatch run bench:bodies`.

Bytes to an instance of a nested dataclass with five fields, the whole path, against jsonschema's validation alone, and
against the same path of pydantic (strict, a `TypeAdapter` of the same dataclass). What bad bodies cost is measured by
`benchmarks/refusals.py`.
"""

import dataclasses
import datetime
import statistics
import time
from collections.abc import Callable

import jsonschema
import msgspec
import pydantic

from ponty.request import ParsedJsonBody, dataclass_to_jsonschema

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


if __name__ == "__main__":
    measure_building()
