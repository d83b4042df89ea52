"""`ponty check`: errors that keep a program from starting, and warnings about likely mistakes.

To find every error of a real start, the program is executed, its routes are mounted, and its providers are started and
stopped. Warnings are about mistakes that a start lets pass: tables of routes that are not served, caches without bound,
and annotations of handlers that cannot be resolved, so that they are compared with no field.
"""

import asyncio
import gc
import inspect
import pathlib
import sys
import typing
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

from aiohttp import web

from ponty.command.programs import ProgramError, error_line, error_place, load
from ponty.core import Routes, Serving, routes_of


class Finding(NamedTuple):
    """An error or a warning about a program.

    Args:
        text: The message, with its place in the program.
        is_fatal: Whether it keeps the program from starting.
    """

    text: str
    is_fatal: bool


def check(program: str, *, start: bool, seconds: float) -> list[Finding]:
    """Return the errors and warnings of a program.

    Args:
        program: The program.
        start: Whether its providers are started and stopped as well.
        seconds: How long the providers may take to start, and again to stop.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            serving = load(program)
        except ProgramError as error:
            return [Finding(str(error), is_fatal=True)]
        except Exception as error:  # noqa: BLE001 - whatever the program raises is reported
            return [Finding(error_line(error), is_fatal=True)]
    findings = [Finding(f"{_short(each)}: {each.message}", is_fatal=False) for each in caught if _is_ours(each)]
    findings += [Finding(text, is_fatal=False) for text in (*_unserved(serving), *_unresolved(serving.app))]
    if start:
        findings += [Finding(text, is_fatal=True) for text in asyncio.run(start_and_stop(serving.app, seconds))]
    return findings


def _is_ours(warning: warnings.WarningMessage) -> bool:
    """Return whether a warning is of the kinds that Ponty warns with, about the line that uses it."""
    return issubclass(warning.category, RuntimeWarning | UserWarning)


def _short(warning: warnings.WarningMessage) -> str:
    return f"{pathlib.Path(warning.filename).name}:{warning.lineno}"


def _unserved(serving: Serving) -> Iterator[str]:
    """Yield a warning for each route that is in a table and not in the application."""
    served = {id(route.handler) for route in routes_of(serving.app)}
    seen: set[int] = set()
    for thing in gc.get_objects():
        if not isinstance(thing, Routes):
            continue
        for route in thing:
            if id(route.handler) not in served and id(route.handler) not in seen:
                seen.add(id(route.handler))
                file, _, line = route.source.rpartition(":")
                yield (
                    f"{pathlib.Path(file).name}:{line}: {route.method} {route.path} is in a table that is not served: "
                    "include this table in another one, or list it in routes="
                )


def _unresolved(app: web.Application) -> Iterator[str]:
    for route in routes_of(app):
        handler: Any = inspect.unwrap(getattr(route.handler, "__ponty_handler__", route.handler))
        try:
            typing.get_type_hints(handler, include_extras=True)
        except Exception as error:  # noqa: BLE001 - evaluating an annotation in quotes may raise anything
            code = getattr(handler, "__code__", None)
            place = f"{pathlib.Path(code.co_filename).name}:{code.co_firstlineno}: " if code else ""
            yield (
                f"{place}an annotation of {handler.__qualname__!r} cannot be resolved, so it is compared with no "
                f"field: {error}"
            )


async def start_and_stop(app: web.Application, seconds: float) -> list[str]:
    """Start the providers of an application, stop those that have started, and return the errors.

    Args:
        app: The application.
        seconds: How long they may take to start, and again to stop.
    """
    runner = web.AppRunner(app)
    wrong: list[str] = []
    for step, what in ((runner.setup, "started"), (runner.cleanup, "stopped")):
        task = asyncio.ensure_future(step())
        is_late = False
        while not (await asyncio.wait({task}, timeout=seconds))[0]:
            is_late = True
            task.cancel()  # this ends the wait of one provider; the next one may wait too
        try:
            await task
        except BaseException as error:  # noqa: BLE001 - whatever the program raises is reported
            wrong.append(f"{error_place(error)}not {what} within {seconds:g} s" if is_late else error_line(error))
    sys.stdout.flush()
    return wrong
