"""`ponty openapi`: the description of a program."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import click
from aiohttp import web

from ponty.command.programs import load
from ponty.core import routes_of
from ponty.request import Change, changes_between, openapi

_KEPT = ("envelope", "answer_invalid", "problem", "raises", "webhooks")
"""The options of a page of documentation that say what clients get."""


def describe(program: str, *, title: str | None, version: str | None) -> str:
    """Return the OpenAPI document of a program, as JSON.

    Args:
        program: The program.
        title: The name of the API; None for what the program says, or else its name.
        version: The version of the API; None for what the program says, or else 0.

    Raises:
        ProgramError: There is no such program, or it serves nothing.
        Exception: What the program raises.
    """
    document = document_of(load(program).app, name=name_of(program), title=title, version=version)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def name_of(program: str) -> str:
    """Return the name of a program: that of its file or module."""
    return pathlib.PurePath(program.partition(":")[0]).stem


def document_of(
    app: web.Application, *, name: str = "", title: str | None = None, version: str | None = None
) -> dict[str, Any]:
    """Return the OpenAPI document of all that an application serves.

    What its routes do not tell, its envelope, say, is as it says at its own page of documentation, where it has one.

    Args:
        app: The application.
        name: The title where nothing else says one.
        title: The name of the API; None for that of the page.
        version: The version of the API; None for that of the page.
    """
    found = (getattr(route.handler, "__ponty_description__", None) for route in routes_of(app))
    pages: list[Mapping[str, Any]] = [each for each in found if each]
    kept = {option: pages[0][option] for option in _KEPT if option in pages[0]} if pages else {}
    if len(pages) == 1:  # of several, none is about the whole
        (page,) = pages
        title = page["title"] if title is None else title
        version = page["version"] if version is None else version
    title, version = name if title is None else title, "0" if version is None else version
    return openapi(routes_of(app), title=title, version=version, **kept)


def changes_since(path: pathlib.Path, text: str) -> list[Change]:
    """Return what has changed for clients since the document in a file.

    Args:
        path: The file, in JSON.
        text: The document of now.

    Raises:
        ClickException: The file is none of JSON.
    """
    try:
        old = json.loads(path.read_bytes())
    except ValueError:
        raise click.ClickException(f"{path} is not JSON") from None
    return changes_between(old, json.loads(text))
