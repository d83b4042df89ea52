"""`LastEventId`: the event after which a client wants a stream of events to go on."""

from typing import Any, Generic, TypeVar, overload

from aiohttp import web

from ponty.request.errors import InvalidField
from ponty.request.fields.outgoing import Outgoing
from ponty.request.fields.parameters.header import Header

_T_co = TypeVar("_T_co", covariant=True)
_X = TypeVar("_X")


class LastEventId(Header[_T_co | None], Generic[_T_co]):
    """The id of the last event that a client has seen; None if it has seen none.

    `EventSource` sends it by itself when it reconnects (WHATWG HTML §9.2.4).

    ::

        class Follow(Request):
            last = LastEventId(int)

    Args:
        of: The type of the ids, a scalar; str by default. A client whose id is not of this type is refused, and does
            not reconnect.

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
            InvalidField: The header is not UTF-8, or not of its type.
        """
        # The id is empty if the program has reset it.
        return super().extract(request) if request.headers.get("Last-Event-ID") else None

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the header. None is left out.

        Raises:
            InvalidField: The value is no id, or an empty text, which means no id.
        """
        if value == "":
            raise InvalidField("must not be empty: an empty id means that there is none")
        super().insert(value, into)
