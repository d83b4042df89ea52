"""`RouteParameter`: a variable part of the path."""

import re
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar, overload

from aiohttp import web

from ponty.request.errors import InvalidField, refusal
from ponty.request.fields.base import Description, Field
from ponty.request.fields.outgoing import Outgoing
from ponty.request.fields.parameters.utf8 import check_path
from ponty.request.texts.converters import CAST_ERRORS, parse_digits
from ponty.request.texts.form import TextForm
from ponty.request.texts.text_forms import text_form
from ponty.request.texts.text_writing import write

_T_co = TypeVar("_T_co", covariant=True)
_X = TypeVar("_X")

_ABSENT: Final = object()


class RouteParameter(Field[_T_co], Generic[_T_co]):
    r"""A variable part of the path, read as a value of a type.

    Read from the class, it is the part in aiohttp's syntax, for the path of a route: if `ShowDay` has such a field
    `day`, `f"/days/{ShowDay.day}"` is `/days/{day:[0-9]{4}-[0-9]{2}-[0-9]{2}}`. Read from an instance, it is the value.

    ::

        class ShowDay(Request):
            day = RouteParameter(datetime.date)
            room = RouteParameter(str)

    `RouteParameter(str)` matches any one segment of a path. Instead of a type, you can give a pattern and a cast:

    ::

        class Colour(RouteParameter[str]):
            def __init__(self) -> None:
                super().__init__(pattern="[0-9a-f]{6}", cast_func=str.upper)

        class Paint(Request):
            colour = Colour()

        assert f"/paint/{Paint.colour}" == "/paint/{colour:[0-9a-f]{6}}"

    Args:
        of: The type, a scalar. A path whose part is not of the type is a 404, since no such resource exists. If the
            type is not a class, type checkers need it a second time: `RouteParameter[Literal["a"]](Literal["a"])`.
        pattern: Instead of a type, a regular expression that the whole part must match; a path that does not match is a
            404.
        cast_func: Makes the value from the part, which is decoded. If it raises a ValueError, LookupError, TypeError or
            ArithmeticError, the answer is a 404. Without it, the value is the str.

    Raises:
        TypeError: The type is no scalar, or both a type and a pattern are given, or neither.
    """

    expected: str = ""
    """What the part must be, in words for the client."""

    code: str = "cast"
    """The kind of fault if the part is something else, for programs."""

    @overload
    def __init__(self: "RouteParameter[_X]", of: type[_X]) -> None: ...
    @overload
    def __init__(self, of: object) -> None: ...
    @overload
    def __init__(self: "RouteParameter[str]", *, pattern: str, cast_func: None = None) -> None: ...
    @overload
    def __init__(self, *, pattern: str, cast_func: Callable[[str], _T_co] | None) -> None: ...
    def __init__(
        self, of: Any = _ABSENT, *, pattern: str | None = None, cast_func: Callable[[str], Any] | None = None
    ) -> None:
        name = type(self).__name__
        self._form: TextForm | None = None
        self._cast = cast_func
        if (of is _ABSENT) is (pattern is None) or (pattern is None and cast_func is not None):
            raise TypeError(f"{name}: give a type, or a pattern and perhaps a cast_func")
        if pattern is not None:
            self.pattern: str = pattern
            if cast_func is None:
                self._type = str
            return
        form = self._form = text_form(of)
        if form.is_list or "anyOf" in form.schema:
            raise TypeError(f"{name}: a part of a path has one value, and is always there, so its type cannot be {of}")
        self._type = of
        self._cast = form.read
        self.pattern = form.pattern
        self.expected = form.expected
        self.code = form.code

    @overload  # type: ignore[override]  # from the class it is a part of a path, where other fields are themselves
    def __get__(self, instance: None, owner: type) -> str: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T_co: ...
    def __get__(self, instance: object, owner: type) -> object:  # pyright: ignore[reportIncompatibleMethodOverride]
        if instance is None:
            return f"{{{self.name}:{self.pattern}}}"
        return super().__get__(instance, owner)

    def extract(self, request: web.Request) -> _T_co:
        """Read the part of the path.

        Raises:
            InvalidField: The part is not of the type, or not UTF-8: a 404, since no such resource exists.
        """
        text = request.match_info[self.name]
        try:
            if not text.isascii() or "%" in text:
                check_path(request, text)
            return self._cast(text) if self._cast else text  # type: ignore[return-value]
        except CAST_ERRORS:
            detail = f"must be {self.expected}" if self.expected else "is not valid"
            raise InvalidField(detail, status=404, code=self.code) from None
        except InvalidField as invalid:
            raise refusal(invalid.violations, status=404) from None

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the part of the path.

        Raises:
            InvalidField: The text is empty, or no part of a path reads as this value.
        """
        text = write(value, self._cast, self.expected)
        # The router matches the path while the slashes and percent signs within a part are still encoded.
        if text and not re.fullmatch(self.pattern, text.replace("%", "%25").replace("/", "%2F")):
            raise InvalidField(f"must match the pattern {self.pattern} of its part of the path")
        into.set_path(self.name, text)

    def describe(self) -> Description:
        """Describe the part: by its type, or as a string that matches the pattern."""
        if self._form is not None:
            return Description("path", self.name, schema=self._form.schema, refusals=(404,))
        schema = {"type": "string", "pattern": f"^(?:{self.pattern})$"}
        return Description("path", self.name, schema=schema, refusals=(404,))


class PosIntRouteParameter(RouteParameter[int]):
    r"""A non-negative integer in ASCII digits; its pattern is `\d+`."""

    def __init__(self) -> None:
        super().__init__(pattern=r"\d+", cast_func=parse_digits)

    def describe(self) -> Description:
        """Describe the part: a non-negative integer."""
        return Description("path", self.name, schema={"type": "integer", "minimum": 0}, refusals=(404,))


class StringRouteParameter(RouteParameter[str]):
    r"""A string of word characters; its pattern is `\w+`."""

    def __init__(self) -> None:
        super().__init__(pattern=r"\w+")
