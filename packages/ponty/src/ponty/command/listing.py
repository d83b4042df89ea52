"""`ponty routes`: the routes of a program as a table."""

import inspect
import os
import pathlib
import shutil
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from aiohttp import web
from yarl import URL

from ponty.command.programs import load
from ponty.core import routes_of


class Row(NamedTuple):
    """A line of the table."""

    method: str
    path: str
    handler: str
    source: str
    fields: str


def rows(program: str) -> list[Row]:
    """Return the routes of a program, in the order in which they were mounted.

    Raises:
        ProgramError: There is no such program, or it serves nothing.
        Exception: Whatever the program raises.
    """
    return list(rows_of(load(program).app))


def rows_of(app: web.Application) -> Iterator[Row]:
    """Yield the routes of an application and of its sub-applications."""
    for route in routes_of(app):
        yield Row(
            route.method, route.path, _name(route.handler), _short(route.source), ", ".join(_fields(route.handler))
        )
    known = {(route.method, _canonical(route.path)) for route in routes_of(app)}
    known |= {("HEAD", path) for method, path in known if method == "GET"}
    for entry in app.router.routes():
        resource = entry.resource
        if resource is None or (entry.method, resource.canonical) in known or entry.method == "HEAD":
            continue
        handler = inspect.unwrap(entry.handler)
        code = getattr(handler, "__code__", None)
        source = _short(f"{code.co_filename}:{code.co_firstlineno}") if code else handler.__module__
        yield Row(entry.method, resource.canonical, _name(handler), source, "")


def table(found: Sequence[Row]) -> str:
    """Return rows as a text in columns, below a line of titles."""
    titles = Row("METHOD", "PATH", "HANDLER", "SOURCE", "FIELDS")
    lines = [titles, *found]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles) - 1)]
    if sum(widths) > 2 * shutil.get_terminal_size().columns:
        widths = [min(width, 40) for width in widths]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line.fields]).rstrip()
        for line in lines
    )


def _canonical(path: str) -> str:
    """Return the path of a route as aiohttp names its resource: without the patterns of its variable parts."""
    return web.DynamicResource(path).canonical if "{" in path else URL.build(path=path).raw_path


def _name(handler: Any) -> str:
    return getattr(handler, "__qualname__", None) or repr(handler)


def _short(source: str) -> str:
    """Return a place in a file with its path relative to the working directory, if it is in there."""
    file, _, line = source.rpartition(":")
    try:
        relative = os.path.relpath(file)
    except ValueError:  # on another drive
        return source
    return source if relative.startswith("..") and pathlib.Path(file).is_absolute() else f"{relative}:{line}"


def _fields(handler: Any) -> Iterator[str]:
    """Yield the fields of a handler's request, such as `page (query)`; fields that read the same thing, only once."""
    request = getattr(handler, "__ponty_request__", None)
    if request is None:
        return
    listed: set[str] = set()
    for description in request.cls.__plan__.descriptions():
        mark = "" if description.required else "?"
        line = f"{description.name or 'body'}{mark} ({description.location})"
        if line not in listed:
            listed.add(line)
            yield line
