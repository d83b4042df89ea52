"""Forms are read as dataclasses, by the rules that JSON bodies have."""

import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal

import aiohttp
import pytest

from ponty.core import post, render_json
from ponty.request import (
    Annotation,
    BodyStream,
    JsonBody,
    ParsedForm,
    Request,
    TextBody,
    Upload,
    expect,
)

URLENCODED = "application/x-www-form-urlencoded"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@pytest.fixture
def send(ponty_client):
    """Serve a form, post to it, and give the status and the value that the handler got, or the faults."""
    clients = []

    async def send(cls, data, content_type=None, *, show=repr, headers=(), **limits):
        if not clients:

            class OneForm(Request):
                form = ParsedForm(cls, **limits)

            @post("/")
            @expect(OneForm)
            @render_json
            async def handler(form) -> object:
                value = show(form)
                return await value if hasattr(value, "__await__") else value

            clients.append(await ponty_client())
        given = {**dict(headers), **({"Content-Type": content_type} if content_type else {})}
        async with clients[0].post("/", data=data, headers=given) as answer:
            document = await answer.json(content_type=None)
            if answer.status == 200:
                return 200, document["data"]
            assert answer.content_type == "application/problem+json"
            return answer.status, [(fault["pointer"], fault["detail"]) for fault in document.get("errors", ())]

    return send


def multipart(*parts, boundary="X"):
    """Write a multipart body by hand: pairs of the lines of a head, and a content."""
    text = b"".join(
        b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary.encode(), head.replace("\n", "\r\n").encode(), content)
        for head, content in parts
    )
    return text + b"--%b--\r\n" % boundary.encode()


def part(name, content, *headers, filename=None):
    named = f'; filename="{filename}"' if filename is not None else ""
    return "\n".join([f'Content-Disposition: form-data; name="{name}"{named}', *headers]), content


MULTIPART = "multipart/form-data; boundary=X"


@pytest.mark.parametrize(
    ("tp", "text", "value"),
    [
        (str, "", ""),
        (str, " añ😀\r\n\x00", " añ😀\r\n\x00"),
        (str, "true", "true"),
        (int, "-12", -12),
        (int, "007", 7),
        (float, "1e3", 1000.0),
        (float, "-0.5", -0.5),
        (bool, "true", True),
        (bool, "false", False),
        (decimal.Decimal, "1.10", decimal.Decimal("1.10")),
        (datetime.date, "2026-02-28", datetime.date(2026, 2, 28)),
        (datetime.datetime, "2026-02-28T10:00:00Z", datetime.datetime(2026, 2, 28, 10, tzinfo=datetime.UTC)),
        (datetime.time, "10:00:00Z", datetime.time(10, tzinfo=datetime.UTC)),
        (datetime.timedelta, "PT5S", datetime.timedelta(seconds=5)),
        (uuid.UUID, "12345678-1234-5678-1234-567812345678", uuid.UUID("12345678-1234-5678-1234-567812345678")),
        (Colour, "red", Colour.RED),
        (Literal["a", "b"], "b", "b"),
        (Literal[1, 2], "2", 2),
        (int | None, "3", 3),
        (int | None, "", None),
        (str | None, "", ""),
        (Annotated[int, Annotation(minimum=3)], "3", 3),
        (list[int], "3", [3]),
        (list[int] | None, "3", [3]),
        (set[str], "a", {"a"}),
        (tuple[str, ...], "a", ("a",)),
    ],
)
@pytest.mark.parametrize("way", [URLENCODED, MULTIPART])
async def test_a_text_is_read_as_what_its_type_says(send, tp, text, value, way):
    """Both ways of sending a form mean the same."""
    form = dataclasses.make_dataclass("Form", [("value", tp)])
    if way == URLENCODED:
        status, got = await send(form, aiohttp.FormData({"value": text}))
    else:
        status, got = await send(form, multipart(part("value", text.encode())), MULTIPART)
    assert (status, got) == (200, f"Form(value={value!r})")


