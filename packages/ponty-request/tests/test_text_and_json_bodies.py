"""What the fields of a body read, and what they refuse, over HTTP."""

import copy
import gzip
import json
import zlib

import pytest
from aiohttp import web

from ponty.core import post, render_json
from ponty.request import (
    AIOHttpReq,
    Cookie,
    Header,
    JsonBody,
    ParsedJsonBody,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Request,
    TextBody,
    ValidatedJsonBody,
    expect,
)

UNSAID = object()


@pytest.fixture
def send(ponty_client):
    """Serve a handler that gives back the value of one body field, and post bytes to it."""
    clients = []

    async def send(field, body, content_type=UNSAID, *, mimetype=None, size=1024**2, headers=()):
        if content_type is UNSAID:
            content_type = None if isinstance(field, TextBody) else "application/json"
        if not clients:

            class OneBody(Request):
                value = field

            @post("/")
            @expect(OneBody, mimetype=mimetype)
            @render_json
            async def handler(value: object) -> object:
                return value

            clients.append(await ponty_client(client_max_size=size))
        given = {**dict(headers), **({"Content-Type": content_type} if content_type else {})}
        async with clients[0].post("/", data=body, headers=given, skip_auto_headers=["Content-Type"]) as answer:
            raw = await answer.read()
            if answer.status != 200:
                assert answer.content_type == "application/problem+json"
                assert len(raw) < 8192
            document = json.loads(raw)
            return answer, document["data"] if answer.status == 200 else document

    return send


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"", None, ""),
        ("añ😀".encode(), None, "añ😀"),
        ("añ".encode(), "text/plain", "añ"),
        ("añ".encode(), "text/plain; charset=UTF8", "añ"),
        ("añ".encode("latin-1"), "text/plain; charset=ISO-8859-1", "añ"),
        ("añ".encode("cp1252"), 'text/plain; x=1; charset="windows-1252"', "añ"),
        ("añ".encode("utf-16"), "text/plain;charset=utf-16", "añ"),
        ("日本".encode("shift_jis"), "text/plain; charset=Shift_JIS", "日本"),
        (b"a", 'text/plain; x="; charset=bogus"', "a"),
    ],
)
async def test_a_text_body_is_read_in_its_charset(send, body, content_type, text):
    answer, value = await send(TextBody(), body, content_type)
    assert (answer.status, value) == (200, text)


BAD_CHARSETS = [
    "bogus",
    "zlib",
    "zlib_codec",
    "rot13",
    "utf-7",
    "raw_unicode_escape",
    "punycode",
    "idna",
    "base64",
    '""',
]


@pytest.mark.parametrize("charset", BAD_CHARSETS)
@pytest.mark.parametrize("field", [TextBody, JsonBody])
@pytest.mark.parametrize("media_type", ["text/plain; ", "", "application/json;"])
async def test_a_charset_that_is_not_known_is_a_415(send, field, charset, media_type):
    answer, document = await send(field(), b"{}", f"{media_type}charset={charset}")
    assert answer.status == 415
    (fault,) = document["errors"]
    assert (fault["in"], fault["name"]) == ("body", "value")


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "us-ascii", "UTF-8-SIG"])
async def test_json_is_utf_8_only(send, charset):
    answer, _ = await send(JsonBody(), b"{}", f"application/json; charset={charset}")
    assert answer.status == 415


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"Utf-8"'])
async def test_json_may_say_that_it_is_utf_8(send, charset):
    answer, value = await send(JsonBody(), '"é"'.encode(), f"application/json; charset={charset}")
    assert (answer.status, value) == (200, "é")


