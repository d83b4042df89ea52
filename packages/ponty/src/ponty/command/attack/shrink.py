"""Smaller variants of a request, to find one that breaks the same promise."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from ponty.command.attack.requests import Case

Json = Any


def smaller(case: Case) -> Iterator[Case]:
    """Yield variants of a request that lack one part, large parts first."""
    replace = msgspec.structs.replace
    if case.raw:
        half = len(case.raw) // 2
        if half > 20:
            yield replace(case, raw=case.raw[:half])
        return
    if len(case.query) > 1:
        half = len(case.query) // 2
        yield replace(case, query=case.query[:half])
        yield replace(case, query=case.query[half:])
    for number in range(len(case.query)):
        yield replace(case, query=(*case.query[:number], *case.query[number + 1 :]))
    for number in range(len(case.headers)):
        yield replace(case, headers=(*case.headers[:number], *case.headers[number + 1 :]))
    for body in _smaller_bodies(case.body):
        yield replace(case, body=body)
    if len(case.path) > 100:
        yield replace(case, path=case.path[: len(case.path) // 2])


def _smaller_bodies(body: bytes) -> Iterator[bytes]:
    if not body:
        return
    yield b""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        yield body[: len(body) // 2]
    else:
        yield from (json.dumps(value).encode() for value in _smaller(whole))


def _smaller(value: Json) -> Iterator[Json]:
    if isinstance(value, list) and value:
        yield value[: len(value) // 2]
        yield value[1:]
        for number, inner in enumerate(value[:5]):
            for each in _smaller(inner):
                yield [*value[:number], each, *value[number + 1 :]]
    elif isinstance(value, dict):
        if len(value) > 10:
            yield dict([*value.items()][: len(value) // 2])
        for name in [*value][:10]:
            yield {key: inner for key, inner in value.items() if key != name}
        for name in [*value][:10]:
            for each in _smaller(value[name]):
                yield {**value, name: each}
    elif isinstance(value, str) and len(value) > 1:
        yield value[: len(value) // 2]
