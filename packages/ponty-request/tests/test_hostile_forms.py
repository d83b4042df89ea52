"""Whatever comes as a form is read or refused: no 500, nothing of it in the answer, nothing held afterwards."""

import dataclasses
import gzip
import json
import os
import re
import socket
import zlib

import pytest
from aiohttp import web

from ponty.core import render_json
from ponty.request import ParsedForm, Request, Upload, expect
from ponty.request.forms import urlencoded_reader

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=X"
SECRET = b"s3cr3t"


@dataclasses.dataclass
class Form:
    text: str = ""
    number: int = 0
    many: list[str] = dataclasses.field(default_factory=list)
    file: Upload | None = None
    files: list[Upload] = dataclasses.field(default_factory=list)


class Limited(Request):
    form = ParsedForm(
        Form, max_size=300_000, max_file_size=200_000, max_field_size=1000, max_text_size=5000, max_parts=20
    )


class Usual(Request):
    form = ParsedForm(Form)


class Large(Request):
    form = ParsedForm(Form, max_size=50_000_000)


table = web.RouteTableDef()


def mount(path, request):
    @table.post(path)
    @expect(request)
    @render_json
    async def handler(form) -> object:
        files = [*([form.file] if form.file else []), *form.files]
        return [form.text, form.number, form.many, [[file.filename, file.content_type, file.size] for file in files]]


for _path, _request in {"/limited": Limited, "/usual": Usual, "/large": Large}.items():
    mount(_path, _request)


@pytest.fixture(scope="module")
def server(serve_in_thread):
    """Return the port of the server, and what is logged."""
    return serve_in_thread(table)


def post(server, path, body, content_type=MULTIPART, headers="", length=None, *, cut=False):
    """Post bytes, and give the status and the JSON of the answer; None where there is none."""
    port, logged = server
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    head += f"Content-Length: {len(body) if length is None else length}\r\n"
    head += f"Content-Type: {content_type}\r\n" if content_type is not None else ""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            connection.sendall((head + headers + "\r\n").encode("latin-1") + body)
            if cut:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before it was sent; the answer is there all the same
        while not is_whole(answer) and (data := receive(connection)):
            answer += data
    assert not [record for record in logged if record.name == "ponty.core"]
    head, _, text = answer.partition(b"\r\n\r\n")
    if not head:
        return None, None
    assert SECRET not in answer
    assert len(text) < 8192
    return int(head.split()[1]), json.loads(text)


def is_whole(answer):
    head, found, text = answer.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return bool(found and length and len(text) == int(length[1]))


def receive(connection):
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


def part(*head, content=b"x"):
    return b"--X\r\n" + b"".join(b"%b\r\n" % line for line in head) + b"\r\n" + content + b"\r\n"


def named(name, *head, content=b"x", filename=None):
    disposition = b'Content-Disposition: form-data; name="%b"' % name
    if filename is not None:
        disposition += b'; filename="%b"' % filename
    return part(disposition, *head, content=content)


END = b"--X--\r\n"

