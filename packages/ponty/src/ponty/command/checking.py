"""`ponty check`: what keeps a program from starting, and what smells in one that starts.

All that starting would tell is told: the program is executed, its routes are mounted, and its providers start and stop.
Smells are what starting lets pass: tables of routes that are served nowhere, caches without bound, annotations of
handlers that cannot be resolved and so are compared with no field.
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

from ponty.command.programs import ProgramError, load
from ponty.core import Routes, Serving, routes_of


class Finding(NamedTuple):
    """Something that is wrong.

    Args:
        text: What, and where.
        is_fatal: The program cannot start.
    """

    text: str
    is_fatal: bool


def check(program: str, *, start: bool, seconds: float) -> list[Finding]:
    """Return what is wrong with a program.

    Args:
        program: The program.
        start: Whether its providers start and stop as well.
        seconds: How long that may take.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            serving = load(program)
        except ProgramError as error:
            return [Finding(str(error), is_fatal=True)]
        except Exception as error:  # noqa: BLE001 - it is told, whatever a program raises
            return [Finding(_told(error), is_fatal=True)]
    findings = [Finding(f"{_short(each)}: {each.message}", is_fatal=False) for each in caught if _is_ours(each)]
    findings += [Finding(text, is_fatal=False) for text in (*_unserved(serving), *_unresolved(serving.app))]
    if start:
        findings += [Finding(text, is_fatal=True) for text in asyncio.run(start_and_stop(serving.app, seconds))]
    return findings


def _is_ours(warning: warnings.WarningMessage) -> bool:
    """Return whether a warning is about the program, which Ponty gives out where it is used."""
    return issubclass(warning.category, RuntimeWarning | UserWarning)


def _short(warning: warnings.WarningMessage) -> str:
    return f"{pathlib.Path(warning.filename).name}:{warning.lineno}"


def _told(error: BaseException) -> str:
    """Return the message of an error, and the line of the program that it is about."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{pathlib.Path(error.filename).name}:{error.lineno}: {type(error).__name__}: {error.msg}"
    return f"{_place(error)}{type(error).__name__}: {error}"


def _place(error: BaseException) -> str:
    """Return the last line of the program that an error came through, or nothing."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    place = ""
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        module = str(step.tb_frame.f_globals.get("__name__")).partition(".")[0]
        if module not in _NOT_THE_PROGRAM and "site-packages" not in code.co_filename:
            place = f"{pathlib.Path(code.co_filename).name}:{step.tb_lineno}: "
        step = step.tb_next
    return place


_NOT_THE_PROGRAM = (sys.stdlib_module_names | {"ponty"}) - {"__main__"}


def _unserved(serving: Serving) -> Iterator[str]:
    """Yield the routes that were decorated and are not in the application."""
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
                    f"{pathlib.Path(file).name}:{line}: {route.method} {route.path} is in no table that is served: "
                    "include its table, or list it in routes="
                )


def _unresolved(app: web.Application) -> Iterator[str]:
    for route in routes_of(app):
        handler: Any = inspect.unwrap(getattr(route.handler, "__ponty_handler__", route.handler))
        try:
            typing.get_type_hints(handler, include_extras=True)
        except Exception as error:  # noqa: BLE001 - whatever an annotation in quotes runs into
            code = getattr(handler, "__code__", None)
            place = f"{pathlib.Path(code.co_filename).name}:{code.co_firstlineno}: " if code else ""
            yield (
                f"{place}an annotation of {handler.__qualname__!r} cannot be resolved, so that no field is "
                f"compared with it: {error}"
            )


async def start_and_stop(app: web.Application, seconds: float) -> list[str]:
    """Return what goes wrong when the providers of an application start, and when those that have started stop.

    Args:
        app: The application.
        seconds: How long they may take for the one, and for the other.
    """
    runner = web.AppRunner(app)
    wrong: list[str] = []
    for step, what in ((runner.setup, "started"), (runner.cleanup, "stopped")):
        task = asyncio.ensure_future(step())
        is_late = False
        while not (await asyncio.wait({task}, timeout=seconds))[0]:
            is_late = True
            task.cancel()  # which ends the wait of one provider, and the next may wait, too
        try:
            await task
        except BaseException as error:  # noqa: BLE001 - it is told, whatever a program raises
            wrong.append(f"{_place(error)}not {what} within {seconds:g} s" if is_late else _told(error))
    sys.stdout.flush()
    return wrong
