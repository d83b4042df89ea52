"""`Endpoint`: where a request is sent, and what is answered. The server's route is made from the same record."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, overload

from ponty.core import PontyError
from ponty.request.content.media_types import essence
from ponty.request.fields.base import Field
from ponty.request.fields.parameters.path import RouteParameter

if TYPE_CHECKING:
    from ponty.request.client.items import Items

_T_co = TypeVar("_T_co", covariant=True)
_X = TypeVar("_X")

_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ABSENT = object()

Stream = Literal["lines", "events"]
"""How a stream is written: as JSON lines, like `render_lines`, or as events, like `render_events`."""


class Endpoint(Generic[_T_co]):
    """The address and the answer of a class of requests; it is the class's attribute `endpoint`.

    ::

        @dataclasses.dataclass
        class Order:
            number: int

        class ListOrders(Request):
            endpoint = Endpoint("GET", "/customers/{customer}/orders", returns=list[Order])
            customer = PosIntRouteParameter()
            page = PosIntQueryParameter(default=1)

    `await ListOrders(customer=7).send(session)` then returns a `list[Order]`, and `@handle(ListOrders)` makes the route
    that answers it.

    Args:
        method: The HTTP method.
        path: The path. `{name}` stands for the route parameter with this name; each route parameter of the class must
            be in the path once.
        returns: The type of the answer's value, as for `render_json`; with `stream`, the type of each item. Without it,
            the answer has no content. If the type is not a class, type checkers need it a second time: `Endpoint[Cat |
            Dog]("GET", "/pets/{name}", returns=Cat | Dog)`.
        status: The status of a good answer; by default 200, or 204 without `returns`.
        envelope: Whether the value is in Ponty's envelope, as by default; or the member with the value, if the
            application makes its own envelope (`build_app(envelope=…)`).
        etag: Whether the answer has an entity tag.
        raises: The errors that the server may answer with; `send` raises them as these classes.
        stream: How values are sent one by one: as JSON lines (`"lines"`) or server-sent events (`"events"`).
        mimetype: The media type of the body, as for `expect`; by default, the usual one of the field of the body.
        max_size: The most bytes of an answer that `send` reads, after its content encoding is undone; for a stream, of
            one item. 8 MiB by default.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The method, the path or another argument is not valid, or `max_size` is below 1.
    """

    @overload
    def __init__(
        self: "Endpoint[None]",
        method: str,
        path: str,
        *,
        status: int = 204,
        envelope: bool | str = True,
        raises: Sequence[type[PontyError]] = (),
        mimetype: str | None = None,
        max_size: int = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: "Endpoint[Items[_X]]",
        method: str,
        path: str,
        *,
        returns: type[_X],
        stream: Stream,
        raises: Sequence[type[PontyError]] = (),
        mimetype: str | None = None,
        max_size: int = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: "Endpoint[_X]",
        method: str,
        path: str,
        *,
        returns: type[_X],
        status: int = 200,
        envelope: bool | str = True,
        etag: bool = False,
        raises: Sequence[type[PontyError]] = (),
        mimetype: str | None = None,
        max_size: int = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        method: str,
        path: str,
        *,
        returns: object,
        status: int = 200,
        envelope: bool | str = True,
        etag: bool = False,
        raises: Sequence[type[PontyError]] = (),
        stream: Stream | None = None,
        mimetype: str | None = None,
        max_size: int = ...,
    ) -> None: ...
    def __init__(
        self,
        method: str,
        path: str,
        *,
        returns: Any = _ABSENT,
        status: int | None = None,
        envelope: bool | str = True,
        etag: bool = False,
        raises: Sequence[type[PontyError]] = (),
        stream: Stream | None = None,
        mimetype: str | None = None,
        max_size: int = 8 * 1024**2,
    ) -> None:
        here = f"Endpoint({method!r}, {path!r})"
        if not _METHOD.fullmatch(method):
            raise ValueError(f"{here}: {method!r} is not an HTTP method")
        self.variables: tuple[str, ...] = _variables(here, path)
        self.method: str = method.upper()
        self.path: str = path
        self.returns: Any = None if returns is _ABSENT else returns
        default_status = 204 if returns is _ABSENT or returns is None else 200
        self.status: int = default_status if status is None else status
        self.envelope: bool | str = envelope
        self.etag: bool = etag
        self.raises: tuple[type[PontyError], ...] = _error_classes(here, raises)
        self.stream: Stream | None = stream
        self.mimetype: str | None = mimetype
        self.max_size: int = max_size
        if stream not in {None, "lines", "events"}:
            raise ValueError(f"{here}: stream is 'lines' or 'events', not {stream!r}")
        if stream is not None and (returns is _ABSENT or etag or status not in {None, 200}):
            raise ValueError(f"{here}: a stream needs `returns` and the status 200, and cannot have an entity tag")
        if not 200 <= self.status <= 299:
            raise ValueError(f"{here}: the status of a good answer is from 200 to 299, not {self.status!r}")
        if mimetype is not None and essence(mimetype) is None:
            raise ValueError(f"{here}: {mimetype!r} is not a media type, as text/plain is")
        if max_size < 1:
            raise ValueError(f"{here}: max_size must be at least 1, not {max_size!r}")

    def __repr__(self) -> str:
        return f"<Endpoint {self.method} {self.path}>"

    def check(self, place: str, fields: Mapping[str, Field[Any]]) -> None:
        """Check that the path has each route parameter of a class once.

        Args:
            place: The name of the class, for messages.
            fields: Its fields.

        Raises:
            TypeError: One is missing, or the path has another.
        """
        parameters = {name for name, field in fields.items() if isinstance(field, RouteParameter)}
        if unknown := _quoted(set(self.variables) - parameters):
            raise TypeError(f"{place}: the path {self.path!r} has {unknown}, which is no RouteParameter of the class")
        if missing := _quoted(parameters - set(self.variables)):
            raise TypeError(f"{place}: the RouteParameter {missing} is not in the path {self.path!r}")

    def route_path(self, fields: Mapping[str, Field[Any]]) -> str:
        """Return the path in aiohttp's syntax, with the patterns of its variable parts."""

        def variable(match: re.Match[str]) -> str:
            pattern: str = getattr(fields[match[1]], "pattern", "[^/]+")
            return f"{{{match[1]}:{pattern}}}"

        return _VARIABLE.sub(variable, self.path)


