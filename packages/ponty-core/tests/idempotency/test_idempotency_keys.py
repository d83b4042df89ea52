"""What is taken for an idempotency key, and which two are one."""

import pytest
from aiohttp import web

from ponty.core import IDEMPOTENCY, Routes, idempotent

FORMS = [
    # the header, the key it means
    ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
    ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
    ("a", "a"),
    ('"a b"', "a b"),
    (r'"a\"b\\c"', r"a\"b\\c".replace(r"\"", '"').replace(r"\\", "\\")),
    ('"a";version=1', "a"),
    ('"a" ; x', "a"),
    ("a;b,c/=+~", "a;b,c/=+~"),
    ("'a'", "'a'"),
    ("k" * 255, "k" * 255),
    ('"' + "k" * 255 + '"', "k" * 255),
    ('"' + '\\"' * 255 + '"', '"' * 255),
]
NO_KEYS = {
    "empty": "",
    "empty string": '""',
    "too long": "k" * 256,
    "too long in quotes": '"' + "k" * 256 + '"',
    "far too long": "k" * 7000,
    "a blank": "a b",
    "not closed": '"a',
    "nothing but a quote": '"',
    "a quote within": 'a"b"',
    "behind the string": '"a"b',
    "two strings": '"a", "b"',
    "an escape of something else": r'"a\b"',
    "an escape at the end": '"a\\"',
    "a tab": '"a\tb"',
    "not ASCII": "schlüssel",
    "not ASCII in quotes": '"schlüssel"',
    "many escapes that lead nowhere": '"' + "\\\\" * 500,
}


@pytest.fixture
def client(serve, store):
    """Serve a route that answers with the key that it was given."""
    table = Routes(middlewares=[idempotent(store)])

    @table.post("/")
    async def key(request: web.Request) -> web.Response:
        given = request.get(IDEMPOTENCY)
        return web.json_response(None if given is None else given.key)

    return lambda: serve(routes=[table])


@pytest.mark.parametrize(("header", "key"), FORMS)
async def test_a_key_is_a_string_of_structured_fields_or_bare(client, header, key):
    async with (await client()).post("/", headers={"Idempotency-Key": header}) as answer:
        assert (answer.status, await answer.json()) == (200, key)


@pytest.mark.parametrize("header", NO_KEYS.values(), ids=NO_KEYS)
async def test_anything_else_is_refused_and_not_repeated(client, header, store):
    async with (await client()).post("/", headers={"Idempotency-Key": header}) as answer:
        assert (answer.status, answer.content_type) == (400, "application/problem+json")
        document = await answer.json()
    (fault,) = document["errors"]
    assert (fault["in"], fault["name"], fault["code"]) == ("header", "Idempotency-Key", "invalid")
    assert len(header) < 5 or header not in str(document)
    assert store.log == []


async def test_two_keys_are_none(client, store):
    client = await client()
    async with client.post("/", headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "a")]) as answer:
        assert answer.status == 400
        (fault,) = (await answer.json())["errors"]
    assert fault["code"] == "repeated"
    assert store.log == []


async def test_quoted_and_bare_are_one_key(client):
    client = await client()
    for header, replayed in (("abc", None), ('"abc"', "true"), ("abc", "true"), ("xyz", None)):
        async with client.post("/", headers={"Idempotency-Key": header}) as answer:
            assert answer.headers.get("Idempotent-Replayed") == replayed


async def test_what_lies_in_the_store_says_nothing_of_key_or_caller(client, store):
    client = await client()
    headers = {"Idempotency-Key": "k3y", "Authorization": "Basic YW5uOnNlY3JldA=="}
    async with client.post("/", headers=headers) as answer:
        assert answer.status == 200
    (name,) = store.data
    assert len(name) == 64
    assert int(name, 16)
