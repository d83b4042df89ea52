"""`Scoped`: a value that is open while a request is handled, such as a transaction.

A scope is an async generator of one request. Its states:

- *closed*: none of its code has run;
- *opening*: it runs up to its `yield`;
- *open*: it waits at its `yield`; the handler and the fields that use it have its value;
- *leaving*: the code after the `yield` runs;
- *left*.

The rules:

- A scope is opened after all fields that use no scope were found valid, so none is opened for a request that is
  refused. A scope that a guard uses is opened with the guard.
- Scopes are opened one after another, in the order of the class, and left in reverse order. Each open scope is left
  exactly once, however the request ends.
- They are left before the answer is sent, so an error while leaving is answered like any other. Only an answer that is
  made while it is sent (a file, a stream) is sent first.
- The exception that ends the request is thrown in at the `yield`: that of the handler, of a field that uses the scope,
  of a scope further in, or a cancellation. A scope may raise another exception instead. It cannot suppress the
  exception, since then there would be no answer. Scopes further out get the new exception.
- A returned answer is no exception, whatever its status.
- A scope that fails while it opens was never open: it must undo its own work so far, in a `try` around its `yield`. The
  scopes that are open are left with its exception.
- A scope that yields twice is closed, and that is an error.

What can never happen: a scope is left before one that was opened after it; a handler runs while one of its scopes is
not open; an answer is sent in full while a scope that could still fail is open.
"""

import contextlib
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, Generic, TypeVar, cast, get_args, get_origin

from aiohttp import web

from ponty.request.fields.base import UNKNOWN, Field, annotations_of
from ponty.request.parsing.annotations.written import written_signature

_T_co = TypeVar("_T_co", covariant=True)


class Scoped(Field[_T_co], Generic[_T_co]):
    """The value that an async generator function yields, which is open while the request is handled.

    Use it for what must be closed after each request, such as a transaction.

    ::

        import sqlite3

        DATABASE = web.AppKey("DATABASE", sqlite3.Connection)

        async def transaction(request: web.Request) -> AsyncIterator[sqlite3.Connection]:
            with request.config_dict[DATABASE] as connection:  # commits, or rolls back on an exception
                yield connection

        class TakeBed(Request):
            number = PosIntQueryParameter(required=True)
            db = Scoped(transaction)

    The function is entered when all other fields are valid, and left before the answer is sent. An exception of the
    handler is thrown in at the `yield`; an exception while leaving is answered like any other.

    Args:
        open: An async generator function that takes the request and yields once.
        **uses: Fields whose values it needs. It gets them as keyword arguments with these names.

    Raises:
        TypeError: `open` is not an async generator function, or does not take the request first.
    """

    def __init__(self, open: Callable[..., AsyncIterator[_T_co]], **uses: Field[Any]) -> None:  # noqa: A002
        name = getattr(open, "__qualname__", repr(open))
        if getattr(open, "__globals__", None) is vars(contextlib):
            raise TypeError(f"Scoped: {name!r} is a context manager already; leave out @asynccontextmanager")
        if not inspect.isasyncgenfunction(inspect.unwrap(open)):
            raise TypeError(f"Scoped: {name!r} is not an async generator function (async def, with a yield)")
        try:
            written_signature(open).bind_partial(None)
        except TypeError:
            raise TypeError(f"Scoped: {name!r} takes {written_signature(open)}, and not the request first") from None
        super().__init__(**uses)
        self.open: Callable[..., AsyncIterator[_T_co]] = open
        returned = annotations_of(open).get("return")
        is_known = get_origin(returned) is not None and len(get_args(returned)) > 0
        self._type = get_args(returned)[0] if is_known else UNKNOWN

    def extract(self, request: web.Request, **values: Any) -> _T_co:
        """Raise an error: scopes are opened and left by `expect`."""
        del request, values
        raise TypeError("only @expect can open and leave a scope")


class Scopes:
    """The scopes that are open for one request."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: list[AsyncGenerator[Any]] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    async def enter(self, scope: AsyncIterator[Any]) -> Any:
        """Open a scope and return its value.

        Raises:
            RuntimeError: The scope ended without a yield.
        """
        try:
            value = await anext(scope)
        except StopAsyncIteration:
            raise RuntimeError(f"the scope {_name(scope)} ended without a yield") from None
        self._open.append(cast("AsyncGenerator[Any]", scope))
        return value

    async def leave(self, error: BaseException | None) -> None:
        """Leave all open scopes, the last one first.

        Args:
            error: The exception that ends the request; None if it has an answer.

        Raises:
            BaseException: `error`, or an exception that replaced it, or one that was raised while leaving.
        """
        while self._open:
            error = await _leave(self._open.pop(), error)
        if error is not None:
            raise error


async def _leave(scope: AsyncGenerator[Any], error: BaseException | None) -> BaseException | None:
    """Leave one scope, and return the exception that ends the request then."""
    try:
        if error is None:
            await anext(scope)
        else:
            await scope.athrow(error)
    except StopAsyncIteration:
        return error
    except BaseException as raised:  # noqa: BLE001 - raised by `leave`, when all are left
        # A StopIteration that passes through a generator becomes a RuntimeError, and is its cause.
        is_wrapped = error is not None and isinstance(raised, RuntimeError) and raised.__cause__ is error
        return error if is_wrapped else raised
    twice = RuntimeError(f"the scope {_name(scope)} yielded twice")
    try:
        await scope.aclose()
    except BaseException as raised:  # noqa: BLE001 - likewise
        return raised
    return twice


def _name(scope: object) -> str:
    return repr(getattr(scope, "__qualname__", type(scope).__qualname__))
