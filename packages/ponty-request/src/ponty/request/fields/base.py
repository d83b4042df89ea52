"""Fields: each takes one part of an HTTP request, and describes what it takes.

A field is both, so that what is documented is what is enforced. As a class variable of a `ponty.request.Request` it is
a descriptor: from an instance it reads as its value.
"""

import abc
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar, overload

from aiohttp import web

from ponty.core import Location

_T_co = TypeVar("_T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Description:
    """What a field takes from a request.

    Args:
        location: The part of the request, as OpenAPI's `in` has it, or `body`.
        name: The name there.
        required: Whether a request without it is refused.
        schema: A JSON Schema of its legal values, as far as one can say.
        style: How what is not a scalar is written in a query: a list by one parameter for each element (`repeat`) or by
            commas (`comma`), an object by one parameter for each property (`properties`).
        security: Where it is how a client says who it is, the security scheme, as OpenAPI writes it.
    """

    location: Location
    name: str
    required: bool = True
    schema: Mapping[str, object] = field(default_factory=dict[str, object])
    style: Literal["repeat", "comma", "properties"] = "repeat"
    security: Mapping[str, object] | None = None


class Field(abc.ABC, Generic[_T_co]):
    """A part of an HTTP request, as a value of a type.

    Subclass it to read a part of your own: give it `extract` and, unless no client can get that part wrong, `describe`.

    ::

        class Remote(Field[str]):
            def extract(self, request: web.Request) -> str:
                return request.remote or ""

        class Visit(Request):
            remote = Remote()
    """

    name: str = ""
    """The name of the class variable that holds the field; set by Python, when the class is made."""

    takes_stream: bool = False
    """Whether it reads the body as it arrives, so that no other field of the request can read it."""

    max_size: int | None = None
    """How many bytes of a body it takes, in place of what the application allows; None for just that."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __format__(self, spec: str) -> str:
        """Refuse to be written into a path: only a route parameter is a part of one.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{type(self).__qualname__} {self.name!r} is no part of a path; a RouteParameter is")

    @overload
    def __get__(self, instance: None, owner: type) -> object: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T_co: ...
    def __get__(self, instance: object, owner: type) -> object:
        if instance is None:
            return self
        # The values live in the instance's dictionary, which is read before this method: it is not there.
        raise AttributeError(f"this {type(instance).__qualname__} has no value for {self.name!r}")

    @abc.abstractmethod
    def extract(self, request: web.Request) -> _T_co | Awaitable[_T_co]:
        """Give the value of this part of `request`. May be an `async def`.

        Raises:
            InvalidField: The part is missing or wrong.
        """

    def describe(self) -> Description | None:
        """Say what is taken from a request, or None where no client can get it wrong."""
        return None
