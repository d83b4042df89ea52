"""`QueryParameter`: one parameter of a URL's query."""

import copy
import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, Literal, TypeVar, cast, overload

from aiohttp import web

from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field
from ponty.request.fields.outgoing import Outgoing
from ponty.request.fields.parameters.utf8 import check_query
from ponty.request.texts.converters import CAST_ERRORS, DIGITS, parse_digits
from ponty.request.texts.form import TextForm
from ponty.request.texts.text_defaults import check_default, described
from ponty.request.texts.text_forms import text_form
from ponty.request.texts.text_writing import write, write_all

_T_co = TypeVar("_T_co", covariant=True)
_X = TypeVar("_X")


class _Missing(enum.Enum):
    MISSING = enum.auto()


_MISSING: Final = _Missing.MISSING


class QueryParameter(Field[_T_co], Generic[_T_co]):
    """A parameter of the URL's query, read as a value of a type.

    ::

        class ListOrders(Request):
            since = QueryParameter(datetime.date, default=None)
            limit = QueryParameter(Annotated[int, Annotation(minimum=1, maximum=100)], default=20)
            tags = QueryParameter(list[str], key="tag", default=[])

    It may be given only once, unless its type is a list, a set or a tuple of any length. Instead of a type, you can
    give a cast:

    ::

        class DayParameter(QueryParameter[datetime.date]):
            expected = "a day, as 2026-02-28"

            def __init__(self, *, default: datetime.date) -> None:
                super().__init__(default=default, cast_func=datetime.date.fromisoformat)

    Args:
        of: The type: a scalar, a scalar or None, or a list, set or tuple of scalars. If it is not a class and there is
            no default, type checkers need it a second time: `QueryParameter[Literal["up", "down"]](Literal["up",
            "down"], required=True)`.
        key: The name in the URL; by default the name of the field.
        required: Whether a request without the parameter is refused.
        default: The value if the parameter is missing; it is used as it is, without a cast. Give either `required=True`
            or a `default`.
        style: How a list is written. With `repeat`, the default, there is one parameter for each element; with `comma`,
            there is one parameter with commas between the elements, and an empty text means no elements.
        cast_func: Instead of a type, makes the value from the text, which is decoded. If it raises a ValueError,
            LookupError, TypeError or ArithmeticError, the request is refused.
        values: The legal texts; empty for any.

    Raises:
        ValueError: Neither `required=True` nor a `default` is given, or both are; or the default is not among the
            `values`, or not within the bounds of the type.
        TypeError: The type cannot be read from text, or the default is not of the type; `values` is a str, or lists
            something other than str; or both a type and a `cast_func` are given, or neither.
    """

    expected: str = "a valid value"
    """What the parameter must be, in words for the client."""

    code: str = "cast"
    """The kind of fault if the text is something else, for programs."""

    @overload
    def __init__(
        self: "QueryParameter[_X]",
        of: type[_X],
        *,
        key: str = "",
        required: Literal[True],
        values: Iterable[str] = (),
        style: Literal["repeat", "comma"] = "repeat",
    ) -> None: ...
    @overload
    def __init__(
        self: "QueryParameter[_X]",
        of: type[_X],
        *,
        key: str = "",
        required: Literal[False] = False,
        default: _X,
        values: Iterable[str] = (),
        style: Literal["repeat", "comma"] = "repeat",
    ) -> None: ...
    @overload
    def __init__(
        self,
        of: object,
        *,
        key: str = "",
        required: Literal[True],
        values: Iterable[str] = (),
        style: Literal["repeat", "comma"] = "repeat",
    ) -> None: ...
    @overload
    def __init__(
        self,
        of: object,
        *,
        key: str = "",
        required: Literal[False] = False,
        default: _T_co,
        values: Iterable[str] = (),
        style: Literal["repeat", "comma"] = "repeat",
    ) -> None: ...
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
        of: Any = _MISSING,
        *,
        key: str = "",
        required: bool = False,
        default: Any = _MISSING,
        cast_func: Callable[[str], Any] | None = None,
        values: Iterable[str] = (),
        style: Literal["repeat", "comma"] = "repeat",
    ) -> None:
        name = type(self).__name__
        if required is (default is not _MISSING):
            given = "both" if required else "neither"
            raise ValueError(f"{name}: give required=True or a default, not {given}")
        if (of is _MISSING) is (cast_func is None):
            given = "neither" if cast_func is None else "both"
            raise TypeError(f"{name}: give a type or a cast_func, not {given}")
        self.key: str = key
        self._default = default
        self._values = tuple(values)
        if isinstance(values, str) or not all(isinstance(value, str) for value in self._values):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{name}: values must be the legal texts, as a client writes them")
        self._form: TextForm | None = None
        self._is_list: bool = False
        if cast_func is not None:
            self._cast = None if cast_func is str else cast_func  # a str is one already
            read: dict[Any, Any] = {str: str, parse_digits: int}
            known = read.get(cast_func)
            if known is not None:
                self._type = known if default is not None else known | None
        else:
            self._form = text_form(of)
            self._is_list = self._form.is_list
            self._cast = self._form.read
            self.expected = self._form.expected
            self.code = self._form.code
            if default is not _MISSING:
                check_default(name, self._form, default)
                self._type = of if default is not None else of | None
            else:
                self._type = of
        if style not in {"repeat", "comma"} or (style == "comma" and not self._is_list):
            raise ValueError(f"{name}: style is 'repeat' or 'comma', and only for a list")
        self._style: Literal["repeat", "comma"] = style
        self._check_values(name)

    def _check_values(self, name: str) -> None:
        """Check that the legal texts are of the type, and that the default is one of them."""
        if not self._values:
            return
        if self._is_list:
            raise TypeError(f"{name}: values is not for a list; its type lists the elements: list[Literal['a', 'b']]")
        if self._form is None and self._cast not in {None, parse_digits}:
            return  # the values of a program's own cast need not be comparable
        legal: list[object] = []
        for text in self._values:
            try:
                legal.append(self._cast(text) if self._cast else text)
            except (*CAST_ERRORS, InvalidField):
                raise ValueError(f"{name}: {text!r} among the values is not {self.expected}") from None
        if self._default is not _MISSING and self._default is not None and self._default not in legal:
            raise ValueError(f"{name}: the default {self._default!r} is not among the values")

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        self.key = self.key or self.name

    def extract(self, request: web.Request) -> _T_co:
        """Read the parameter, or return the default.

        Raises:
            InvalidField: The parameter is missing though required, given more than once, not among the legal values, or
                not of its type.
        """
        texts = request.query.getall(self.key, ())
        if not texts:
            if self._default is _MISSING:
                raise InvalidField("is required", code="missing")
            # A copy, so that a handler that changes the list does not change the default.
            return copy.copy(self._default) if self._is_list else self._default  # type: ignore[no-any-return]
        if self._is_list:
            return self._read_list(request, texts)  # type: ignore[no-any-return]
        if len(texts) > 1:
            raise InvalidField("must be given once", code="repeated")
        text = texts[0]
        if not text.isascii():
            check_query(request, self.key, texts)
        if self._values and text not in self._values:
            raise InvalidField(f"must be one of {', '.join(map(repr, self._values))}", code="enum")
        if self._cast is None:
            return text  # type: ignore[return-value]
        try:
            return self._cast(text)  # type: ignore[no-any-return]
        except CAST_ERRORS:
            raise InvalidField(f"must be {self.expected}", code=self.code) from None

    def _read_list(self, request: web.Request, texts: list[str]) -> Any:
        check_query(request, self.key, texts)
        if self._style == "comma":
            if len(texts) > 1:
                raise InvalidField("must be given once, with commas between the elements", code="repeated")
            texts = texts[0].split(",") if texts[0] else []
        return cast("Callable[[list[str]], Any]", self._cast)(texts)

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the parameter. None and an empty list are left out, if they are the default.

        Raises:
            InvalidField: No text reads as this value, or it is not among the legal values.
        """
        if value is None and self._default is None:
            return
        if self._is_list:
            texts = write_all(value, cast("Callable[[list[str]], Any]", self._cast), self.expected)
            if self._style == "comma":
                if texts == [""] or any("," in text for text in texts):
                    raise InvalidField("must have no element with a comma, and must not be a single empty element")
                texts = [",".join(texts)]
            elif not texts and value != self._default:
                raise InvalidField("must not be empty: without elements, the parameter is not there")
            elif not texts:
                return
        else:
            texts = [write(value, self._cast, self.expected)]
            if self._values and texts[0] not in self._values:
                raise InvalidField(f"must be one of {', '.join(map(repr, self._values))}", code="enum")
        into.set_query(self.key, texts)

    def absent(self) -> Any:
        """Return the default.

        Raises:
            LookupError: The parameter is required.
        """
        if self._default is _MISSING:
            raise LookupError(self.name)
        return copy.copy(self._default) if self._is_list else self._default

    def describe(self) -> Description:
        """Describe the parameter."""
        required = self._default is _MISSING
        return Description("query", self.key, required=required, schema=self._schema(), style=self._style)

    def _schema(self) -> Mapping[str, object]:
        if self._form is None or self._values:
            schema: dict[str, object] = {"type": "string"}
            if self._values:
                schema["enum"] = list(self._values)
            return _with_default(schema, self._default)
        return described(self._form, self._default if self._default is not _MISSING else None)


_S_co = TypeVar("_S_co", bound=str | None, covariant=True)


class StringQueryParameter(QueryParameter[_S_co], Generic[_S_co]):
    """A query parameter that is a str; see `QueryParameter`."""

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

    def _schema(self) -> Mapping[str, object]:
        if self._values:
            return super()._schema()
        return _with_default({"type": "integer", "minimum": 0}, self._default)


def _with_default(schema: dict[str, object], default: object) -> Mapping[str, object]:
    """Add the default to a schema, if it is a scalar of JSON other than null."""
    return {**schema, "default": default} if isinstance(default, str | int | float) else schema