REFUSED = {
    "nothing": (b"", 400),
    "no boundary in it": (SECRET, 400),
    "the end alone is an empty form": (b"--X--", 200),
    "another boundary": (b"--Y\r\n\r\n\r\n--Y--", 400),
    "cut in a boundary": (named(b"text") + b"--X", 400),
    "cut in a head": (b"--X\r\nContent-Disposi", 400),
    "cut in a content": (named(b"text", content=SECRET)[:-4], 400),
    "cut in a file": (named(b"file", filename=b"a", content=SECRET * 99_000)[:-4], 400),
    "cut after a part": (named(b"text"), 400),
    "bytes behind a boundary": (b"--Xabc" + named(b"text")[3:] + END, 400),
    "line feeds alone": ((named(b"text") + END).replace(b"\r\n", b"\n"), 400),
    "no head": (b"--X\r\n\r\nx\r\n--X--", 400),
    "no disposition": (part(b"Content-Type: text/plain") + END, 400),
    "two dispositions": (part(*[b'Content-Disposition: form-data; name="text"'] * 2) + END, 400),
    "no name": (part(b"Content-Disposition: form-data") + END, 400),
    "two names": (part(b'Content-Disposition: form-data; name="text"; name="many"') + END, 400),
    "an attachment": (part(b'Content-Disposition: attachment; name="text"') + END, 400),
    "an open quote": (part(b'Content-Disposition: form-data; name="text') + END, 400),
    "a head without a colon": (part(SECRET) + END, 400),
    "a head that is no name": (part(b"a b\x00: c") + END, 400),
    "a head that is not UTF-8": (part(b'Content-Disposition: form-data; name="\xff"') + END, 400),
    "a head of a megabyte": (part(b"X-A: " + b"a" * 1_000_000) + END, 413),
    "a head of a megabyte without an end": (b"--X\r\nX-A: " + b"a" * 1_000_000, 413),
    "many heads": (part(*[b"X-%d: a" % number for number in range(9)]) + END, 413),
    "a million heads": (part(*[b"X-%d: a" % number for number in range(50_000)]) + END, 413),
    "a head of more lines than one": (part(b'Content-Disposition: form-data;\r\n name="text"') + END, 200),
    "a content length that lies": (named(b"text", b"Content-Length: 5") + END, 400),
    "a content length that is none": (named(b"text", b"Content-Length: x") + END, 400),
    "base64": (named(b"text", b"Content-Transfer-Encoding: base64") + END, 400),
    "quoted-printable": (named(b"file", b"Content-Transfer-Encoding: Quoted-Printable", filename=b"a") + END, 400),
    "binary": (named(b"text", b"Content-Transfer-Encoding: BINARY") + END, 200),
    "an unknown charset": (named(b"text", b"Content-Type: text/plain; charset=zlib") + END, 400),
    "text that is not UTF-8": (named(b"text", content=b"\xff") + END, 400),
    "another charset": (named(b"text", b"Content-Type: text/plain; charset=latin-1", content=b"\xff") + END, 200),
    "a charset for all": (named(b"_charset_", content=b"ISO-8859-1") + named(b"text", content=b"\xff") + END, 200),
    "an unknown charset for all": (named(b"_charset_", content=b"rot13") + named(b"text") + END, 400),
    "a charset for all that is long": (named(b"_charset_", content=b"a" * 1000) + END, 400),
    "a charset for all, twice": (named(b"_charset_", content=b"utf-8") * 2 + named(b"text") + END, 200),
    "a multipart in it": (named(b"text", b"Content-Type: multipart/mixed; boundary=Y", content=b"--Y--") + END, 400),
    "a multipart as a file": (named(b"file", b"Content-Type: multipart/mixed", filename=b"a") + END, 200),
    "a preamble and an epilogue": (b"hello\r\n" + named(b"text") + END + b"and good bye", 200),
    "a preamble that ends in a boundary": (b"hello" + named(b"text") + END, 400),
    "parts behind the end": (named(b"text") + END + named(b"number", content=SECRET) + END, 200),
    "an unknown name": (named(b"text" + SECRET[:0] + b"s", content=SECRET) + END, 400),
    "an empty name": (named(b"") + END, 400),
    "a long name": (named(b"a" * 300) + END, 413),
    "a name with line breaks": (named(b"a%0D%0Ab") + END, 400),
    "a name with a NUL": (named(b"a\x00b") + END, 400),
    "a scalar twice": (named(b"text") * 2 + END, 400),
    "a file twice": (named(b"file", filename=b"a") * 2 + END, 400),
    "a file of RFC 8187 with a bad name": (
        part(b"Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%ff") + END,
        400,
    ),
}