@pytest.mark.parametrize(("body", "charset"), [(b"\xff", "utf-8"), (b"\x80", "us-ascii"), (b"a", "utf-16")])
async def test_bytes_that_are_not_of_the_charset_are_a_400(send, body, charset):
    answer, document = await send(TextBody(), body, f"text/plain; charset={charset}")
    assert answer.status == 400
    assert document["errors"] == [
        {"in": "body", "name": "value", "pointer": "", "detail": "is not valid in its charset", "code": "encoding"}
    ]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b" [1, 2.5, null, true] ", [1, 2.5, None, True]),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'"\\ud83d\\ude00\\u0000"', "😀\0"),
        (b"9" * 4000, int("9" * 4000)),
        (b"1.0", 1.0),
        (b"[" * 100 + b"]" * 100, None),
        (b"[" + b"[]," * 500 + b"[]]", [[]] * 501),
        (b'"' + b"[" * 100_000 + b'"', "[" * 100_000),
    ],
)
async def test_a_json_body_is_read(send, body, value):
    answer, data = await send(JsonBody(), body)
    assert answer.status == 200
    assert data == value or value is None


NOT_JSON = {
    "empty": b"",
    "blank": b"  ",
    "truncated": b'{"a": ',
    "malformed": b"{'a': 1}",
    "bom": b"\xef\xbb\xbf{}",
    "trailing": b"{} {}",
    "comma": b"[1,]",
    "utf-8": b'"\xff"',
    "utf-16": '"a"'.encode("utf-16"),
    "overlong": b'"\xc0\x80"',
    "encoded surrogate": b'"\xed\xa0\x80"',
    "high surrogate": b'"\\ud800"',
    "high surrogate before text": b'"\\ud800 and so on"',
    "low surrogate": b'"\\udc00"',
    "low surrogate before text": b'"\\udc00 and so on"',
    "surrogates in the wrong order": b'"\\udc00\\ud800"',
    "surrogate in a key": b'{"\\udc00": 1}',
    "open brackets": b"[" * 100_000,
    "balanced brackets": b"[" * 100_000 + b"]" * 100_000,
    "balanced objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a level too many": b"[" * 101 + b"]" * 101,
    "5000 digits": b"9" * 5000,
    "5000 digits within": b'{"a": [-' + b"9" * 5000 + b"]}",
    "1e400": b"1e400",
    "-1e400": b"[-1e400]",
    "NaN": b"NaN",
    "Infinity": b"[-Infinity]",
    "plus": b"+5",
    "underscore": b"1_000",
    "leading zero": b"01",
    "NUL": b"\0",
    "control": b'"\n"',
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
@pytest.mark.parametrize("make", [JsonBody, lambda: ValidatedJsonBody(schema={}), lambda: ParsedJsonBody(dict)])
async def test_what_is_not_json_is_a_400(send, make, body):
    answer, document = await send(make(), body, "application/json")
    assert answer.status == 400
    (fault,) = document["errors"]
    assert (fault["in"], fault["name"], fault["pointer"]) == ("body", "value", "")


async def test_a_deep_body_is_refused_in_linear_time(send, within_budget):
    with within_budget():
        answer, _ = await send(JsonBody(), b"[" * 500_000 + b"]" * 500_000)
    assert answer.status == 400


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("GZip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("identity", bytes),
    ],
)
async def test_a_content_encoding_is_undone(send, encoding, encode):
    answer, value = await send(JsonBody(), encode(b'{"a": 1}'), headers={"Content-Encoding": encoding})
    assert (answer.status, value) == (200, {"a": 1})


@pytest.mark.parametrize("encoding", ["bogus", "compress", "gzip, gzip", "x-gzip, gzip", "gzip;q=1", "utf-8"])
@pytest.mark.parametrize("field", [TextBody, JsonBody])
async def test_an_unknown_content_encoding_is_a_415_that_says_what_is_known(send, field, encoding):
    answer, document = await send(field(), b"{}", headers={"Content-Encoding": encoding})
    assert answer.status == 415
    assert {"gzip", "deflate"} <= set(answer.headers["Accept-Encoding"].split(", "))
    assert document["errors"][0]["name"] == "value"


