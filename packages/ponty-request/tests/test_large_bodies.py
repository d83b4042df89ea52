"""A large body is read in steps: others have their turn between them, and what comes of it is the same."""

import dataclasses
import json
from typing import Annotated

import pytest

from ponty.core import post, render_json
from ponty.request import Annotation, JsonBody, ParsedJsonBody, Request, ValidatedJsonBody, expect
from ponty.request.large.sizes import LARGE


@dataclasses.dataclass
class Row:
    name: str
    count: Annotated[int, Annotation(minimum=0)]


class OfType(Request):
    rows = ParsedJsonBody(list[Row])


class OfSchema(Request):
    rows = ValidatedJsonBody(schema={"items": {"properties": {"count": {"minimum": 0}}}})


class OfAny(Request):
    rows = JsonBody()


ROWS = [{"name": "n" * 20, "count": number} for number in range(LARGE // 30)]
FAULT = {
    "in": "body",
    "name": "rows",
    "pointer": "/7/count",
    "detail": "is less than the minimum of 0",
    "code": "minimum",
}
BAD = [{**row, "count": -1} if number == 7 else row for number, row in enumerate(ROWS)]
WHOLE = [{**row, "count": float(row["count"])} for row in ROWS]


@pytest.fixture
def ask(serve):
    """Post a value, and return the status and the document of the answer."""

    async def ask(cls, value):
        @post("/rows")
        @expect(cls)
        @render_json
        async def rows(rows):
            return len(rows)

        client = await serve()
        body = json.dumps(value).encode()
        assert len(body) > LARGE
        async with client.post("/rows", data=body, headers={"Content-Type": "application/json"}) as answer:
            return answer.status, await answer.json(content_type=None)

    return ask


@pytest.mark.parametrize("cls", [OfType, OfSchema, OfAny])
@pytest.mark.parametrize("value", [ROWS, WHOLE], ids=["integers", "floats"])
async def test_a_good_body_is_taken(ask, cls, value):
    status, document = await ask(cls, value)
    assert (status, document["data"]) == (200, len(ROWS))


@pytest.mark.parametrize("cls", [OfType, OfSchema])
async def test_a_bad_body_is_refused_as_a_short_one_is(ask, cls):
    status, document = await ask(cls, BAD)
    assert (status, document["errors"]) == (400, [FAULT])


@pytest.mark.parametrize(("value", "steps"), [(ROWS, 2), (BAD, 4), (WHOLE, 4)], ids=["good", "bad", "of another form"])
async def test_others_have_their_turn_between_the_steps(value, steps):
    """Each step is one turn of the loop, in which all else that waits for its turn has one."""
    body = json.dumps(value).encode()
    attempt = OfType.rows.__ponty_attempt_in_turns__(body)
    turns = 0
    while True:
        try:
            attempt.send(None)
        except StopIteration:
            break
        turns += 1
    assert turns == steps
