"""What is hostile about a request: each function here takes a valid one, and makes it one of its kind.

They are made to find what is known to break servers: values of the wrong type, size and shape in each place, bodies
that cost more to refuse than to send, and bytes that are no request.
"""

import functools
import gzip
import json
import random
from collections.abc import Callable
from typing import Any, Final

import msgspec

from ponty.command.attack.requests import Case, Maker, quoted
from ponty.command.attack.target import Operation

Json = Any
Kind = Callable[[Case, Maker], Case]

TEXTS: Final = (
    *("", " ", "null", "NaN", "-0", "1e999", "0x10", "1_000", "+1", "\u0661", "9" * 19, "9" * 400, "9" * 5000, "-1"),
    *("a\x00b", "\x7f", "a\r\nX-Injected: 1", "../../etc/passwd", "%", "%00", "%ff%fe", "%ed%a0%80", "%zz", "{}", "[]"),
    *("' OR '1'='1", "<script>", "\u202e", "\U0001f600" * 50, "a" * 7000, "true", "2026-02-30", "," * 900),
)
"""Texts for parameters."""
PIECES: Final = (b"\r\n", b"\n", b"\r", b"\x00", b" ", b":", b"\xff", b"chunked", b"9" * 20)
"""Bytes that mean something in the head of a request."""
NUMBERS: Final = (0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 1e308, 0.1, 1e-320)
"""Numbers for bodies."""


def edge_values(case: Case, maker: Maker) -> Case:
    """Values just within their bounds."""
    return maker.case(case.operation, edge=True)


def hostile_parameter(case: Case, maker: Maker) -> Case:
    """One parameter that no schema lets in."""
    places = [parameter for parameter in case.operation.parameters if parameter["in"] in {"path", "query", "cookie"}]
    text = _text(maker.random)
    if not places:
        return msgspec.structs.replace(case, query=(*case.query, ("zq", _escaped(text))))
    parameter = maker.random.choice(places)
    name, marks = parameter["name"], (*case.marks, *([text] if len(text) > 10 else []))
    if parameter["in"] == "cookie":
        return msgspec.structs.replace(case, headers=(*case.headers, ("Cookie", f"{name}={quoted(text)}")), marks=marks)
    if parameter["in"] == "path":
        whole = case.operation.path
        for each in case.operation.parameters:
            if each["in"] == "path" and each is not parameter:
                whole = whole.replace(f"{{{each['name']}}}", "1")
        return msgspec.structs.replace(case, path=whole.replace(f"{{{name}}}", _escaped(text) or "%20"), marks=marks)
    query = [(key, value) for key, value in case.query if key != name]
    return msgspec.structs.replace(case, query=(*query, (quoted(name), _escaped(text))), marks=marks)


def many_parameters(case: Case, maker: Maker) -> Case:
    """More parameters than anybody needs, unknown ones and ones that are given again."""
    names = [parameter["name"] for parameter in case.operation.parameters if parameter["in"] == "query"] or ["a"]
    count = maker.random.choice([2, 100, 900])
    name = maker.random.choice(names)
    again = maker.random.random() < 0.5
    return msgspec.structs.replace(
        case, query=(*case.query, *((name if again else f"k{number}", str(number % 10)) for number in range(count)))
    )


def hostile_path(case: Case, maker: Maker) -> Case:
    """A path that routers and log files do not expect."""
    tails = ["/", "//", "/.", "/..", "/%2e%2e", "/%00", "/%ff", ";a=b", "/" + "a" * 6000, "/" * 3000]
    tail = maker.random.choice(tails)
    return msgspec.structs.replace(case, path=case.path + tail)


def hostile_method(case: Case, maker: Maker) -> Case:
    """A method that nobody has a route for, or that is answered by itself."""
    method = maker.random.choice(["HEAD", "OPTIONS", "TRACE", "PATCH", "DELETE", "PROPFIND", "A" * 40, "get"])
    return msgspec.structs.replace(case, method=method)


