"""The fields of a path's variable parts."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from aiohttp import web

from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field, require_utf8
from ponty.request.fields.converters import CAST_ERRORS, parse_digits

_T_co = TypeVar("_T_co", covariant=True)


class RouteParameter(Field[_T_co], Generic[_T_co]):
    r"""A variable part of the path.

    From the class it reads as the part in aiohttp's syntax, for the path of a route: where `name` is such a field of
    `HelloReq`, `f"/hello/{HelloReq.name}"` is `/hello/{name:\w+}`. From an instance it reads as the value.

    ::

        class Colour(RouteParameter[str]):
            def __init__(self) -> None:
                super().__init__(pattern="[0-9a-f]{6}", cast_func=str.upper)

        class Paint(Request):
            colour = Colour()

        assert f"/paint/{Paint.colour}" == "/paint/{colour:[0-9a-f]{6}}"

    Args:
        pattern: A regular expression that the whole part must match; a path that does not is a 404.
        cast_func: Makes the value of the part, decoded. If it raises a ValueError, LookupError, TypeError or
            ArithmeticError, the answer is a 404. The default leaves it a str.
    """

    @overload
    def __init__(self: "RouteParameter[str]", *, pattern: str, cast_func: None = None) -> None: ...
    @overload
    def __init__(self, *, pattern: str, cast_func: Callable[[str], _T_co] | None) -> None: ...
    def __init__(self, *, pattern: str, cast_func: Callable[[str], Any] | None = None) -> None:
        self.pattern = pattern
        self._cast = cast_func

    @overload
    def __get__(self, instance: None, owner: type) -> str: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T_co: ...
    def __get__(self, instance: object, owner: type) -> object:
        if instance is None:
            return f"{{{self.name}:{self.pattern}}}"
        return super().__get__(instance, owner)

    def extract(self, request: web.Request) -> _T_co:
        """Cast the part of the path.

        Raises:
            InvalidField: It does not cast: a 404, since no such resource exists.
        """
        text = request.match_info[self.name]
        try:
            if not text.isascii():
                require_utf8(text)
            return self._cast(text) if self._cast else text  # type: ignore[return-value]
        except CAST_ERRORS:
            raise InvalidField("is not valid", status=404) from None
        except InvalidField as invalid:
            raise InvalidField(invalid.detail, status=404) from None

    def describe(self) -> Description:
        """Describe the part: a string that matches the pattern."""
        return Description("path", self.name, schema={"type": "string", "pattern": f"^(?:{self.pattern})$"})


class PosIntRouteParameter(RouteParameter[int]):
    r"""A non-negative integer in ASCII digits; its pattern is `\d+`."""

    def __init__(self) -> None:
        super().__init__(pattern=r"\d+", cast_func=parse_digits)

    def describe(self) -> Description:
        """Describe the part: a non-negative integer."""
        return Description("path", self.name, schema={"type": "integer", "minimum": 0})


class StringRouteParameter(RouteParameter[str]):
    r"""A string of word characters; its pattern is `\w+`."""

    def __init__(self) -> None:
        super().__init__(pattern=r"\w+")
