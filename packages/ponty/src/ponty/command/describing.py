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


def describe(program: str, *, title: str | None, version: str) -> str:
    """Return the OpenAPI document of a program, as JSON.

    Args:
        program: The program.
        title: The name of the API; None for that of the program.
        version: The version of the API.

    Raises:
        ProgramError: There is no such program, or it serves nothing.
        Exception: What the program raises.
    """
    stem = pathlib.PurePath(program.partition(":")[0]).stem
    document = document_of(load(program).app, title=title or stem, version=version)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def document_of(app: web.Application, *, title: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of all that an application serves.

    What the routes themselves do not say, such as the envelope, is taken from the program's own `api_docs`, if any.

    Args:
        app: The application.
        title: The name of the API.
        version: The version of the API.
    """
    found = (getattr(route.handler, "__ponty_description__", None) for route in routes_of(app))
    options: Mapping[str, Any] = next((each for each in found if each), {})
    kept = {name: options[name] for name in ("envelope", "raises", "webhooks") if name in options}
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
