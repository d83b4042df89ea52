"""No pattern lets a client hold the server."""

import asyncio

import pytest

from ponty.core import get, post, render_json
from ponty.request import Request, ValidatedJsonBody, expect
from ponty.request.errors import InvalidField
from ponty.request.validation.validator import Validator

TAKEN = [
    ("^[a-z]+$", "abc", "ab1"),
    ("^[A-Z]{2}[0-9]{4}$", "AB1234", "AB123"),
    (r"^\d{3}-\d{4}$", "123-4567", "123-456٣"),
    ("^[a-z][a-z0-9_-]*$", "a-1", "1a"),
    ("^[^@]+@[^@]+$", "a@b", "a@b@c"),
    ("^(red|green|blue)$", "red", "redgreen"),
    ("^(?:[0-9]{1,3}[.]){3}[0-9]{1,3}$", "1.2.3.4", "1.2.3"),
    ("^a$", "a", "a\n"),
    (r"^\w+$", "a_1", "é"),
    (r"^\S+$", "é", "a b"),
    (r"^\s$", "\ufeff", "\x1c"),
    ("^.$", "😀", "\n"),
    ("^-?[0-9]{1,18}$", "-5", "--5"),
    ("[0-9]", "a5b", "ab"),
    ("abc", "xabcx", "ab"),
    (r"^\.\*\u00e9\x41$", ".*éA", "xxéA"),
    ("^$", "", "a"),
    ("", "anything", None),
    ("a+$", "baa", "ab"),
    ("^.*bar$", "foobar", "bars"),
    ("^(a|aa)+$", "aaa", "ab"),
    (r"^\p{L}$", "é", "1"),
    ("^a|b$", "ac", "c"),
]


@pytest.mark.parametrize(("pattern", "good", "bad"), TAKEN)
def test_a_pattern_means_what_ecma_262_says(pattern, good, bad):
    is_valid = Validator({"pattern": pattern}).is_valid
    assert is_valid(good)
    assert bad is None or not is_valid(bad)


REFUSED = [r"^(a)\1$", "(?=a)", "(?<!a)b", "(", ")", "[", "[z-a]", "a{2,1}", "*", "\\", r"\x4"]


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_cannot_be_matched_in_linear_time_is_refused_at_import(pattern):
    with pytest.raises(ValueError, match="cannot be used"):
        Validator({"properties": {"a": {"pattern": pattern}}})


async def test_a_pattern_that_would_backtrack_makes_no_other_request_wait(serve, within_budget):
    class Body(Request):
        value = ValidatedJsonBody(schema={"pattern": "^(a+)+$"})

    @post("/")
    @expect(Body)
    @render_json
    async def match(value) -> bool:
        return True

    @get("/")
    @expect(Request)
    @render_json
    async def other() -> bool:
        return True

    client = await serve()

    async def send(text):
        async with client.post("/", json=text.decode()) as answer:
            return answer.status, await answer.text()

    async def look():
        async with client.get("/") as answer:
            return answer.status

    with within_budget():
        (status, text), other_status, good = await asyncio.gather(send(b"a" * 100_000 + b"!"), look(), send(b"aaa"))
    assert (status, other_status, good[0]) == (400, 200, 200)
    assert "does not match" in text


@pytest.mark.parametrize("keyword", ["pattern", "patternProperties"])
def test_the_explanation_does_not_backtrack_either(keyword):
    schema = (
        {"pattern": "^(a+)+$"}
        if keyword == "pattern"
        else {"patternProperties": {"^(a+)+$": False}, "minProperties": 2}
    )
    text = "a" * 50_000 + "!"
    with pytest.raises(InvalidField):
        Validator(schema).check(text if keyword == "pattern" else {text: 1})
