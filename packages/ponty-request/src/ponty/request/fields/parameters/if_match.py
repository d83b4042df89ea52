"""`IfMatch`: keeps two clients from overwriting each other's changes (RFC 9110 §13.1.1)."""

from typing import Any

from aiohttp import hdrs, web

from ponty.core import PontyError, etag_matches
from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field
from ponty.request.fields.outgoing import Outgoing
from ponty.request.fields.parameters.utf8 import require_utf8


class Precondition:
    """The versions of a resource that a client's change is meant for; the value of `IfMatch`.

    Args:
        tags: The value of the header: `*`, or a list of entity tags.
    """

    def __init__(self, tags: str) -> None:
        self.tags: str = tags

    def __repr__(self) -> str:
        return f"Precondition({self.tags!r})"

    def matches(self, etag: str) -> bool:
        """Return whether an entity tag is one of these versions."""
        return etag_matches(self.tags, etag)

    def check(self, etag: str) -> None:
        """Refuse the request with a 412 if the current version is not one of these.

        Args:
            etag: The entity tag of the current version, as `etag_of` makes it.

        Raises:
            PontyError: The entity tag does not match.
        """
        if not self.matches(etag):
            raise _PreconditionFailed


class _PreconditionFailed(PontyError):
    status_code = 412


class IfMatch(Field[Precondition]):
    """The `If-Match` header, which a request must have; without it the answer is a 428 (RFC 6585 §3).

    ::

        MUGS = {"tea": 3}

        class PutMug(Request):
            count = PosIntQueryParameter(required=True)
            precondition = IfMatch()

        @put("/mugs/tea")
        @expect(PutMug)
        @render_json
        async def put_mug(count: int, precondition: Precondition) -> None:
            precondition.check(etag_of(MUGS["tea"]))  # a 412 if somebody else was faster
            MUGS["tea"] = count
    """

    def extract(self, request: web.Request) -> Precondition:
        """Read the header.

        Raises:
            InvalidField: The header is missing: a 428; or it is not UTF-8: a 400.
        """
        lines = request.headers.getall(hdrs.IF_MATCH, ())
        if not lines:
            raise InvalidField("is required", status=428, code="missing")
        return Precondition(require_utf8(", ".join(lines)))

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the header.

        Raises:
            InvalidField: The value is no `Precondition`.
        """
        if not isinstance(value, Precondition):
            raise InvalidField("must be a Precondition, as Precondition(answer.etag)")
        into.set_header(hdrs.IF_MATCH, value.tags)

    def describe(self) -> Description:
        """Describe the header."""
        return Description(
            "header",
            hdrs.IF_MATCH,
            schema={"type": "string"},
            refusals=(400, 412, 428),
            description="The entity tag of the version that the change is meant for (RFC 9110 §13.1.1)",
        )