class Called(Protocol[_T_co]):
    """A request whose class has an endpoint, which answers with a type."""

    @property
    def endpoint(self) -> Endpoint[_T_co]:
        """The endpoint."""
        ...


def _variables(here: str, path: str) -> tuple[str, ...]:
    if not isinstance(path, str) or not path.startswith("/"):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"{here}: the path must begin with a slash")
    rest = _VARIABLE.sub("", path)
    if "{" in rest or "}" in rest:
        raise ValueError(f"{here}: a variable part must be {{name}}; its pattern is that of the field with this name")
    if "?" in rest or "#" in rest or "%" in rest or {".", ".."} & set(path.split("/")):
        raise ValueError(f"{here}: the path must have no query, no percent signs, and no part that is only dots")
    names = _VARIABLE.findall(path)
    if len(set(names)) < len(names):
        raise ValueError(f"{here}: a variable part must not be in the path twice")
    return tuple(names)


def _error_classes(here: str, classes: Any) -> tuple[type[PontyError], ...]:
    listed: Iterable[Any] = () if isinstance(classes, type) else classes
    if isinstance(classes, type) or not all(isinstance(cls, type) and issubclass(cls, PontyError) for cls in listed):
        raise TypeError(f"{here}: raises must be a list of PontyError classes, as raises=[SoldOut]")
    return tuple(classes)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, sorted(names)))
