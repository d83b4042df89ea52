"""`ponty openapi`: the description of a program."""

import json
import pathlib

import click

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
    app = load(program).app
    document = openapi(routes_of(app), title=title or pathlib.PurePath(program.partition(":")[0]).stem, version=version)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


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