@pytest.mark.parametrize(("body", "status"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("path", ["/usual", "/large"])
def test_hostile_multiparts(server, path, body, status):
    assert post(server, path, body)[0] == status


@pytest.mark.parametrize(
    "boundary",
    [
        "",
        "; boundary=",
        '; boundary=""',
        f"; boundary={'b' * 71}",
        f"; boundary={'b' * 7000}",
        "; boundary=ä",
        "; x=X",
        '; boundary="a "',
        '; boundary="a\\"b"',
        "; boundary=X; boundary",
        "; boundary =X",
    ],
)
def test_a_boundary_is_as_its_standard_says(server, boundary):
    status, document = post(server, "/usual", named(b"text") + END, f"multipart/form-data{boundary}")
    assert status == 400
    assert "boundary" in document["errors"][0]["detail"]


@pytest.mark.parametrize(
    "boundary", ["X", '"X"', "b" * 70, '"a b"', "a+b", "----WebKitFormBoundaryAbC", "'()+_,-./:=?"]
)
def test_any_boundary_is_found(server, boundary):
    plain = boundary.strip('"').encode()
    quoted = boundary if boundary.startswith('"') or boundary.isalnum() else f'"{boundary}"'
    body = (named(b"text", content=b"\r\n--" + plain[:-1] + b"\r\n") + END).replace(b"--X", b"--" + plain)
    status, document = post(server, "/usual", body, f"multipart/form-data; boundary={quoted}")
    assert (status, document["data"][0]) == (200, "\r\n--" + plain[:-1].decode() + "\r\n")


@pytest.mark.parametrize(
    ("body", "content_type", "pointer", "detail"),
    [
        (named(b"file", filename=b"a", content=b"x" * 200_001), MULTIPART, "/file", "has more than 200000 bytes"),
        (named(b"text", content=b"x" * 1001), MULTIPART, "/text", "has more than 1000 bytes"),
        (named(b"many", content=b"x" * 900) * 6, MULTIPART, "", "has more than 5000 bytes of text"),
        (named(b"many") * 21, MULTIPART, "", "has more than 20 fields and files"),
        (named(b"unknown") * 21, MULTIPART, "", "has more than 20 fields and files"),
        (named(b"unknown", content=b"x" * 300_000), MULTIPART, "", "has more than 300000 bytes"),
        (b"x" * 300_000, MULTIPART, "", "has more than 300000 bytes"),
        (named(b"file", filename=b"a") * 100_000, MULTIPART, "", "has more than 300000 bytes"),
        (named(b"n" * 257), MULTIPART, "", "has a field whose name has more than 256 characters"),
        (b"text=" + b"x" * 1001, URLENCODED, "/text", "has more than 1000 bytes"),
        (b"text=" + b"%41" * 1001, URLENCODED, "/text", "has more than 1000 bytes"),
        (b"text=" + b"x" * 250_000, URLENCODED, "", "has a field of more than 1000 bytes"),
        (b"&".join([b"many=" + b"x" * 900] * 6), URLENCODED, "", "has more than 5000 bytes of text"),
        (b"many=&" * 21, URLENCODED, "", "has more than 20 fields and files"),
        (b"&" * 300_001, URLENCODED, "", "has more than 300000 bytes"),
        (b"a=1&" * 100_000, URLENCODED, "", "has more than 300000 bytes"),
        (b"n" * 257 + b"=1", URLENCODED, "", "has a field whose name has more than 256 characters"),
    ],
)
@pytest.mark.parametrize("encoding", ["", "Content-Encoding: gzip\r\n"])
def test_a_limit_that_is_passed_is_told(server, body, content_type, pointer, detail, encoding):
    """Of a body that is encoded, the bytes are counted that it has when its encoding is undone."""
    if content_type == MULTIPART:
        body += END
    if encoding:
        body = gzip.compress(body)
    status, document = post(server, "/limited", body, content_type, encoding)
    assert status == 413
    assert [(fault["pointer"], fault["detail"]) for fault in document["errors"]] == [(pointer, detail)]


def test_a_hundred_thousand_parts_are_a_413_by_default(server, within_budget):
    body = named(b"many") * 15_000 + END
    with within_budget():
        for _ in range(20):
            assert post(server, "/usual", body)[0] == 413
            assert post(server, "/large", named(b"many") * 100_000 + END)[0] == 413
            assert post(server, "/large", b"many=1&" * 100_000, URLENCODED)[0] == 413


def test_what_is_announced_too_large_is_refused_at_once(server):
    assert post(server, "/limited", b"", length=300_001)[0] == 413


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "compress", "gzip, gzip"])
def test_a_corrupt_or_unknown_encoding_is_refused(server, encoding):
    status, _ = post(server, "/usual", SECRET * 100, headers=f"Content-Encoding: {encoding}\r\n")
    assert status == (415 if encoding in {"compress", "gzip, gzip"} else 400)


def test_a_bomb_is_a_413(server, within_budget):
    bomb = named(b"file", filename=b"a", content=bytes(100_000_000)) + END
    with within_budget():
        assert post(server, "/large", gzip.compress(bomb, 1), headers="Content-Encoding: gzip\r\n")[0] == 413
        assert post(server, "/usual", zlib.compress(bomb, 1), headers="Content-Encoding: deflate\r\n")[0] == 413


@pytest.mark.parametrize("length", [1, 1_000])
def test_a_body_that_ends_before_its_length_is_answered_or_cut(server, length):
    body = named(b"file", filename=b"a", content=b"x" * 600_000) + END
    status, _ = post(server, "/large", body, length=len(body) + length, cut=True)
    assert status in {400, None}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"text=%ff", 400),
        (b"text=\xff", 400),
        (b"text=%ed%a0%80", 400),
        (b"%ff=1", 400),
        (b"text=a&text=b", 400),
        (b"unknown=s3cr3t", 400),
        (b"file=s3cr3t", 400),
        (b"number=s3cr3t", 400),
        (b"=s3cr3t", 400),
        (b"_charset_=iso-8859-1&text=a", 415),
        (b"", 200),
        (b"&=&", 400),
        (b"many=1;many=2", 200),
    ],
)
def test_hostile_urlencoded_forms(server, body, status):
    assert post(server, "/usual", body, URLENCODED)[0] == status


