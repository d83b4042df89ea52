"""Requests with a hostile body: its content, its encoding or its media type."""

import functools
import gzip
import json
import random
from collections.abc import Callable
from typing import Any, Final

import msgspec

from ponty.command.attack.requests import Case, Maker

Json = Any

NUMBERS: Final = (0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 1e308, 0.1, 1e-320)
"""Numbers for bodies."""


def hostile_member(case: Case, maker: Maker) -> Case:
    """Return a request whose body has one value that its schema does not allow."""
    try:
        whole = json.loads(case.body)
    except ValueError:
        return hostile_body(case, maker)
    mark = maker.values.mark()
    bad: Json = maker.random.choice(
        [
            None,
            *([True, mark, [], {}, [mark] * 200, {"k": mark}, [[[mark]]], "\ud800" + mark, "\x00" + mark, mark * 300]),
            *NUMBERS,
        ]
    )
    return msgspec.structs.replace(case, body=_dumps(_with(whole, bad, maker.random)), marks=(*case.marks, mark))


def hostile_body(case: Case, maker: Maker) -> Case:
    """Return a request whose body does not fit its media type, or costs more to refuse than to send."""
    size = maker.random.choice([10, 1000, 50_000])
    mark = maker.values.mark()
    text, given = mark.encode(), case.body
    makers: list[Callable[[], bytes]] = [
        bytes,
        lambda: b" " * size,
        lambda: b"\xff\xfe{\x00}\x00",
        lambda: b"\xef\xbb\xbf" + given,
        lambda: given[: len(given) // 2],
        lambda: given + b"x",
        lambda: given.replace(b"zq", b"\xed\xa0\x80"),
        lambda: b"[" * size,
        lambda: b"[" * size + b"]" * size,
        lambda: b'{"a":' * size + b"1" + b"}" * size,
        lambda: b"[" + b",".join([b"{}"] * size) + b"]",
        lambda: b"[" + b",".join([b'"' + text + b'"'] * (size // 10)) + b"]",
        lambda: b"{" + b",".join(b'"k%d":1' % number for number in range(size)) + b"}",
        lambda: b"{" + b",".join([b'"a":1'] * size) + b"}",
        lambda: b"9" * size,
        lambda: b"-" + b"1" * size + b"e" + b"9" * 20,
        lambda: b"[" + b",".join([b"1e999"] * (size // 6)) + b"]",
        lambda: b'{"a": NaN, "b": Infinity}',
        lambda: b'"' + b"\\ud800" * (size // 6) + b'"',
        lambda: b'"' + text + b"a" * size,
        lambda: _doubled(given),
        lambda: text,
    ]
    body = maker.random.choice(makers)()
    return msgspec.structs.replace(case, body=body, headers=_typed(case), marks=(*case.marks, mark))


def wide_body(case: Case, maker: Maker) -> Case:
    """Return a request whose body has thousands of invalid parts, each of which might be explained."""
    try:
        whole = json.loads(case.body)
    except ValueError:
        return hostile_body(case, maker)
    names: Json = {f"k{number}": [] for number in range(3000)}
    bad = maker.random.choice([[{}] * 3000, [None] * 20_000, names, [[[]]] * 5000])
    return msgspec.structs.replace(case, body=_dumps(_with(whole, bad, maker.random)), headers=_typed(case))


def encoded_body(case: Case, maker: Maker) -> Case:
    """Return a request whose body is compressed, much larger than it looks, or in an encoding that nobody can read."""
    name, body = maker.random.choice(
        [
            ("gzip", _bomb()),
            ("gzip", _zipped(case.body)),
            ("gzip", _zipped(case.body)[:-4]),
            ("deflate", case.body),
            ("gzip, gzip", _zipped(_bomb())),
            ("br", case.body),
            (maker.values.mark(), case.body),
        ]
    )
    return msgspec.structs.replace(case, headers=(*_typed(case), ("Content-Encoding", name)), body=body)


def other_media_type(case: Case, maker: Maker) -> Case:
    """Return a request whose body has a wrong media type, or none."""
    kept = tuple((name, value) for name, value in case.headers if name.lower() != "content-type")
    mark = maker.values.mark()
    other = maker.random.choice(
        [
            *("", "text/html", "application/xml", f"application/{mark}", "multipart/form-data", "a", "*/*"),
            *("multipart/form-data; boundary=" + "b" * 2000, "application/json; charset=utf-7"),
            "text/plain; charset=idna",
        ]
    )
    added = (("Content-Type", other),) if other else ()
    return msgspec.structs.replace(case, headers=(*kept, *added), body=case.body or b"{}", marks=(*case.marks, mark))


def hostile_form(case: Case, maker: Maker) -> Case:
    """Return a request with a form that has too many parts, or malformed ones."""
    mark = maker.values.mark()
    part = '--zqzq\r\nContent-Disposition: form-data; name="k"'
    body = maker.random.choice(
        [
            (f"{part}\r\n\r\n{mark}\r\n" * 3000 + "--zqzq--\r\n").encode(),
            (f'{part}; filename="../../../{mark}"\r\nContent-Type: {mark}\r\n\r\na\r\n--zqzq--\r\n').encode(),
            (part + "\r\nX: a" * 3000).encode(),
            b"--zqzq" * 5000,
            f"{part}\r\n\r\na".encode(),
            b"a=b&" * 20_000,
            b"%" * 30_000,
            b"=" * 30_000,
        ]
    )
    kept = tuple((name, value) for name, value in case.headers if name.lower() != "content-type")
    wanted = next((each for each in case.operation.bodies if "form" in each), "multipart/form-data")
    if wanted.startswith("multipart"):
        wanted += "; boundary=zqzq"
    headers = (*kept, ("Content-Type", wanted))
    return msgspec.structs.replace(case, headers=headers, body=body, marks=(*case.marks, mark))


def _typed(case: Case) -> tuple[tuple[str, str], ...]:
    if case.header("content-type"):
        return case.headers
    media_type = next(iter(case.operation.bodies), "application/json")
    return (*case.headers, ("Content-Type", media_type))


def _with(whole: Json, bad: Json, random: random.Random) -> Json:
    """Return a value with one of its parts replaced by another value."""
    if isinstance(whole, dict) and whole and random.random() < 0.85:
        name = random.choice(sorted(whole))
        return {**whole, name: _with(whole[name], bad, random)}
    if isinstance(whole, list) and whole and random.random() < 0.85:
        at = random.randrange(len(whole))
        return [*whole[:at], _with(whole[at], bad, random), *whole[at + 1 :]]
    return bad


def _zipped(body: bytes) -> bytes:
    """Return a body compressed with gzip, without a time stamp, so that a run can be repeated."""
    return gzip.compress(body, mtime=0)


@functools.cache
def _bomb() -> bytes:
    """Return 20 KB that decompress to 20 MB."""
    return _zipped(b"[" + b" " * 20_000_000 + b"]")


def _dumps(value: Json) -> bytes:
    return json.dumps(value).encode()


def _doubled(body: bytes) -> bytes:
    """Return a JSON object that has each of its names twice; another body as it is."""
    return body[:-1] + b"," + body[1:] if body.startswith(b"{") and body.endswith(b"}") and len(body) > 2 else body
