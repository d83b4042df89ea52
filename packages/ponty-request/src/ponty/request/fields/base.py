"""Fields: each reads one part of an HTTP request, and describes it.

A field does both, so that the documentation says what is enforced. As a class variable of a `ponty.request.Request`, it
is a descriptor: read from an instance, it is its value; read from the class, it is itself.
"""

import abc
import collections.abc
import contextlib
import inspect
import types
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeVar, get_args, get_origin, get_type_hints, overload

from aiohttp import web

from ponty.core import Location
from ponty.request.errors import InvalidField
from ponty.request.fields.outgoing import Outgoing
from ponty.request.parsing.annotations.type_hints import origin_and_variables, substitute
from ponty.request.parsing.annotations.written import written_annotations

_T_co = TypeVar("_T_co", covariant=True)

UNKNOWN: Final = object()
"""Stands for a type that is not known."""


@dataclass(frozen=True, slots=True)
class Description:
    """The part of a request that a field reads, as OpenAPI documents describe it.

    Args:
        location: The place in the request: `path`, `query`, `header` or `cookie`, as in OpenAPI, or `body`.
        name: The name in that place.
        required: Whether a request without the part is refused.
        schema: A JSON Schema of the legal values, as far as it can be known.
        style: How lists and objects are written in a query: a list as one parameter for each element (`repeat`) or with
            commas (`comma`), an object as one parameter for each property (`properties`).
        security: If the part holds credentials, their security scheme, as OpenAPI writes it.
        media_types: The media types of a body; empty for any.
        refusals: The statuses with which a request is refused if the part is missing or wrong. By default the usual
            ones: 400; for a path also 404; for a body also 413 and 415.
        description: What the part is, for developers of clients; Markdown.
        deprecated: Whether clients should no longer send the part.
    """

    location: Location
    name: str
    required: bool = True
    schema: Mapping[str, object] = field(default_factory=dict[str, object])
    style: Literal["repeat", "comma", "properties"] = "repeat"
    security: Mapping[str, object] | None = None
    media_types: tuple[str, ...] = ()
    refusals: tuple[int, ...] = ()
    description: str = ""
    deprecated: bool = False

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses with which a request is refused because of this part."""
        return self.refusals or _USUAL_REFUSALS.get(self.location, (400,))


_USUAL_REFUSALS: Mapping[Location, tuple[int, ...]] = {"path": (400, 404), "body": (400, 413, 415)}


class Field(abc.ABC, Generic[_T_co]):
    """A part of an HTTP request, read as a value of a type.

    Subclass it to read a part that no other field reads. Define `extract`, and also `describe`, unless no client can
    get that part wrong.

    ::

        class Remote(Field[str]):
            def extract(self, request: web.Request) -> str:
                return request.remote or ""

        class Visit(Request):
            remote = Remote()

    A field may use other fields, passed as keyword arguments. Their values reach `extract` under the same names:

    ::

        class Greeting(Field[str]):
            def extract(self, request: web.Request, *, remote: str) -> str:
                return f"hello, {remote}"

        class Welcome(Request):
            greeting = Greeting(remote=Remote())

    Args:
        **uses: The fields whose values it needs. Each is read once per request, even if several fields use it.
    """

    guard: ClassVar[bool] = False
    """Whether the field is a guard. Guards are read before the body and before all other fields. A refusal by a guard
    ends the request at once, and the answer names no other fault. The fields that a guard uses are read with it."""

    uses: Mapping[str, "Field[Any]"] = types.MappingProxyType({})
    """The fields that it uses, by the names under which `extract` takes their values."""

    _type: Any = UNKNOWN

    name: str = ""
    """The name of the class variable that holds the field; set by Python, when the class is made."""

    takes_stream: bool = False
    """Whether the field reads the body as it arrives, so that no other field of the request can read it."""

    max_size: int | None = None
    """The largest body that it accepts, in bytes, instead of the application's limit; None for that limit."""

    def __init__(self, **uses: "Field[Any]") -> None:
        for name, used in uses.items():
            given: object = used
            if not isinstance(given, Field):  # pyright: ignore[reportUnnecessaryIsInstance]
                cls = type(self).__qualname__
                raise TypeError(f"{cls}({name}=…): a field can use only fields, not {type(given).__qualname__}")
        self.uses = types.MappingProxyType(uses)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "extract" and self.name:
            raise AttributeError(
                f"{type(self).__qualname__} {self.name!r} is bound already, so another extract would not be called; "
                "replace the field in an application: build_app(fields={…: fake})"
            )
        super().__setattr__(name, value)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __format__(self, spec: str) -> str:
        """Refuse to be written into a path: only route parameters can be part of one.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{type(self).__qualname__} {self.name!r} is not a part of a path; use a RouteParameter")

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T_co: ...
    def __get__(self, instance: object, owner: type) -> object:
        if instance is None:
            return self
        # Values are in the instance's dictionary, which Python reads before it calls this method: there is none.
        try:
            return self.absent()
        except LookupError:
            raise AttributeError(f"this {type(instance).__qualname__} has no value for {self.name!r}") from None

    @abc.abstractmethod
    def extract(self, request: web.Request, *args: Any, **values: Any) -> _T_co | Awaitable[_T_co]:
        """Return the value of this part of `request`. It may be an `async def`.

        Args:
            request: The request.
            *args: Never passed. It is here so that subclasses may name their own parameters.
            **values: The values of the fields that it uses, by name.

        Raises:
            InvalidField: The part is missing or wrong.
        """

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write a value into a request that a client sends, so that `extract` reads the same value from it.

        A class that defines `extract` must define `insert` as well; otherwise its requests cannot be sent.

        Args:
            value: The value.
            into: The request.

        Raises:
            InvalidField: The value cannot be sent.
        """
        del value, into
        raise InvalidField(f"cannot be sent: {type(self).__qualname__} has no `insert`")

    def absent(self) -> Any:
        """Return the value for a request that lacks this part: the default.

        Raises:
            LookupError: There is no default: the part is required.
        """
        raise LookupError(self.name)

    @property
    def is_sent(self) -> bool:
        """Whether the field can be sent: the class that defines its `extract`, or a subclass, defines `insert`."""
        mro = type(self).__mro__
        owners = {name: next(i for i, cls in enumerate(mro) if name in vars(cls)) for name in ("extract", "insert")}
        return mro[owners["insert"]] is not Field and owners["insert"] <= owners["extract"]

    def describe(self) -> Description | None:
        """Return the description of the part, or None if no client can get it wrong."""
        return None

    def value_type(self) -> Any:
        """Return the type of the values, which `expect` compares with the handler's annotation; Any if it is not known.

        It is the type that the field was made with, or else the argument of `Field[…]` among the bases of its class, or
        else the return annotation of `extract`.
        """
        return type_of_values(self, self._type)


