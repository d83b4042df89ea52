"""The check for parameters of a URL's query that no field reads."""

from collections.abc import Iterable

from aiohttp import web

from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description


class OtherParameters:
    """Refuses query parameters that no field reads.

    Args:
        names: The parameters that fields read.
    """

    name: str = ""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        known = ", ".join(map(repr, sorted(self._names)))
        self._detail = f"must have no other parameters than {known}" if known else "must have no parameters"

    def check(self, request: web.Request) -> None:
        """Check that there are no others.

        Raises:
            InvalidField: There are others.
        """
        if not self._names.issuperset(request.query):
            raise InvalidField(self._detail, code="unknown")

    def describe(self) -> Description:
        """Describe the query as a whole, which has no name."""
        return Description("query", "")
