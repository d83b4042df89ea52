"""What independent encoders write as a form is read as the same: aiohttp, urllib, and browsers and curl by hand."""

import asyncio
import base64
import dataclasses
import json
import re
import urllib.parse
import urllib.request

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from ponty.core import render_json
from ponty.request import ParsedForm, Request, Upload, expect


@dataclasses.dataclass
class Form:
    text: str
    number: int
    flag: bool
    many: list[str] = dataclasses.field(default_factory=list)
    files: list[Upload] = dataclasses.field(default_factory=list)


class PostForm(Request):
    form = ParsedForm(Form)


table = web.RouteTableDef()


@table.post("/")
@expect(PostForm)
@render_json
async def handler(form: Form) -> object:
    files = [
        [file.filename, file.content_type, base64.b64encode(await file.read()).decode(), file.size]
        for file in form.files
    ]
    return [form.text, form.number, form.flag, form.many, files]


@pytest.fixture(scope="module")
def port(serve_in_thread):
    return serve_in_thread(table)[0]


def post(port, body, content_type):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, {"Content-Type": content_type})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())["data"]


def told(text, number, flag, many, files):
    return [
        text,
        number,
        flag,
        many,
        [[name, kind, base64.b64encode(content).decode(), len(content)] for name, kind, content in files],
    ]


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
content = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--X", b"\r\n--X", b"\r\n--", b"x"]), max_size=30).map(b"".join),
)
# Those that are no path and have nothing that is taken out of a filename.
filename = st.text(st.characters(categories=["L", "N"], include_characters=" ._-()'&+;=\"%"), min_size=1, max_size=30)
filename = filename.filter(lambda name: name == name.strip() and name.strip(".") and not re.match("[A-Za-z]:", name))
files = st.lists(st.tuples(filename, st.sampled_from(["image/png", "text/plain", "a/b+c"]), content), max_size=3)
values = st.tuples(text, st.integers(-(10**18), 10**18), st.booleans(), st.lists(text, max_size=3))


def is_ambiguous(name):
    """Whether a name as it stands looks like one that is written as in a URL."""
    return "%" in name


@given(values=values)
def test_urllib_writes_urlencoded_forms(port, values):
    string, number, flag, many = values
    pairs = [("text", string), ("number", number), ("flag", json.dumps(flag)), *(("many", each) for each in many)]
    body = urllib.parse.urlencode(pairs).encode()
    assert post(port, body, "application/x-www-form-urlencoded") == told(*values, [])


@given(values=values, files=files, quote=st.booleans())
def test_aiohttp_writes_multipart_forms(port, values, files, quote):
    string, number, flag, many = values
    files = [file for file in files if quote or not is_ambiguous(file[0])]
    data = aiohttp.FormData(quote_fields=quote, default_to_multipart=True)
    for name, value in [("text", string), ("number", str(number)), ("flag", json.dumps(flag))]:
        data.add_field(name, value)
    for each in many:
        data.add_field("many", each)
    for name, kind, content in files:
        data.add_field("files", content, filename=name, content_type=kind)
    writer = data()
    assert post(port, asyncio.run(writer.as_bytes()), writer.headers["Content-Type"]) == told(*values, files)


def as_browsers_do(name):
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def as_curl_does(name):
    return name.replace("\\", "\\\\").replace('"', '\\"')


@given(values=values, files=files, escape=st.sampled_from([as_browsers_do, as_curl_does]), order=st.randoms())
def test_browsers_and_curl_write_multipart_forms(port, values, files, escape, order):
    """The parts of different names may come in any order."""
    string, number, flag, many = values
    files = [file for file in files if not is_ambiguous(file[0])]
    boundary = "----WebKitFormBoundary0123456789abcdef"
    groups = [
        [('name="text"', "", string.encode())],
        [('name="number"', "", str(number).encode())],
        [('name="flag"', "", json.dumps(flag).encode())],
        [('name="many"', "", each.encode()) for each in many],
        [(f'name="files"; filename="{escape(name)}"', f"Content-Type: {kind}\r\n", each) for name, kind, each in files],
    ]
    order.shuffle(groups)
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {named}\r\n{head}\r\n".encode() + each + b"\r\n"
        for group in groups
        for named, head, each in group
    )
    body += f"--{boundary}--\r\n".encode()
    assert post(port, body, f"multipart/form-data; boundary={boundary}") == told(*values, files)