@pytest.mark.parametrize(
    "body",
    [b"not gzip", gzip.compress(b"{}" * 9)[:-5], gzip.compress(b"{}") + b"{}"],
    ids=["not gzip", "cut short", "with more behind it"],
)
async def test_the_same_under_the_old_name_of_gzip(send, caplog, body):
    answer, _ = await send(JsonBody(), body, headers={"Content-Encoding": "x-gzip"})
    assert answer.status == 400
    assert caplog.records == []


@pytest.mark.parametrize(("size", "status"), [(5000, 200), (4999, 413)])
async def test_a_body_under_the_old_name_of_gzip_is_held_to_the_limit_unpacked(send, size, status):
    packed = gzip.compress(b'"' + b" " * 4998 + b'"')
    answer, _ = await send(JsonBody(), packed, headers={"Content-Encoding": "x-gzip"}, size=size)
    assert answer.status == status


@pytest.mark.parametrize(
    "body",
    [b"not gzip", gzip.compress(b"{}" * 100)[:-5], gzip.compress(b"{}")[:12]],
    ids=["not gzip", "without its end", "its head alone"],
)
async def test_a_corrupt_or_truncated_encoding_is_a_400(send, caplog, body):
    answer, _ = await send(JsonBody(), body, headers={"Content-Encoding": "gzip"})
    assert answer.status == 400
    assert caplog.records == []


@pytest.mark.parametrize("field", [TextBody, JsonBody])
async def test_a_body_over_the_limit_is_a_413(send, field):
    assert (await send(field(), b" " * 10_000, size=5000))[0].status == 413
    assert (await send(field(), b'"' + b" " * 4998 + b'"', size=5000))[0].status == 200


async def test_a_bomb_is_a_413(send):
    bomb = gzip.compress(bytes(50 * 1024**2))
    answer, _ = await send(JsonBody(), bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status == 413


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("APPLICATION/JSON", 200),
        ("application/json; charset=utf-8", 200),
        (None, 415),
        ("application/jsonx", 415),
        ("application/problem+json", 415),
        ("text/plain; x=application/json", 415),
    ],
)
async def test_a_media_type_is_compared_whole(send, content_type, status):
    assert (await send(JsonBody(), b"{}", content_type, mimetype="application/json"))[0].status == status


JSON_FIELDS = {
    "JsonBody": JsonBody(),
    "ValidatedJsonBody": ValidatedJsonBody(schema={}),
    "ParsedJsonBody": ParsedJsonBody(dict[str, int]),
}


@pytest.mark.parametrize("field", JSON_FIELDS.values(), ids=JSON_FIELDS)
@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/merge-patch+json", 200),
        ("application/vnd.a.b+JSON", 200),
        (None, 415),
        ("", 415),
        ("text/plain", 415),
        ("text/plain; charset=utf-8", 415),
        ("text/plain; x=application/json", 415),
        ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=json", 415),
        ("application/jsonx", 415),
        ("application/json+x", 415),
        ("application/json, text/plain", 415),
        ("json", 415),
        ("+json", 415),
    ],
)
async def test_json_has_a_media_type_of_json(send, field, content_type, status):
    """What a browser sends from any page, without asking the server first, is refused."""
    answer, document = await send(copy.copy(field), b"{}", content_type)
    assert answer.status == status
    if status == 415:
        assert answer.headers["Accept"] == "application/json"
        assert document["errors"][0]["detail"] == "must have the media type application/json, or one that ends in +json"


async def test_a_handler_may_expect_json_under_another_media_type(send):
    assert (await send(JsonBody(), b"{}", "text/plain", mimetype="text/plain"))[0].status == 200


async def test_only_the_media_type_that_is_expected_is_taken(send):
    assert (await send(JsonBody(), b"{}", "application/json", mimetype="text/plain"))[0].status == 415


async def test_a_body_is_read_once_however_many_fields_want_it(ask):
    class Both(Request):
        text = TextBody()
        value = JsonBody()
        parsed = ParsedJsonBody(dict[str, set[int]])
        raw = AIOHttpReq()

    @post("/")
    @expect(Both)
    @render_json
    async def handler(text, value, parsed, raw) -> object:
        return [text, value, isinstance(parsed["a"], set), (await raw.read()).decode()]

    headers = {"Content-Type": "application/json"}
    status, body = await ask("/", method="POST", data=b'{"a": [1]}', headers=headers)
    assert (status, body["data"]) == (200, ['{"a": [1]}', {"a": [1]}, True, '{"a": [1]}'])


