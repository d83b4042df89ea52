"""A TypedDict is closed, and may be opened: by an inner class, at its place, or as PEP 728 has it."""

import datetime
import json
import typing
from typing import Annotated

import pytest
import typing_extensions

from ponty.core import post, render_json
from ponty.request import Annotation, InvalidField, ParsedJsonBody, Request, expect
from ponty.request.parsing.parser import Parser


class Movie(typing.TypedDict):
    title: str
    year: typing.NotRequired[int]


class Open(typing.TypedDict):
    title: str


Open.JsonSchema = type("JsonSchema", (), {"annotation": Annotation(additionalProperties=True, title="A film")})

Bounded = Annotated[Movie, Annotation(additionalProperties={"type": "integer"}, minProperties=2)]
Opened = Annotated[Movie, Annotation(additionalProperties=True)]


class Extra(typing_extensions.TypedDict, extra_items=datetime.date):
    title: str


class Loose(typing_extensions.TypedDict, closed=False):
    title: str


class Shut(typing_extensions.TypedDict, closed=True):
    title: str


def read(tp, value):
    """Return what a value is built to, by both ways of reading it."""
    parser = Parser(tp)
    built = parser.read(json.dumps(value).encode())
    assert built == parser.parse(value)
    return built


@pytest.mark.parametrize("tp", [Open, Opened, Loose])
def test_what_an_open_one_does_not_know_is_dropped(tp):
    assert read(tp, {"title": "a", "else": [1]}) == {"title": "a"}
    assert read(list[tp], [{"title": "a", "else": [1]}]) == [{"title": "a"}]
    with pytest.raises(InvalidField):
        read(tp, {"else": 1})


@pytest.mark.parametrize("tp", [Movie, Shut, list[Movie | None], dict[str, Shut]])
def test_a_closed_one_refuses_what_it_does_not_know(tp):
    value = {"title": "a", "else": 1}
    with pytest.raises(InvalidField, match="additional properties are not allowed"):
        read(tp, {"x": value} if tp == dict[str, Shut] else [value] if tp == list[Movie | None] else value)


def test_keywords_of_the_place_hold_there_alone():
    class Two(typing.TypedDict):
        bounded: Bounded
        bare: Movie

    good = {"title": "a", "more": 1}
    assert read(Two, {"bounded": good, "bare": {"title": "a"}}) == {"bounded": {"title": "a"}, "bare": {"title": "a"}}
    for wrong in ({"bounded": {"title": "a"}, "bare": {"title": "a"}}, {"bounded": good, "bare": good}):
        with pytest.raises(InvalidField):
            read(Two, wrong)
    with pytest.raises(InvalidField):
        read(Bounded, {"title": "a", "more": "b"})


def test_extra_items_are_kept_and_built():
    assert read(Extra, {"title": "a", "day": "2026-02-28"}) == {"title": "a", "day": datetime.date(2026, 2, 28)}
    with pytest.raises(InvalidField) as refusal:
        read(Extra, {"title": "a", "day": "x"})
    assert [violation[0] for violation in refusal.value.violations] == ["/day"]
    assert Parser(Extra).schema["additionalProperties"] == {"type": "string", "format": "date"}


def test_the_schema_says_whether_it_is_open():
    assert Parser(Movie).schema["additionalProperties"] is False
    assert Parser(Open).schema["additionalProperties"] is True
    assert Parser(Open).schema["title"] == "A film"
    assert [*Parser(list[Opened]).schema["$defs"]] == ["Movie"]


@pytest.mark.parametrize("keyword", ["type", "properties", "required", "$ref"])
def test_what_the_class_says_cannot_be_changed(keyword):
    with pytest.raises(TypeError, match="would change what the"):
        Parser(Annotated[Movie, Annotation(**{keyword: "object"})])


async def test_an_open_one_goes_round_by_http(serve):
    @post("/")
    @expect(type("Body", (Request,), {"movie": ParsedJsonBody(Opened)}))
    @render_json(Movie, envelope=False)
    async def echo(movie: Movie) -> Movie:
        return movie

    client = await serve()
    answer = await client.post("/", json={"title": "a", "year": 1999, "secret": 1})
    assert await answer.json() == {"title": "a", "year": 1999}
