"""The fields of a URL's query parameters."""

import enum
from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, Literal, TypeVar, cast, overload

from aiohttp import web

from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field, require_utf8
from ponty.request.fields.converters import CAST_ERRORS, DIGITS, parse_digits

_T_co = TypeVar("_T_co", covariant=True)


class _Missing(enum.Enum):
    MISSING = enum.auto()


_MISSING: Final = _Missing.MISSING


class QueryParameter(Field[_T_co], Generic[_T_co]):
    """A parameter of the URL's query, given once at most.

    ::

        class DayParameter(QueryParameter[datetime.date]):
            expected = "a day, as 2026-02-28"

            def __init__(self, *, default: datetime.date) -> None:
                super().__init__(default=default, cast_func=datetime.date.fromisoformat)

    Args:
        key: Its name in the URL; the field's own name by default.
        required: Refuses a request without it.
        default: The value without it; used as it is, without a cast. Exactly one of `required=True` and `default` is
            given.
        cast_func: Makes the value of the text, decoded. If it raises a ValueError, LookupError, TypeError or
            ArithmeticError, the request is refused.
        values: The legal texts; none for any.

    Raises:
        ValueError: Neither `required=True` nor a `default` is given, or both.
        TypeError: `values` is a str itself, or lists something else than str.
    """

    expected: str = "a valid value"
    """What the parameter must be, for the client to read."""

    @overload
    def __init__(
        self,
        *,
        key: str = "",
        required: Literal[True],
        cast_func: Callable[[str], _T_co],
        values: Iterable[str] = (),
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        key: str = "",
        required: Literal[False] = False,
        default: _T_co,
        cast_func: Callable[[str], _T_co],
        values: Iterable[str] = (),
    ) -> None: ...
    def __init__(
        self,
        *,
        key: str = "",
        required: bool = False,
        default: Any = _MISSING,
        cast_func: Callable[[str], Any],
        values: Iterable[str] = (),
    ) -> None:
        if required is (default is not _MISSING):
            given = "both" if required else "neither"
            raise ValueError(f"{type(self).__name__}: give required=True or a default, not {given}")
        self.key: str = key
        self._default = default
        self._cast = None if cast_func is str else cast_func  # a str is one already
        self._values = tuple(values)
        if isinstance(values, str) or not all(isinstance(value, str) for value in self._values):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{type(self).__name__}: values lists the legal texts, as a client writes them")

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        self.key = self.key or self.name

    def extract(self, request: web.Request) -> _T_co:
        """Cast the parameter, or give the default.

        Raises:
            InvalidField: It is missing though required, given more than once, not among the legal values, or does not
                cast.
        """
        texts = request.query.getall(self.key, ())
        if not texts:
            if self._default is _MISSING:
                raise InvalidField("is required")
            return self._default  # type: ignore[no-any-return]
        if len(texts) > 1:
            raise InvalidField("must be given once")
        text = texts[0]
        if not text.isascii():
            require_utf8(text)
        if self._values and text not in self._values:
            raise InvalidField(f"must be one of {', '.join(map(repr, self._values))}")
        if self._cast is None:
            return text  # type: ignore[return-value]
        try:
            return self._cast(text)  # type: ignore[no-any-return]
        except CAST_ERRORS:
            raise InvalidField(f"must be {self.expected}") from None

    def describe(self) -> Description:
        """Describe the parameter."""
        return Description("query", self.key, required=self._default is _MISSING, schema=self._schema())

    def _schema(self) -> dict[str, object]:
        schema: dict[str, object] = {"type": "string"}
        if self._values:
            schema["enum"] = list(self._values)
        return schema


_S_co = TypeVar("_S_co", bound=str | None, covariant=True)


class StringQueryParameter(QueryParameter[_S_co], Generic[_S_co]):
    """A query parameter read as it is; see `QueryParameter`."""

    @overload
    def __init__(
        self: "StringQueryParameter[str]", *, key: str = "", required: Literal[True], values: Iterable[str] = ()
    ) -> None: ...
    @overload
    def __init__(
        self: "StringQueryParameter[str]",
        *,
        key: str = "",
        required: Literal[False] = False,
        default: str,
        values: Iterable[str] = (),
    ) -> None: ...
    @overload
    def __init__(
        self: "StringQueryParameter[str | None]",
        *,
        key: str = "",
        required: Literal[False] = False,
        default: None,
        values: Iterable[str] = (),
    ) -> None: ...
    def __init__(self, **options: Any) -> None:
        super().__init__(cast_func=cast("Callable[[str], _S_co]", str), **options)


_I_co = TypeVar("_I_co", bound=int | None, covariant=True)


class PosIntQueryParameter(QueryParameter[_I_co], Generic[_I_co]):
    """A query parameter that is a non-negative integer in ASCII digits; see `QueryParameter`."""

    expected = DIGITS

    @overload
    def __init__(
        self: "PosIntQueryParameter[int]", *, key: str = "", required: Literal[True], values: Iterable[str] = ()
    ) -> None: ...
    @overload
    def __init__(
        self: "PosIntQueryParameter[int]",
        *,
        key: str = "",
        required: Literal[False] = False,
        default: int,
        values: Iterable[str] = (),
    ) -> None: ...
    @overload
    def __init__(
        self: "PosIntQueryParameter[int | None]",
        *,
        key: str = "",
        required: Literal[False] = False,
        default: None,
        values: Iterable[str] = (),
    ) -> None: ...
    def __init__(self, **options: Any) -> None:
        super().__init__(cast_func=cast("Callable[[str], _I_co]", parse_digits), **options)

    def _schema(self) -> dict[str, object]:
        if self._values:
            return super()._schema()
        return {"type": "integer", "minimum": 0}
