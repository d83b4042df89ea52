"""A change is made only to the version that the client has seen."""

import pytest

from ponty.core import etag_of, put, render_json
from ponty.request import IfMatch, Precondition, Request, expect


class Change(Request):
    precondition = IfMatch()


NOW = etag_of("tea")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 428),
        ({"If-Match": NOW}, 200),
        ({"If-Match": f'"other", {NOW}'}, 200),
        ([("If-Match", '"other"'), ("If-Match", NOW)], 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": f"W/{NOW}"}, 412),
        ({"If-Match": "tea"}, 412),
        ({"If-Match": ""}, 412),
    ],
)
async def test_a_request_says_which_version_it_changes(ask, headers, status):
    changed = []

    @put("/tea")
    @expect(Change)
    @render_json
    async def change(precondition: Precondition) -> None:
        precondition.check(NOW)
        changed.append(precondition)

    got, body = await ask("/tea", method="PUT", headers=headers)
    assert (got, len(changed)) == (status, 1 if status == 200 else 0)
    if status == 428:
        assert body["errors"] == [
            {"in": "header", "name": "If-Match", "pointer": "", "detail": "is required", "code": "missing"}
        ]
