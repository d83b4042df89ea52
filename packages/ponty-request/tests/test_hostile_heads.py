"""No head of a request, however odd, is a 500."""

import json
import socket

import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from ponty.core import render_json
from ponty.request import (
    ContentLength,
    ContentType,
    Cookie,
    Header,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Request,
    StringQueryParameter,
    StringRouteParameter,
    expect,
)


class Everything(Request):
    id = PosIntRouteParameter()
    name = StringRouteParameter()
    page = PosIntQueryParameter(default=1)
    word = StringQueryParameter(default="")
    agent = Header(key="User-Agent")
    type = ContentType()
    length = ContentLength()
    session = Cookie(name="session")


table = web.RouteTableDef()


@table.get(f"/{Everything.id}/{Everything.name}")
@expect(Everything, whole=True)
@render_json
async def echo(r: Everything) -> list[object]:
    return list(vars(r).values())


@pytest.fixture(scope="module")
def server(serve_in_thread):
    """Return the port of the server, and what is logged."""
    return serve_in_thread(table, "ponty.core")


def send(port, head):
    """Send a head and give the status, the headers and the body of the answer."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head, body


raw = st.binary(max_size=60).map(lambda text: bytes(byte for byte in text if byte not in b"\r\n\0"))
quoted = st.text(max_size=20).map(
    lambda text: "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass")).encode()
)
target = st.one_of(raw.map(lambda text: text.replace(b" ", b"")), quoted)


@given(id=target, name=target, query=target, agent=raw, cookie=raw, content_type=raw)
@example(id=b"1", name=b"ann", query=b"", agent=b"", cookie=b"", content_type=b"")
@example(id=b"1" * 5000, name=b"ann", query=b"", agent=b"", cookie=b"", content_type=b"")
@example(id=b"1", name=b"a", query=b"page=" + b"1" * 5000, agent=b"", cookie=b"", content_type=b"")
@example(
    id=b"1", name=b"a", query=b"word=%ED%A0%80", agent=b"\xff", cookie=b"session=\xff", content_type=b"\xed\xa0\x80"
)
@example(id=b"1", name=b"a", query=b"&".join([b"page=1"] * 600), agent=b"", cookie=b"", content_type=b"")
@example(id=b"1", name=b"a", query=b"word=\xff", agent=b"", cookie=b"", content_type=b"")
@example(id=b"1", name=b"\xff", query=b"", agent=b"", cookie=b"", content_type=b"")
def test_every_head_is_answered_and_none_with_a_500(server, id, name, query, agent, cookie, content_type):
    port, records = server
    line = b"GET /%b/%b?%b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" % (id, name, query)
    headers = b"User-Agent: %b\r\nCookie: session=%b\r\nContent-Type: %b\r\n" % (agent, cookie, content_type)
    status, head, body = send(port, line + headers + b"\r\n")
    assert status == 200 or 400 <= status < 500
    assert len(head) + len(body) < 8192 + len(agent)
    assert records == []
    if b"application/problem+json" in head:
        assert json.loads(body)["status"] == status
    assert send(port, b"GET /1/ann HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")[0] == 200
