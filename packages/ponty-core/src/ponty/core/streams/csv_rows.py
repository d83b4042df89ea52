"""`render_csv` sends rows as comma-separated values (RFC 4180).

A spreadsheet reads a cell that begins with `=`, `+`, `-` or `@` as a formula, which may read other cells and send them
away. So a text that begins with one of these gets an apostrophe before it, unless it is a number, or the program keeps
formulas.
"""

import csv
import io
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, Literal, ParamSpec, TypeVar, overload
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.returned.is_type import is_type
from ponty.core.returned.returned_type import ReturnedType
from ponty.core.streams.framing import Streaming, StreamOptions
from ponty.core.streams.limited_items import LimitedItems
from ponty.core.streams.stream import Stream
from ponty.core.streams.streamed import streamed

_P = ParamSpec("_P")
_T = TypeVar("_T")

CSV = "text/csv"

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)

_Streamed = Callable[_P, Coroutine[Any, Any, web.StreamResponse]]


@overload
def render_csv(  # type: ignore[overload-overlap]  # a class is a function too, and not meant as one here
    returns: Callable[_P, AsyncIterator[object]], /
) -> _Streamed[_P]: ...
@overload
def render_csv(
    returns: None = None,
    *,
    columns: Sequence[str] | None = None,
    filename: str | None = None,
    formulas: Literal["defuse", "keep"] = "defuse",
) -> Callable[[Callable[_P, AsyncIterator[object]]], _Streamed[_P]]: ...
@overload
def render_csv(
    returns: type[_T],
    *,
    columns: Sequence[str] | None = None,
    filename: str | None = None,
    formulas: Literal["defuse", "keep"] = "defuse",
) -> Callable[[Callable[_P, AsyncIterator[_T]]], _Streamed[_P]]: ...
def render_csv(
    returns: Any = None,
    *,
    columns: Sequence[str] | None = None,
    filename: str | None = None,
    formulas: Literal["defuse", "keep"] = "defuse",
) -> Any:
    """Answer with comma-separated values, a row for each value that the decorated async generator function yields.

    ::

        @get("/bookings.csv")
        @render_csv(columns=["id", "name"], filename="bookings.csv")
        async def bookings(request: web.Request) -> AsyncIterator[dict[str, object]]:
            yield {"id": 1, "name": "Ann, Bea"}

    Rows are sent while they are made, so only a few kilobytes are in memory. A row is an object (a dataclass, a
    mapping), whose members are the columns, or a list. Values have the same form as in JSON, but texts have no quotes,
    and null is empty; lists and objects become JSON. Lines end with CR LF. The first line has the names of the columns,
    if they are known.

    Args:
        returns: The type of the rows. Type checkers compare it with the function, and it is a limit, as in
            `render_json`.
        columns: The names of the columns, in order. By default, those of the first row that is an object.
        filename: The name under which a browser saves the file; None to let it show the answer.
        formulas: "defuse" puts an apostrophe before a text that a spreadsheet would read as a formula; "keep" sends
            the text unchanged, for programs.

    Raises:
        TypeError: The function is not an async generator function, `returns` has no form in JSON, or `columns` is a
            text, not a list.
        ValueError: `formulas` is something else.
    """
    if returns is not None and not is_type(returns):
        return render_csv()(returns)
    if formulas not in {"defuse", "keep"}:
        raise ValueError(f"@render_csv: formulas must be 'defuse' or 'keep', not {formulas!r}")
    if isinstance(columns, str):
        raise TypeError(f"@render_csv: columns must be a list, such as columns=[{columns!r}]")
    limit = None if returns is None else ReturnedType(returns)
    names = None if columns is None else tuple(columns)
    disposition: dict[str, str] = {} if filename is None else {hdrs.CONTENT_DISPOSITION: _disposition(filename)}
    options = StreamOptions(content_type=f"{CSV}; charset=utf-8", headers=disposition)

    def decorate(handler: Any) -> Any:
        items_of = LimitedItems(limit, handler)

        async def send(request: web.Request, items: AsyncIterator[Any]) -> web.StreamResponse:
            framing = _Rows(items_of, names, defuse=formulas == "defuse")
            return await Stream(request, items, framing, options).send()

        return streamed("render_csv", handler, Streaming(CSV, returns), send)

    return decorate


def _disposition(filename: str) -> str:
    """Return the header that names a file (RFC 6266), in ASCII and, if needed, also in full (RFC 8187)."""
    plain = re.sub(r'[^ -~]|["\\%/]', "_", filename)
    extended = "" if plain == filename else f"; filename*=UTF-8''{quote(filename, safe='')}"
    return f'attachment; filename="{plain}"{extended}'


class _Rows:
    """The rows of one answer.

    Args:
        items: Limits what is sent of each row.
        columns: The names of the columns; None for those of the first row.
        defuse: Whether formulas are turned into texts.
    """

    def __init__(self, items: LimitedItems, columns: tuple[str, ...] | None, *, defuse: bool) -> None:
        self._items = items
        self._columns = columns
        self._defuse = defuse
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)  # its lines end with CR LF
        self._has_begun = False

    def begin(self) -> bytes:
        return b""

    def item(self, value: Any) -> bytes:
        row = msgspec.json.decode(encode_json(self._items.limited(value)))
        if not isinstance(row, dict | list):
            raise TypeError(f"@render_csv: a row must be an object or a list, not a {type(value).__qualname__!r}")
        if isinstance(row, dict) and self._columns is None:
            self._columns = tuple(row)
        self._write_names()
        cells = row if isinstance(row, list) else self._cells(row)
        self._writer.writerow([self._cell(cell) for cell in cells])
        return self._taken()

    def end(self) -> bytes:
        self._write_names()
        return self._taken()

    def _cells(self, row: dict[str, Any]) -> list[Any]:
        columns = self._columns or ()
        if not row.keys() <= {*columns}:
            more = ", ".join(repr(name) for name in row if name not in columns)
            raise ValueError(f"@render_csv: a row has {more}, which is not a column")
        return [row.get(name) for name in columns]

    def _write_names(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            if self._columns is not None:
                self._writer.writerow([self._cell(name) for name in self._columns])

    def _cell(self, value: Any) -> Any:
        match value:
            case None:
                return ""
            case str():
                is_formula = self._defuse and _FORMULA.match(value) and not _NUMBER.fullmatch(value)
                return f"'{value}" if is_formula else value
            case int() | float() if not isinstance(value, bool):
                return value
            case _:
                return encode_json(value).decode()

    def _taken(self) -> bytes:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()