@pytest.mark.parametrize("body", [b"&" * 900_000, b"text=a" + b"&" * 900_000, b"&&text=a&&&&many=b&"])
async def test_pairs_of_nothing_take_no_time(ponty_client, monkeypatch, body):
    """A million of them would hold up all others for a second, were each looked at."""
    looked_at = []
    add = urlencoded_reader._add

    async def counted(entries, pair):
        looked_at.append(pair)
        await add(entries, pair)

    monkeypatch.setattr(urlencoded_reader, "_add", counted)
    client = await ponty_client(route_tables=[table])
    async with client.post("/usual", data=body, headers={"Content-Type": URLENCODED}) as answer:
        data = (await answer.json())["data"]
    assert data[0] == ("a" if b"text" in body else "")
    assert data[2] == (["b"] if b"many" in body else [])
    assert len(looked_at) < 9000  # at most two of each chunk that comes, however small a busy machine makes them


@pytest.mark.parametrize("count", [20, 21])
def test_fields_that_name_a_charset_are_counted_as_all_others(server, count):
    status = 413 if count > 20 else 200
    assert post(server, "/limited", b"&".join([b"_charset_=utf-8"] * count), URLENCODED)[0] == status
    assert post(server, "/limited", named(b"_charset_", content=b"utf-8") * count + END)[0] == status


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        (b'filename="../../etc/passwd"', "passwd"),
        (b'filename="..%2F..%2Fetc%2Fpasswd"', "passwd"),
        (b'filename="/etc/passwd"', "passwd"),
        (b'filename="C:\\Users\\ann\\me.png"', "me.png"),
        (b'filename="\\\\\\\\server\\\\share\\\\me.png"', "me.png"),
        (b'filename="C:me.png"', "me.png"),
        (b'filename=".."', ""),
        (b'filename="a/"', ""),
        (b'filename="a\x00.png"', "a.png"),
        (b'filename="a%0D%0Ab%22.png"', 'ab".png'),
        (b'filename="a\\"b.png"', 'a"b.png'),
        (b'filename="a;b=c.png"', "a;b=c.png"),
        (b"filename=plain.png", "plain.png"),
        (b'FILENAME="a.png"', "a.png"),
        (b'filename="gpj.\xe2\x80\xaeexe"', "gpj.exe"),
        (b'filename="\xc3\xa4 \xf0\x9f\x98\x80.png"', "ä 😀.png"),
        (b'filename="my%20file%C3%A4.png"', "my fileä.png"),
        (b'filename="100%.png"', "100%.png"),
        (b"filename=\"a\"; filename*=UTF-8''%e2%82%ac.png", "€.png"),
        (b"filename*=utf-8'en'%e2%82%ac.png", "€.png"),
        (b"filename*=ISO-8859-1''%e4.png", "ä.png"),
        (b"filename*=UTF-8''..%2f..%2fpasswd", "passwd"),
        (b"filename=\"a.png\"; filename*=UTF-16''x", "a.png"),
        (b'filename="' + b"n" * 300 + b'.png"', "n" * 251 + ".png"),
    ],
)
def test_a_filename_is_never_a_path(server, disposition, filename):
    head = b'Content-Disposition: form-data; name="file"; ' + disposition
    status, document = post(server, "/usual", part(head, b"Content-Type: image/png") + END)
    assert (status, document["data"][3]) == (200, [[filename, "image/png", 1]])


@pytest.mark.parametrize("size", [0, 1, 255_999, 256 * 1024, 256 * 1024 + 1, 3_000_000])
async def test_a_body_may_come_in_pieces_of_any_size(ponty_client, size):
    """Wherever a chunk ends, in a boundary or in a head, the same is read."""
    client = await ponty_client(route_tables=[table])
    content = os.urandom(size)
    body = named(b"text", content=b"\r\n--Y") + named(b"file", filename=b"a", content=content) + END
    step = max(1, len(body) // 500) if size > 1000 else 1

    async def pieces():
        for start in range(0, len(body), step):
            yield body[start : start + step]

    async with client.post("/large", data=pieces(), headers={"Content-Type": MULTIPART}) as answer:
        document = await answer.json()
    assert document["data"][0] == "\r\n--Y"
    assert document["data"][3] == [["a", "application/octet-stream", size]]