@pytest.mark.parametrize(
    ("tp", "text", "detail"),
    [
        (int, "3x", "must be an integer, in the digits 0 to 9"),
        (int, "", "must be an integer, in the digits 0 to 9"),
        (int, "+3", "must be an integer, in the digits 0 to 9"),
        (int, " 3", "must be an integer, in the digits 0 to 9"),
        (int, "٣", "must be an integer, in the digits 0 to 9"),
        (int, "1_000", "must be an integer, in the digits 0 to 9"),
        (int, "1.0", "must be an integer, in the digits 0 to 9"),
        (int, "0.5", "must be an integer, in the digits 0 to 9"),
        (int, "true", "must be an integer, in the digits 0 to 9"),
        (float, "NaN", "must be a number, as -1.5 or 2e3"),
        (float, "Infinity", "must be a number, as -1.5 or 2e3"),
        (float, "1e999", "must be a number, as -1.5 or 2e3"),
        (bool, "True", "must be true or false"),
        (bool, "1", "must be true or false"),
        (bool, "on", "must be true or false"),
        (datetime.date, "28.2.2026", "must be a date, as 2026-02-28"),
        (Colour, "green", "must be one of 'red', 'blue'"),
        (Annotated[int, Annotation(minimum=3)], "2", "is less than the minimum of 3"),
        (Annotated[str, Annotation(maxLength=2)], "abc", "is longer than 2 characters"),
    ],
)
async def test_a_text_that_stands_for_no_value_of_its_type_is_refused(send, tp, text, detail):
    form = dataclasses.make_dataclass("Form", [("value", tp)])
    assert await send(form, aiohttp.FormData({"value": text})) == (400, [("/value", detail)])


@dataclasses.dataclass
class SignUp:
    name: str
    age: Annotated[int, Annotation(minimum=18)]
    tags: list[int] = dataclasses.field(default_factory=list)
    photo: Upload | None = None
    papers: list[Upload] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        if self.name == "nobody":
            raise ValueError


async def show_sign_up(form):
    photo = form.photo and [form.photo.filename, form.photo.content_type, form.photo.size, str(await form.photo.read())]
    return [form.name, form.age, form.tags, photo, [[p.filename, str(await p.read())] for p in form.papers]]


async def test_fields_that_are_left_out_have_their_defaults(send):
    status, value = await send(SignUp, {"name": "ann", "age": "18"}, show=show_sign_up)
    assert (status, value) == (200, ["ann", 18, [], None, []])


async def test_texts_lists_and_files_stand_beside_one_another(send):
    data = aiohttp.FormData()
    data.add_field("papers", b"one", filename="1.txt", content_type="text/plain")
    data.add_field("tags", "1")
    data.add_field("name", "ann")
    data.add_field("photo", b"\x89PNG\r\n--", filename="me.png", content_type="image/png")
    data.add_field("age", "20")
    data.add_field("tags", "2")
    data.add_field("papers", b"", filename="2.txt")
    status, value = await send(SignUp, data, show=show_sign_up)
    photo = ["me.png", "image/png", 8, str(b"\x89PNG\r\n--")]
    assert (status, value) == (200, ["ann", 20, [1, 2], photo, [["1.txt", "b'one'"], ["2.txt", "b''"]]])


async def test_one_answer_names_all_that_is_wrong(send):
    body = multipart(
        part("age", b"7"),
        part("tags", b"1"),
        part("tags", b"two"),
        part("tags", b"\xff"),
        part("pets", b"3"),
        part("photo", b"no file"),
        part("papers", b"a file", filename="a"),
        part("papers", b"none"),
    )
    status, faults = await send(SignUp, body, MULTIPART)
    assert status == 400
    assert sorted(faults) == [
        ("/age", "is less than the minimum of 18"),
        ("/name", "is required"),
        ("/papers/1", "must be a file, as multipart/form-data has it, with a filename"),
        ("/pets", "additional properties are not allowed"),
        ("/photo", "must be a file, as multipart/form-data has it, with a filename"),
        ("/tags/1", "must be an integer, in the digits 0 to 9"),
        ("/tags/2", "is not valid UTF-8"),
    ]


async def test_what_the_class_itself_refuses_is_told_without_its_words(send):
    assert await send(SignUp, {"name": "nobody", "age": "18"}) == (400, [("", "is not valid")])


async def test_a_scalar_is_given_once(send):
    data = aiohttp.FormData([("name", "ann"), ("name", "bob"), ("age", "18"), ("age", "18")])
    assert await send(SignUp, data) == (400, [("/name", "must be given once"), ("/age", "must be given once")])


async def test_a_text_is_no_file(send):
    body = multipart(part("name", b"ann", filename="name.txt"), part("age", b"18"))
    assert await send(SignUp, body, MULTIPART) == (400, [("/name", "must be a text, not a file")])


async def test_an_input_of_a_page_with_no_file_chosen_is_no_file(send):
    body = multipart(
        part("name", b"ann"),
        part("age", b"18"),
        part("photo", b"", "Content-Type: application/octet-stream", filename=""),
        part("papers", b"", "Content-Type: application/octet-stream", filename=""),
    )
    assert await send(SignUp, body, MULTIPART, show=show_sign_up) == (200, ["ann", 18, [], None, []])


async def test_a_file_that_must_be_there_is_named_where_it_is_missing(send):
    form = dataclasses.make_dataclass("Form", [("photo", Upload)])
    assert await send(form, {"x": "1"}) == (
        400,
        [("/x", "additional properties are not allowed"), ("/photo", "is required")],
    )


