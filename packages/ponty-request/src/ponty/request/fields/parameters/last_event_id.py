"""`LastEventId`: where a client that has lost a stream of events wants it to go on."""

from typing import Any, Generic, TypeVar, overload

from aiohttp import web

from ponty.request.errors import InvalidField
from ponty.request.fields.outgoing import Outgoing
from ponty.request.fields.parameters.header import Header

_T_co = TypeVar("_T_co", covariant=True)
_X = TypeVar("_X")


class LastEventId(Header[_T_co | None], Generic[_T_co]):
    """The id of the last event that a client has seen; None for a client that has seen none.

    `EventSource` sends it by itself when it connects again (WHATWG HTML §9.2.4).

    ::

        class Follow(Request):
            last = LastEventId(int)

    Args:
        of: The type of the ids, a scalar. A client whose id is none is refused, and does not connect again.

    Raises:
        TypeError: The type is no scalar.
    """

    @overload
    def __init__(self: "LastEventId[str]") -> None: ...
    @overload
    def __init__(self: "LastEventId[_X]", of: type[_X]) -> None: ...
    def __init__(self, of: Any = str) -> None:
        super().__init__(of | None, key="Last-Event-ID", default=None)

    def extract(self, request: web.Request) -> _T_co | None:
        """Read the header.

        Raises:
            InvalidField: It is not UTF-8, or not of its type.
        """
        # An empty one is that of a client whose last id the program has taken back.
        return super().extract(request) if request.headers.get("Last-Event-ID") else None

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the header; None by leaving it out.

        Raises:
            InvalidField: It is no id, or an empty one, which is none.
        """
        if value == "":
            raise InvalidField("must not be empty: an empty id is none")
        super().insert(value, into)
