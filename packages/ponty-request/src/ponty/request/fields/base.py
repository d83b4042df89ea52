"""Fields: each takes one part of an HTTP request, and describes what it takes.

A field is both, so that what is documented is what is enforced. As a class variable of a `ponty.request.Request` it is
a descriptor: from an instance it reads as its value, and from the class as itself.
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
"""In place of a type that nothing says."""


@dataclass(frozen=True, slots=True)
class Description:
    """The part of a request that a field takes.

    Args:
        location: The part of the request, as OpenAPI's `in` has it, or `body`.
        name: The name there.
        required: Whether a request without it is refused.
        schema: A JSON Schema of its legal values, as far as one can say.
        style: How what is not a scalar is written in a query: a list by one parameter for each element (`repeat`) or by
            commas (`comma`), an object by one parameter for each property (`properties`).
        security: Where it is how a client says who it is, the security scheme, as OpenAPI writes it.
        media_types: Of a body, its media types; none for any.
        refusals: The statuses with which a request is refused where the part is missing or wrong. By default, those
            that are usual in its place: a 400, and in a path a 404 too, of a body a 413 and a 415.
        description: What the part is, in words for who writes a client; Markdown.
        deprecated: It is to be sent no more.
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
        """The statuses with which a request is refused on its account."""
        return self.refusals or _USUAL_REFUSALS.get(self.location, (400,))


_USUAL_REFUSALS: Mapping[Location, tuple[int, ...]] = {"path": (400, 404), "body": (400, 413, 415)}


class Field(abc.ABC, Generic[_T_co]):
    """A part of an HTTP request, as a value of a type.

    Subclass it to read a part of your own: give it `extract` and, unless no client can get that part wrong, `describe`.

    ::

        class Remote(Field[str]):
            def extract(self, request: web.Request) -> str:
                return request.remote or ""

        class Visit(Request):
            remote = Remote()

    A field may use others, which are given by name. Their values reach `extract` as keyword arguments of these names:

    ::

        class Greeting(Field[str]):
            def extract(self, request: web.Request, *, remote: str) -> str:
                return f"hello, {remote}"

        class Welcome(Request):
            greeting = Greeting(remote=Remote())

    Args:
        **uses: The fields whose values it needs. Each is read once for a request, however many use it.
    """

    guard: ClassVar[bool] = False
    """Whether a refusal ends the request at once, before the body is read and before other fields run, with no word of
    what else is wrong. What a guard uses runs with it."""

    uses: Mapping[str, "Field[Any]"] = types.MappingProxyType({})
    """The fields that it uses, by the names under which `extract` takes their values."""

    _type: Any = UNKNOWN

    name: str = ""
    """The name of the class variable that holds the field; set by Python, when the class is made."""

    takes_stream: bool = False
    """Whether it reads the body as it arrives, so that no other field of the request can read it."""

    max_size: int | None = None
    """How many bytes of a body it takes, in place of what the application allows; None for just that."""

    def __init__(self, **uses: "Field[Any]") -> None:
        for name, used in uses.items():
            given: object = used
            if not isinstance(given, Field):  # pyright: ignore[reportUnnecessaryIsInstance]
                cls = type(self).__qualname__
                raise TypeError(f"{cls}({name}=…): a field uses fields, not {type(given).__qualname__}")
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
        """Refuse to be written into a path: only a route parameter is a part of one.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{type(self).__qualname__} {self.name!r} is no part of a path; a RouteParameter is")

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T_co: ...
    def __get__(self, instance: object, owner: type) -> object:
        if instance is None:
            return self
        # The values live in the instance's dictionary, which is read before this method: it is not there.
        try:
            return self.absent()
        except LookupError:
            raise AttributeError(f"this {type(instance).__qualname__} has no value for {self.name!r}") from None

    @abc.abstractmethod
    def extract(self, request: web.Request, *args: Any, **values: Any) -> _T_co | Awaitable[_T_co]:
        """Return the value of this part of `request`. May be an `async def`.

        Args:
            request: The request.
            *args: None; with the values, it lets each field name its own.
            **values: Those of the fields that it uses, each under its name.

        Raises:
            InvalidField: The part is missing or wrong.
        """

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write a value into a request that is to be sent, so that `extract` reads it as the same.

        A class that has an `extract` of its own has an `insert` of its own, or its requests are not sent.

        Args:
            value: The value.
            into: The request.

        Raises:
            InvalidField: It cannot be sent.
        """
        del value, into
        raise InvalidField(f"is not sent: {type(self).__qualname__} has no `insert`")

    def absent(self) -> Any:
        """Return the value of a request that has nothing in this part.

        Raises:
            LookupError: There is none: the part must be there.
        """
        raise LookupError(self.name)

    @property
    def is_sent(self) -> bool:
        """Whether its `insert` is that of the class whose `extract` it has, or of one further down."""
        mro = type(self).__mro__
        owners = {name: next(i for i, cls in enumerate(mro) if name in vars(cls)) for name in ("extract", "insert")}
        return mro[owners["insert"]] is not Field and owners["insert"] <= owners["extract"]

    def describe(self) -> Description | None:
        """Return the part of a request that is taken, or None where no client can get it wrong."""
        return None

    def value_type(self) -> Any:
        """Return the type of the values, for `expect` to compare with what a handler takes; Any where it is not known.

        It is what the field was made of, or else the argument of `Field[…]` among the bases of its class, or else what
        `extract` says that it returns.
        """
        return type_of_values(self, self._type)


def type_of_values(of: Field[Any], known: Any) -> Any:
    """Return the type of the values of a field, as far as something says it."""
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
    """Return the annotations of a function that can be resolved."""
    function = inspect.unwrap(function)
    names = getattr(function, "__globals__", {})
    resolved: dict[str, Any] = {}
    for name, annotation in written_annotations(function).items():
        if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
            resolved[name] = annotation
            continue
        holder = types.SimpleNamespace(__annotations__={name: annotation})
        with contextlib.suppress(Exception):  # whatever an annotation in quotes runs into
            resolved[name] = get_type_hints(holder, names, include_extras=True)[name]
    return resolved
