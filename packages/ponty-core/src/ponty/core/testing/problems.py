"""Checks of problem documents (RFC 9457) in one line of a test."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

_PROBLEM_JSON = "application/problem+json"


async def assert_problem(
    response: aiohttp.ClientResponse,
    status: int,
    *,
    errors: Sequence[Mapping[str, object]] | None = None,
    **members: object,
) -> dict[str, Any]:
    """Check that an answer is a problem document with the given status, errors and members.

    ::

        async def test_a_page_has_a_number(client):
            answer = await client.get("/pages?page=lots")
            await assert_problem(answer, 400, errors=[{"in": "query", "name": "page"}])

    Args:
        response: The answer.
        status: The status that the answer and its document must have.
        errors: The members that each of its errors must have, in any order; errors may have other members too. None for
            any errors.
        **members: Members that the document must have, such as `type` or `detail`.

    Returns:
        The document.

    Raises:
        AssertionError: The answer is another one; the message shows it.
    """
    text = await response.text()
    came = f"{response.method} {response.url.path_qs} was answered with {response.status} {text!r}"
    if response.content_type != _PROBLEM_JSON:
        raise AssertionError(f"{came}, of type {response.content_type}: it is not a problem document")
    document = json.loads(text)
    if response.status != status or document.get("status") != status:
        raise AssertionError(f"{came}, not with {status}")
    for name, value in members.items():
        if name not in document or document[name] != value:
            raise AssertionError(f"{came}: {name} is not {value!r}")
    if errors is not None:
        _compare(came, document.get("errors", []), errors)
    return dict(document)


def _compare(came: str, found: list[dict[str, Any]], errors: Sequence[Mapping[str, object]]) -> None:
    left = [*found]
    # Errors with most members are looked up first, so that others with few members do not take their place.
    for wanted in sorted(errors, key=len, reverse=True):
        match = next((error for error in left if wanted.items() <= error.items()), None)
        if match is None:
            raise AssertionError(f"{came}: no error is {dict(wanted)!r}")
        left.remove(match)
    if left:
        raise AssertionError(f"{came}: errors that were not expected: {left!r}")