def hostile_headers(case: Case, maker: Maker) -> Case:
    """Headers that are many, long, given again, or none of their kind."""
    mark = maker.values.mark()
    added: list[tuple[str, str]] = maker.random.choice(
        [
            [("Accept", "text/html;q=0." + "1" * 500)],
            [("Accept-Encoding", ", ".join(f"a{number};q=0.{number}" for number in range(400)))],
            [("Accept", mark), ("Accept-Language", mark)],
            [("Cookie", "; ".join(f"c{number}={number}" for number in range(700)))],
            [("Cookie", f"{mark}; =; a==b; \x01")],
            [(f"X-{number}", "a") for number in range(60)],
            [("X-Long", mark + "a" * 7000)],
            [("If-None-Match", ", ".join(f'"{number}"' for number in range(1200)))],
            [("If-Match", f'W/"{mark}", *, "')],
            [("Range", "bytes=" + ",".join(f"{number}-" for number in range(900)))],
            [("Authorization", f"Bearer {mark}"), ("Authorization", f"Basic {mark}")],
            [("Authorization", "Basic " + "=" * 500)],
            [("Origin", f"https://{mark}.example"), ("Access-Control-Request-Method", mark)],
            [("X-Forwarded-For", ",".join(["1.1.1.1"] * 700)), ("X-Forwarded-Proto", mark)],
            [("Content-Type", mark)],
            [("Content-Type", "application/json; charset=" + mark)],
            [("X-Request-Id", mark), ("Traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-ff")],
            [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", mark)],
            [("Expect", "100-continue")],
            [("Last-Event-ID", "9" * 4000)],
        ]
    )
    names = {name.lower() for name, _ in added} - {"authorization"}
    kept = tuple((name, value) for name, value in case.headers if name.lower() not in names)
    return msgspec.structs.replace(case, headers=(*kept, *added), marks=(*case.marks, mark))


def hostile_member(case: Case, maker: Maker) -> Case:
    """A body with one value that is not what its schema lets in."""
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
    """A body that is none of its media type, or that costs more to refuse than to send."""
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
    """A body whose every part is at fault, so that each of them might be explained."""
    try:
        whole = json.loads(case.body)
    except ValueError:
        return hostile_body(case, maker)
    names: Json = {f"k{number}": [] for number in range(3000)}
    bad = maker.random.choice([[{}] * 3000, [None] * 20_000, names, [[[]]] * 5000])
    return msgspec.structs.replace(case, body=_dumps(_with(whole, bad, maker.random)), headers=_typed(case))


def encoded_body(case: Case, maker: Maker) -> Case:
    """A body that is larger than it looks, or encoded as nobody can read."""
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
    """A body under another media type than it is of, or under none."""
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
    """A form of more parts, or of stranger ones, than it may have."""
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


def damaged(case: Case, maker: Maker) -> Case:
    """Bytes that were a request once."""
    data = bytearray(case.wire())
    for _ in range(maker.random.randint(1, 4)):
        at = maker.random.randrange(len(data) + 1)
        match maker.random.randrange(5):
            case 0 if at < len(data):
                data[at] ^= 1 << maker.random.randrange(8)
            case 1:
                data[at:at] = maker.random.choice(PIECES)
            case 2:
                del data[at : at + maker.random.choice([1, 2, 8])]
            case 3:
                data[at:at] = data[at : at + 20] * maker.random.choice([1, 200])
            case _:
                del data[max(at, 1) :]
    return msgspec.structs.replace(case, raw=bytes(data))


def misframed(case: Case, maker: Maker) -> Case:
    """A request whose length is said in two ways, or in none that can be read."""
    fields = maker.random.choice(
        [
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Content-Length: -1",
            "Content-Length: " + "9" * 30,
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Content-Length: +5",
            "Transfer-Encoding : chunked",
        ]
    )
    tails = [b"hello", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"5;" + b"a" * 9000]
    tail = maker.random.choice(tails)
    head = f"{case.operation.method} {case.target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"
    return msgspec.structs.replace(case, raw=head.encode("utf-8", "replace") + tail)


KINDS: Final[dict[str, Kind]] = {
    "values at their bounds": edge_values,
    "a hostile parameter": hostile_parameter,
    "many parameters": many_parameters,
    "a hostile path": hostile_path,
    "another method": hostile_method,
    "hostile headers": hostile_headers,
    "a hostile member": hostile_member,
    "a hostile body": hostile_body,
    "a body that is wrong all over": wide_body,
    "an encoded body": encoded_body,
    "another media type": other_media_type,
    "a hostile form": hostile_form,
    "damaged bytes": damaged,
    "two lengths": misframed,
}
"""What may be hostile about a request, by what a report says of it."""
_OF_BODIES = frozenset(
    {"a hostile member", "a hostile body", "a body that is wrong all over", "an encoded body", "another media type"}
)


def kinds_for(operation: Operation) -> list[str]:
    """Return what may be hostile about the requests of an operation, what finds most twice; "" is a valid one."""
    bodies = operation.bodies
    usual = ["", "", "values at their bounds", "values at their bounds", "a hostile parameter", "a hostile parameter"]
    usual += ["a hostile member", "a hostile member"] if bodies else ["a hostile parameter"]
    has_forms = any("form" in each for each in bodies)
    others = (kind for kind in KINDS if (bodies or kind not in _OF_BODIES) and (has_forms or kind != "a hostile form"))
    return [*usual, *others]


def _text(random: random.Random) -> str:
    return random.choice(TEXTS)


def _escaped(text: str) -> str:
    """Return a text as it stands in a URL, what is escaped already left as it is."""
    return text if text.startswith("%") else quoted(text)


def _typed(case: Case) -> tuple[tuple[str, str], ...]:
    if case.header("content-type"):
        return case.headers
    media_type = next(iter(case.operation.bodies), "application/json")
    return (*case.headers, ("Content-Type", media_type))


def _with(whole: Json, bad: Json, random: random.Random) -> Json:
    """Return a value with one of its parts in exchange for another."""
    if isinstance(whole, dict) and whole and random.random() < 0.85:
        name = random.choice(sorted(whole))
        return {**whole, name: _with(whole[name], bad, random)}
    if isinstance(whole, list) and whole and random.random() < 0.85:
        at = random.randrange(len(whole))
        return [*whole[:at], _with(whole[at], bad, random), *whole[at + 1 :]]
    return bad


def _zipped(body: bytes) -> bytes:
    """Return a body compressed, the same at each time of the day."""
    return gzip.compress(body, mtime=0)


@functools.cache
def _bomb() -> bytes:
    """Return 20 KB that become 20 MB."""
    return _zipped(b"[" + b" " * 20_000_000 + b"]")


def _dumps(value: Json) -> bytes:
    return json.dumps(value).encode()


def _doubled(body: bytes) -> bytes:
    """Return an object whose names stand twice."""
    return body[:-1] + b"," + body[1:] if body.startswith(b"{") and body.endswith(b"}") and len(body) > 2 else body
