"""Text that is not UTF-8 is refused wherever it stands, and what cookies of odd forms read as."""

import asyncio
import json

import pytest

from ponty.core import get, render_json
from ponty.request import (
    Cookie,
    Header,
    QueryParameter,
    Request,
    RouteParameter,
    StringQueryParameter,
    StringRouteParameter,
    expect,
)


@pytest.fixture
def send(serve):
    """Serve a handler that gives back the value of a field, send a head of raw bytes, and give status and JSON."""

    async def send(field, target, *lines):
        class OneField(Request):
            value = field

        @get(f"/{OneField.value}" if isinstance(field, RouteParameter) else "/")
        @expect(OneField)
        @render_json
        async def handler(value: object) -> object:
            return value

        client = await serve()
        reader, writer = await asyncio.open_connection(client.host, client.port)
        head = [b"GET " + target + b" HTTP/1.1", b"Host: a", b"Connection: close", *lines]
        writer.write(b"\r\n".join(head) + b"\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return int(head.split()[1]), json.loads(body)

    return send


class Segment(RouteParameter[str]):
    def __init__(self) -> None:
        super().__init__(pattern="[^/]+")


@pytest.mark.parametrize(
    ("field", "target", "lines"),
    [
        (lambda: StringQueryParameter(default=""), b"/?value=%ff", []),
        (lambda: StringQueryParameter(default=""), b"/?value=a%FFb", []),
        (lambda: StringQueryParameter(default=""), b"/?value=%ED%A0%80", []),
        (lambda: StringQueryParameter(default=""), b"/?value=%C3", []),
        (lambda: StringQueryParameter(default=""), b"/?value=%C0%80", []),
        (lambda: StringQueryParameter(default=""), b"/?other=%EF%BF%BD&value=%f8", []),
        (lambda: StringQueryParameter(default="", key="v w"), b"/?v+w=%ff", []),
        (lambda: StringQueryParameter(default="", key="\xeb"), b"/?%C3%AB=%ff", []),
        (lambda: QueryParameter(str, default=""), b"/?value=%ff", []),
        (lambda: QueryParameter(list[str], default=[]), b"/?value=a&value=%ff", []),
        (lambda: QueryParameter(default="", cast_func=str.upper), b"/?value=%ff", []),
        (lambda: RouteParameter(str), b"/%ff", []),
        (lambda: RouteParameter(str), b"/a%ED%A0%80", []),
        (Segment, b"/%ff", []),
        (lambda: Header(key="X-A"), b"/", [b"X-A: \xff"]),
        (lambda: Header(str, key="X-A", required=True), b"/", [b"X-A: \xff"]),
        (lambda: Cookie(name="a"), b"/", [b"Cookie: a=\xff"]),
        (lambda: Cookie(str, name="a", default=""), b"/", [b"Cookie: a=\xff"]),
    ],
)
async def test_it_is_a_400_and_in_a_path_a_404(send, field, target, lines):
    refused = field()
    status, body = await send(refused, target, *lines)
    due = 404 if isinstance(refused, RouteParameter) else 400
    assert (status, [error["detail"] for error in body["errors"]]) == (due, ["is not valid UTF-8"])


@pytest.mark.parametrize(
    ("field", "target", "value"),
    [
        (lambda: StringQueryParameter(default=""), b"/?value=%EF%BF%BD", "\ufffd"),
        (lambda: StringQueryParameter(default=""), b"/?value=%EF%BF%BD&other=%ff", "\ufffd"),
        (lambda: StringQueryParameter(default=""), b"/?value=%F0%9F%90%8E", "\U0001f40e"),
        (lambda: StringQueryParameter(default=""), b"/?value=%zz", "%zz"),
        (lambda: QueryParameter(list[str], default=[]), b"/?value=%EF%BF%BD&value=a", ["\ufffd", "a"]),
        (lambda: RouteParameter(str), b"/%EF%BF%BD", "\ufffd"),
        (lambda: RouteParameter(str), b"/%25ff", "%ff"),
        (lambda: StringRouteParameter(), b"/Zo%C3%AB", "Zo\xeb"),
    ],
)
async def test_the_character_that_stands_for_it_elsewhere_is_a_character_here(send, field, target, value):
    status, body = await send(field(), target)
    assert (status, body.get("data")) == (200, value)


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ([b"Cookie: s=1; s=2"], "1"),
        ([b"Cookie: s=1", b"Cookie: s=2"], "1"),
        ([b"Cookie: a=1", b"Cookie: s=2"], "2"),
        ([b"Cookie: a=s; s=2"], "2"),
        ([b"Cookie: as=1; s=2"], "2"),
        ([b"Cookie: s=a b c"], "a b c"),
        ([b"Cookie: s=a b c; t=1"], "a b c"),
        ([b"Cookie: s= a "], "a"),
        ([b"Cookie: s=a=b=c"], "a=b=c"),
        ([b"Cookie: s=a,b"], "a,b"),
        ([b"Cookie: s={}[]()<>@"], "{}[]()<>@"),
        ([b"Cookie: s="], ""),
        ([b"Cookie: s"], "-"),
        ([b"Cookie: S=1"], "-"),
        ([b"Cookie: ;;;=;s;=b; s=1"], "1"),
        ([b'Cookie: s="a b"'], "a b"),
        ([b'Cookie: s="a\\"b"'], 'a"b'),
        ([b'Cookie: s="a\\073b"'], "a;b"),
        ([b'Cookie: s="a'], '"a'),
        ([b'Cookie: s="'], '"'),
        ([b"Cookie: s=Zo\xc3\xab"], "Zo\xeb"),
        ([b"Cookie: path=1; domain=2; s=3; expires=4"], "3"),
        ([b"Cookie: " + b"a=b; " * 1000 + b"s=1"], "1"),
        ([], "-"),
    ],
)
async def test_a_cookie_of_an_odd_form(send, lines, value):
    """Of one name given twice it is the first, which has the more specific path (RFC 6265 §5.4)."""
    status, body = await send(Cookie(name="s", default="-"), b"/", *lines)
    assert (status, body.get("data")) == (200, value)
