"""`ponty openapi`: the OpenAPI document of a program."""

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
"""The options of `api_docs` that change the document."""


def describe(program: str, *, title: str | None, version: str | None) -> str:
    """Return the OpenAPI document of a program, as JSON.

    Args:
        program: The program.
        title: The name of the API; None for the title in the program's `api_docs`, or else its name.
        version: The version of the API; None for the version in the program's `api_docs`, or else 0.

    Raises:
        ProgramError: There is no such program, or it serves nothing.
        Exception: Whatever the program raises.
    """
    document = document_of(load(program).app, name=name_of(program), title=title, version=version)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def name_of(program: str) -> str:
    """Return the name of the file or module of a program."""
    return pathlib.PurePath(program.partition(":")[0]).stem


def document_of(
    app: web.Application, *, name: str = "", title: str | None = None, version: str | None = None
) -> dict[str, Any]:
    """Return the OpenAPI document of all that an application serves.

    What the routes themselves do not say, such as the envelope, is taken from the program's own `api_docs`, if any.

    Args:
        app: The application.
        name: The title if there is no other.
        title: The name of the API; None for the title in the program's `api_docs`.
        version: The version of the API; None for the version in the program's `api_docs`.
    """
    found = (getattr(route.handler, "__ponty_description__", None) for route in routes_of(app))
    pages: list[Mapping[str, Any]] = [each for each in found if each]
    kept = {option: pages[0][option] for option in _KEPT if option in pages[0]} if pages else {}
    if len(pages) == 1:  # if there are several, none of them is about the whole program
        (page,) = pages
        title = page["title"] if title is None else title
        version = page["version"] if version is None else version
    title, version = name if title is None else title, "0" if version is None else version
    return openapi(routes_of(app), title=title, version=version, **kept)


def changes_since(path: pathlib.Path, text: str) -> list[Change]:
    """Return the changes for clients since the document in a file was written.

    Args:
        path: The file, in JSON.
        text: The present document.

    Raises:
        ClickException: The file is not an OpenAPI document in JSON.
    """
    try:
        old = json.loads(path.read_bytes())
    except ValueError:
        raise click.ClickException(f"{path} is not JSON") from None
    if not isinstance(old, dict):
        raise click.ClickException(f"{path} is not an OpenAPI document")
    return changes_between(old, json.loads(text))