def type_of_values(of: Field[Any], known: Any) -> Any:
    """Return the type of the values of a field: `known`, or what its class says, or Any."""
    if known is not UNKNOWN:
        return known
    try:
        _, variables = origin_and_variables(getattr(of, "__orig_class__", type(of)))
    except TypeError:
        variables = {}
    said = substitute(_T_co, variables.get(Field, {}))
    if not _holds_type_variables(said):
        return said
    returned = annotations_of(of.extract).get("return", Any)
    while get_origin(returned) in {collections.abc.Awaitable, collections.abc.Coroutine}:
        returned = get_args(returned)[-1]
    return Any if _holds_type_variables(returned) else returned


def _holds_type_variables(tp: Any) -> bool:
    return isinstance(tp, TypeVar) or bool(getattr(tp, "__parameters__", ()) and not isinstance(tp, type))


def annotations_of(function: Any) -> dict[str, Any]:
    """Return those annotations of a function that can be resolved."""
    function = inspect.unwrap(function)
    names = getattr(function, "__globals__", {})
    resolved: dict[str, Any] = {}
    for name, annotation in written_annotations(function).items():
        if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
            resolved[name] = annotation
            continue
        holder = types.SimpleNamespace(__annotations__={name: annotation})
        with contextlib.suppress(Exception):  # an annotation in quotes can raise anything
            resolved[name] = get_type_hints(holder, names, include_extras=True)[name]
    return resolved
