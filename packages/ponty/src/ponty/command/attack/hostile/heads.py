"""Requests with a hostile head: their method, path, parameters, headers or length."""

import random
from typing import Final

import msgspec

from ponty.command.attack.requests import Case, Maker, quoted

TEXTS: Final = (
    *("", " ", "null", "NaN", "-0", "1e999", "0x10", "1_000", "+1", "\u0661", "9" * 19, "9" * 400, "9" * 5000, "-1"),
    *("a\x00b", "\x7f", "a\r\nX-Injected: 1", "../../etc/passwd", "%", "%00", "%ff%fe", "%ed%a0%80", "%zz", "{}", "[]"),
    *("' OR '1'='1", "<script>", "\u202e", "\U0001f600" * 50, "a" * 7000, "true", "2026-02-30", "," * 900),
)
"""Hostile values of parameters."""
PIECES: Final = (b"\r\n", b"\n", b"\r", b"\x00", b" ", b":", b"\xff", b"chunked", b"9" * 20)
"""Bytes that have a meaning in the head of a request."""


def hostile_parameter(case: Case, maker: Maker) -> Case:
    """Return a request with one hostile parameter."""
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
    """Return a request with up to hundreds of parameters that are unknown or repeated."""
    names = [parameter["name"] for parameter in case.operation.parameters if parameter["in"] == "query"] or ["a"]
    count = maker.random.choice([2, 100, 900])
    name = maker.random.choice(names)
    again = maker.random.random() < 0.5
    return msgspec.structs.replace(
        case, query=(*case.query, *((name if again else f"k{number}", str(number % 10)) for number in range(count)))
    )


def hostile_path(case: Case, maker: Maker) -> Case:
    """Return a request with a path that routers and logs do not expect."""
    tails = ["/", "//", "/.", "/..", "/%2e%2e", "/%00", "/%ff", ";a=b", "/" + "a" * 6000, "/" * 3000]
    tail = maker.random.choice(tails)
    return msgspec.structs.replace(case, path=case.path + tail)


def hostile_method(case: Case, maker: Maker) -> Case:
    """Return a request with a method that has no route, or that the server answers by itself."""
    method = maker.random.choice(["HEAD", "OPTIONS", "TRACE", "PATCH", "DELETE", "PROPFIND", "A" * 40, "get"])
    return msgspec.structs.replace(case, method=method)


def hostile_headers(case: Case, maker: Maker) -> Case:
    """Return a request with headers that are many, long, repeated or malformed."""
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


def damaged(case: Case, maker: Maker) -> Case:
    """Return a request whose bytes are damaged at random."""
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
    """Return a request whose length is given in two ways, or in a malformed way."""
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


def _text(random: random.Random) -> str:
    return random.choice(TEXTS)


def _escaped(text: str) -> str:
    """Return a text percent-encoded for a URL, unless it begins with a percent sign."""
    return text if text.startswith("%") else quoted(text)
