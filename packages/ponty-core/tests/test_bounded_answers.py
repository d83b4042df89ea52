"""An answer to a bad request is small, whatever the request was."""

import json

import pytest

from ponty.core import Fault, ValidationError, get


@pytest.mark.parametrize(
    "pointer",
    ["/x" * 100, "/\0" * 60, "/\N{FULL BLOCK}" * 200, "/" + "\udcff" * 300, "/" + "x" * 100_000],
    ids=["ascii", "control", "wide", "surrogates", "long"],
)
async def test_as_many_faults_are_listed_as_fit_into_eight_kilobytes(serve, pointer):
    @get("/")
    async def handler(request):
        raise ValidationError(faults=[Fault("body", "person", "is not valid", pointer) for _ in range(60)])

    client = await serve()
    async with client.get("/") as answer:
        raw = await answer.read()
        assert (answer.status, answer.content_type) == (400, "application/problem+json")
    assert len(raw) < 8192
    document = json.loads(raw)
    assert document["detail"] == f"the first {len(document['errors'])} of at least 60 errors are listed"
