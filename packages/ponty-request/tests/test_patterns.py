"""No pattern lets a client hold the server."""

import asyncio
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ponty.core import get, post, render_json
from ponty.request import Request, ValidatedJsonBody, expect
from ponty.request.errors import InvalidField
from ponty.request.validation.patterns import UnsafePatternError, compile_bounded
from ponty.request.validation.validator import Validator, speedups

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
]


@pytest.mark.parametrize(("pattern", "good", "bad"), TAKEN)
def test_a_bounded_pattern_is_taken(pattern, good, bad):
    assert compile_bounded(pattern).search(good)
    assert bad is None or not compile_bounded(pattern).search(bad)


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "^(a|a)*$",
        "^(a|aa)+$",
        "^(.*)*$",
        "^a*a*$",
        "^[a-z]+[a-z0-9]+$",
        "^([a-z]{0,9}){9}$",
        "a+$",
        "[a-z]+",
        "^[a-z]{0,900}[a-z]{0,900}$",
        "^[a-z]{0,900}[a-z0-9]*$",
        "[a-z]{500}x",
        "^(a|b|c|d){20}x$",
        "^.*x.*y$",
        r"^(a)\1$",
        "(?=a)",
        "(?<!a)b",
        "(?i)a",
        r"\bword\b",
        r"^\p{L}$",
        "^a|b$",
        "(",
        ")",
        "a)",
        "[",
        "[]",
        "[z-a]",
        "a{2,1}",
        "a**",
        "a+?",
        "*",
        "a^b",
        "a$b",
        "{1}",
        "\\",
        r"\x4",
        "[[:alpha:]]",
        "[a&&b]",
    ],
)
def test_another_is_refused(pattern):
    with pytest.raises(UnsafePatternError):
        compile_bounded(pattern)
    with pytest.raises(ValueError, match="cannot be used"):
        Validator({"pattern": pattern}, fast=False)


def test_the_refusal_names_the_remedy():
    with pytest.raises(ValueError, match=re.escape("'^(a+)+$' cannot be used") + r".*ponty-request\[speedups\]"):
        Validator({"properties": {"a": {"pattern": "^(a+)+$"}}}, fast=False)


piece = st.sampled_from(
    ["a", "b", "[ab]", "[^a]", ".", r"\d", r"\w", r"\s", r"\D", "(a|ab)", "(?:b|[ab]a)", "-", r"\."]
)
times = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,3}", "{0,50}", "{2,}"])
patterns = st.tuples(
    st.sampled_from(["^", ""]),
    st.lists(st.tuples(piece, times).map("".join), max_size=5).map("".join),
    st.sampled_from(["$", ""]),
).map("".join)


@settings(max_examples=500, deadline=None)
@given(pattern=patterns, text=st.text("ab1-. \né", max_size=12))
def test_what_is_taken_matches_what_it_says(pattern, text):
    try:
        bounded = compile_bounded(pattern)
    except UnsafePatternError:
        return
    plain = re.compile(pattern.replace("$", r"\Z"), re.ASCII)
    assert bool(bounded.search(text)) == bool(plain.search(text))
    if speedups is not None:
        assert bool(bounded.search(text)) == speedups.make_matches(pattern)(text)


@settings(max_examples=100, deadline=None)
@given(pattern=patterns)
def test_what_is_taken_is_quick_with_the_longest_of_texts(within_budget, pattern):
    try:
        bounded = compile_bounded(pattern)
    except UnsafePatternError:
        return
    for text in ("a" * 100_000, "ab" * 50_000, "a" * 100_000 + "!"):
        with within_budget():
            bounded.search(text)


if speedups is not None:

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
