"""Load a program by its name on the command line.

A program is a file or a module that serves when it is executed, as with `python app.py` or `python -m shop`. It is
executed as `__main__`, and its call to serve is intercepted. `APP:NAME` names an object in a module instead: an
application, a function that makes one, or tables of routes.
"""

import asyncio
import contextlib
import importlib
import importlib.util
import inspect
import os
import pathlib
import sys
import types
from collections.abc import Awaitable, Callable, Iterator
from importlib.machinery import ModuleSpec

from aiohttp import web

from ponty.core import Routes, Serving, build_app, intercept_serving, routes, serve


class ProgramError(Exception):
    """A program cannot be found, has nothing to serve, or cannot listen at its address."""


class _Seen(BaseException):
    """Stops a program once it has asked for something to be served."""

    def __init__(self, serving: Serving) -> None:
        super().__init__()
        self.serving = serving


def load(program: str) -> Serving:
    """Execute a program until it starts to serve, and return what it asks to be served.

    Args:
        program: A file or a module, with or without a name in it, such as `shop.main:app`.

    Raises:
        ProgramError: There is no such program, or it serves nothing.
        Exception: Whatever the program raises.
    """

    def see(serving: Serving) -> Serving:
        raise _Seen(serving)

    try:
        execute(program, see)
    except _Seen as seen:
        return seen.serving
    raise ProgramError(f"{program} has ended without serving anything")


def execute(program: str, intercept: Callable[[Serving], Serving]) -> None:
    """Execute a program to its end; if it serves nothing by itself, serve the default table of routes.

    Args:
        program: A file or a module, with or without a name in it, such as `shop.main:app`.
        intercept: Takes what the program asks to be served, and returns what is served.

    Raises:
        ProgramError: There is no such program, it serves nothing, or it cannot listen at its address.
        Exception: Whatever the program raises.
    """
    has_served = False

    def note(serving: Serving) -> Serving:
        nonlocal has_served
        has_served = True
        return intercept(serving)

    place, _, name = program.partition(":")
    spec = _find(place)
    sys.argv[:] = [spec.origin or place]
    with intercept_serving(note), _address_errors():
        if name:
            serve(_application(spec, name, program), port=_DEFAULT_PORT)
            return
        _execute_as_main(spec)
        if has_served:
            return
        if not any(routes):
            raise ProgramError(
                f"{program} serves nothing, and the default table has no routes: call startmeup in it, or name its "
                f"application or tables of routes, such as {place}:app"
            )
        serve(build_app(), port=_DEFAULT_PORT)


_DEFAULT_PORT = 8080


@contextlib.contextmanager
def _address_errors() -> Iterator[None]:
    """Turn the error of an address that cannot be listened on into a ProgramError: no line of the program is wrong."""
    try:
        yield
    except OSError as error:
        if (error.strerror or "").startswith("cannot listen on "):
            raise ProgramError(f"{error.strerror}; use --host or --port for another address") from error
        raise


def _find(place: str) -> ModuleSpec:
    """Return where the code of a program is; for a package, that of its `__main__`, if it has one."""
    if place.endswith(".py") or os.sep in place or place in {os.curdir, os.pardir}:
        path = pathlib.Path(place)
        if path.is_dir():
            path /= "__main__.py"
        if not path.is_file():
            raise ProgramError(f"there is no file {place}")
        sys.path.insert(0, str(path.parent.resolve()))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None:
            raise ProgramError(f"{place} is not a Python file")
        return spec
    if "" not in sys.path and os.getcwd() not in sys.path:  # noqa: PTH109 - in the form that Python puts there
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    spec = _module(place)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _module(f"{place}.__main__") or spec
    if spec is None or spec.origin is None or spec.loader is None:
        raise ProgramError(f"there is no module {place} in {os.getcwd()} or on the Python path")  # noqa: PTH109
    return spec


def _module(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise


def _execute_as_main(spec: ModuleSpec) -> None:
    """Execute a module as `__main__`, and leave it in `sys.modules`, where pickle and annotations look it up."""
    main = types.ModuleType("__main__")
    main.__file__ = spec.origin
    main.__package__ = spec.parent if "." in spec.name or spec.submodule_search_locations is not None else None
    main.__spec__ = spec if main.__package__ else None
    get_code = getattr(spec.loader, "get_code", None)
    code = get_code(spec.name) if get_code is not None else None
    if code is None:
        raise ProgramError(f"{spec.origin} has no code to execute")
    sys.modules["__main__"] = main
    exec(code, vars(main))  # noqa: S102 - executing programs is what this is for


def _application(spec: ModuleSpec, name: str, program: str) -> web.Application:
    """Import a module, and return the application called `name` in it."""
    module_name = spec.name.removesuffix(".__main__")
    if module_name in sys.modules or "." in module_name or spec.submodule_search_locations is not None:
        module = importlib.import_module(module_name)
    else:
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        assert spec.loader is not None  # noqa: S101 - the spec of a file has one
        spec.loader.exec_module(module)
    found: object = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise ProgramError(f"{program}: {module.__name__} has no {name!r}")
        found = getattr(found, part)
    if callable(found) and not isinstance(found, web.Application | Routes):
        found = found()
    if inspect.isawaitable(found):
        found = asyncio.run(_awaited(found))
    if isinstance(found, web.Application):
        return found
    tables = [found] if isinstance(found, Routes) else found
    if isinstance(tables, list | tuple) and tables and all(isinstance(table, Routes) for table in tables):
        return build_app(routes=tables)
    raise ProgramError(f"{program} is neither an application nor tables of routes, but {type(found).__qualname__}")


async def _awaited(value: Awaitable[object]) -> object:
    return await value


def error_line(error: BaseException) -> str:
    """Return the message of an error as one line, after the line of the program that it is about."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{pathlib.Path(error.filename).name}:{error.lineno}: {type(error).__name__}: {error.msg}"
    return f"{error_place(error)}{type(error).__name__}: {error}"


def error_place(error: BaseException) -> str:
    """Return the last line of the program in the traceback of an error as `FILE:LINE: `, or an empty string."""
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


def own_part(error: BaseException) -> BaseException:
    """Return an error without the frames of the command in its traceback."""
    place = str(pathlib.Path(__file__).parent)
    where = error.__traceback__
    while where is not None and (
        where.tb_frame.f_code.co_filename.startswith(place) or where.tb_frame.f_code.co_filename.startswith("<frozen ")
    ):
        where = where.tb_next
    return error.with_traceback(where) if where is not None else error.with_traceback(None)