async def test_a_class_may_let_in_further_fields(send):
    @dataclasses.dataclass
    class Open:
        name: str

        class JsonSchema:
            annotation = Annotation(additionalProperties=True)

    body = multipart(part("name", b"ann"), part("x", b"1"), part("y", b"1", filename="y"))
    assert await send(Open, body, MULTIPART, show=lambda form: form.name) == (200, "ann")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (URLENCODED, 200),
        ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", 200),
        (f"{URLENCODED}; charset=iso-8859-1", 415),
        ("application/json", 415),
        ("text/plain", 415),
        ("multipart/mixed; boundary=X", 415),
        ("application/octet-stream", 415),
    ],
)
async def test_other_media_types_are_no_forms(send, content_type, status):
    form = dataclasses.make_dataclass("Form", [("a", str)])
    assert (await send(form, b"a=1", content_type))[0] == status


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"a=1", "1"),
        (b"&&a=1&", "1"),
        (b"a", ""),
        (b"a=b=c", "b=c"),
        (b"a=+%2B%20", " + "),
        (b"%61=x", "x"),
        (b"a=%c3%a4\xc3\xa4", "ää"),
        (b"a=%zz%", "%zz%"),
        (b"_charset_=UTF-8&a=1", "1"),
    ],
)
async def test_an_urlencoded_form_is_read_as_the_url_standard_has_it(send, body, value):
    form = dataclasses.make_dataclass("Form", [("a", str)])
    assert await send(form, body, URLENCODED, show=lambda form: form.a) == (200, value)


@pytest.mark.parametrize("value", [b"%C3%A4" * 40_000, b"+%41b" * 40_000, b"x" * 200_000])
async def test_a_long_text_is_decoded_in_slices(send, value):
    """An escape is never cut in two."""
    form = dataclasses.make_dataclass("Form", [("a", str)])
    status, text = await send(form, b"a=" + value, URLENCODED, show=lambda form: form.a)
    expected = value.decode().replace("%C3%A4", "ä").replace("+", " ").replace("%41", "A")
    assert status == 200
    assert text == expected


@dataclasses.dataclass
class Inner:
    value: int


@pytest.mark.parametrize(
    ("tp", "words"),
    [
        (int | float, "of several types"),
        (Any, "cannot be written as text"),
        (Inner, "a form cannot hold"),
        (dict[str, str], "a form cannot hold"),
        (list[list[int]], "a form cannot hold"),
        (list[Inner], "a form cannot hold"),
        (tuple[int, str], "a tuple of a fixed length"),
        (list[str] | str, "of several types"),
        (Upload | str, "of several types"),
        (list[Upload | int], "of several types"),
        (object(), "has no form"),
    ],
)
def test_what_a_form_cannot_hold_is_refused_at_import(tp, words):
    form = dataclasses.make_dataclass("Form", [("value", tp)])
    with pytest.raises(TypeError, match=words):
        ParsedForm(form)


def test_the_type_of_a_form_is_a_dataclass():
    with pytest.raises(TypeError, match="the type of a form must be a dataclass"):
        ParsedForm(dict[str, str])


def test_an_upload_is_no_json():
    from ponty.request import ParsedJsonBody

    with pytest.raises(TypeError, match="has no form in JSON"):
        ParsedJsonBody(dataclasses.make_dataclass("Form", [("value", Upload)]))


@pytest.mark.parametrize("limit", ["max_size", "max_file_size", "max_field_size", "max_text_size", "max_parts"])
def test_a_limit_is_at_least_one(limit):
    with pytest.raises(ValueError, match=limit):
        ParsedForm(SignUp, **{limit: 0})


@pytest.mark.parametrize("other", [JsonBody, TextBody, lambda: ParsedForm(SignUp), lambda: BodyStream(max_size=1)])
def test_a_body_that_is_read_as_it_arrives_is_read_by_one_field(other):
    with pytest.raises(TypeError, match="'form' reads the body as it arrives, so 'other' cannot read it too"):
        type("Two", (Request,), {"form": ParsedForm(SignUp), "other": other()})


def test_a_form_is_described_by_its_schema():
    description = type("One", (Request,), {"form": ParsedForm(SignUp)}).form.describe()
    assert (description.location, description.name) == ("body", "form")
    properties = description.schema["properties"]
    upload = {"type": "string", "contentMediaType": "application/octet-stream", "contentEncoding": "binary"}
    assert properties["photo"] == {"anyOf": [upload, {"type": "null"}], "default": None}
    assert properties["papers"] == {"type": "array", "items": upload, "default": []}
    assert properties["age"] == {"type": "integer", "minimum": 18}