class Everything(Request):
    id = PosIntRouteParameter()
    page = PosIntQueryParameter(required=True)
    agent = Header(key="X-Agent", required=True)
    session = Cookie(name="session", required=True)
    value = ValidatedJsonBody(schema={"required": ["a", "b"]})


async def test_one_answer_names_the_faults_of_body_query_headers_and_cookies(ask):
    @post(f"/{Everything.id}")
    @expect(Everything, whole=True)
    @render_json
    async def handler(r: Everything) -> None: ...

    headers = {"Content-Type": "application/json"}
    status, document = await ask("/1", method="POST", data=b"{}", headers=headers)
    assert status == 400
    assert [(fault["in"], fault["name"], fault["detail"]) for fault in document["errors"]] == [
        ("query", "page", "is required"),
        ("header", "X-Agent", "is required"),
        ("cookie", "session", "is required"),
        ("body", "value", "is required"),
        ("body", "value", "is required"),
    ]
    status, document = await ask("/1", method="POST", data=b"{}", headers={"Content-Type": "text/plain"})
    assert (status, len(document["errors"])) == (415, 4)
    status, document = await ask("/" + "9" * 5000, method="POST", data=b"{}", headers=headers)
    assert (status, len(document["errors"])) == (404, 6)


def test_a_validated_body_has_one_schema(tmp_path):
    with pytest.raises(ValueError, match="filepath or schema"):
        ValidatedJsonBody()
    path = tmp_path / "schema.json"
    path.write_text('{"type": "integer"}')
    with pytest.raises(ValueError, match="filepath or schema"):
        ValidatedJsonBody(filepath=path, schema={})
    assert ValidatedJsonBody(filepath=str(path)).describe().schema == {"type": "integer"}
    path.write_text("{")
    with pytest.raises(ValueError, match=r"schema\.json: not JSON"):
        ValidatedJsonBody(filepath=path)
    with pytest.raises(FileNotFoundError):
        ValidatedJsonBody(filepath=tmp_path / "nothing.json")


async def test_a_schema_is_read_at_import(send, tmp_path):
    path = tmp_path / "schema.json"
    path.write_text('{"type": "integer"}')
    field = ValidatedJsonBody(filepath=path)
    path.unlink()
    assert (await send(field, b"1.0"))[0].status == 200
    answer, document = await send(field, b"true")
    assert (answer.status, document["errors"][0]["detail"]) == (400, "is not of type 'integer'")


async def test_a_bad_value_is_not_repeated(send):
    answer, document = await send(ValidatedJsonBody(schema={"type": "integer"}), b'"' + b"secret" * 50_000 + b'"')
    assert answer.status == 400
    assert "secret" not in json.dumps(document)


@pytest.mark.parametrize("reads_before", [False, True])
async def test_who_reads_a_body_before_or_behind_its_field_gets_the_same(ponty_client, reads_before):
    class Both(Request):
        request = AIOHttpReq()
        value = ParsedJsonBody(list[int])

    @web.middleware
    async def read_first(request: web.Request, handler) -> web.StreamResponse:
        if reads_before:
            assert await request.read() == b"[1, 2]"
        return await handler(request)

    @post("/", middlewares=[read_first])
    @expect(Both)
    @render_json
    async def handler(request: web.Request, value: list[int]) -> list[object]:
        assert request.content.at_eof()
        return [value, await request.text(), (await request.read()).decode(), await request.json()]

    client = await ponty_client()
    async with client.post("/", data=b"[1, 2]", headers={"Content-Type": "application/json"}) as answer:
        assert (await answer.json())["data"] == [[1, 2], "[1, 2]", "[1, 2]", [1, 2]]
