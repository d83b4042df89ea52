"""`ponty contract`: the description of a program in a file under version control, and what may become of it.

The file holds what a program is held to and no more: summaries, descriptions and examples are left out, names are
sorted, and what has no order is. So it changes where the contract does, and its diff is what a reviewer has to read.
"""

import json
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from ponty.command.describing import describe, name_of
from ponty.command.json_lines import line_of, lines_of
from ponty.request import Change, changes_between

NAME = "openapi.lock.json"
"""What the file is called where nothing else is said."""

_WORDS = frozenset(
    {"description", "summary", "title", "example", "examples", "externalDocs", "tags", "links", "servers"}
)
"""What is said to people alone."""
_NAMED = frozenset(
    {
        *("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "paths", "webhooks"),
        *("responses", "headers", "content", "schemas", "securitySchemes", "mapping", "encoding", "callbacks"),
    }
)
"""Where names stand that programs choose."""
_VALUES = frozenset({"const", "enum", "default", "security", "scopes"})


class Finding(NamedTuple):
    """A change since the file was written.

    Args:
        line: The line of the file.
        change: The change.
        others: In how many other places it is the same change.
    """

    line: int
    change: Change
    others: int


class Verdict(NamedTuple):
    """The comparison of a program with its file.

    Args:
        findings: What has changed for clients.
        is_stale: Whether the file would be written otherwise now.
    """

    findings: Sequence[Finding]
    is_stale: bool

    @property
    def breaks(self) -> int:
        """How many changes break clients."""
        return sum(finding.change.breaks for finding in self.findings)


def path_of(program: str) -> pathlib.Path:
    """Return where the file of a program is by default: beside a file, and in the working directory for a module."""
    place = program.partition(":")[0]
    if not (place.endswith(".py") or os.sep in place):
        return pathlib.Path(NAME)
    path = pathlib.Path(place)
    return path / NAME if path.is_dir() else path.with_name(NAME)


def contract(program: str) -> str:
    """Return the text of the file for a program.

    Args:
        program: The program.

    Raises:
        ProgramError: There is no such program, or it serves nothing.
        Exception: What the program raises.
    """
    document = json.loads(describe(program, title=name_of(program), version="0"))
    return json.dumps(_held(document), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def compare(path: pathlib.Path, text: str) -> Verdict:
    """Return what has changed since a file was written.

    Args:
        path: The file.
        text: What would be in it now.

    Raises:
        ClickException: There is no such file, or it is none of JSON.
    """
    try:
        written = path.read_text(encoding="utf-8")
        old = json.loads(written)
    except FileNotFoundError:
        words = f"there is no {path}: make it with --write, and put it under version control"
        raise click.ClickException(words) from None
    except ValueError as error:
        place = f"{path}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else str(path)
        raise click.ClickException(f"{place}: this is not JSON; a merge may have left it so") from None
    if not isinstance(old, dict):
        raise click.ClickException(f"{path}:1: this is no description of an API")
    return Verdict([*_findings(changes_between(old, json.loads(text)), lines_of(written))], written != text)


def _findings(changes: Sequence[Change], lines: dict[str, int]) -> Iterator[Finding]:
    """Yield changes in the order of the file, one where several operations share a schema that has changed."""
    alike: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        key = (change.pointer, change.what, change.breaks) if "/components/" in change.pointer else (change,)
        alike.setdefault(key, []).append(change)
    found = [Finding(line_of(lines, first.pointer), first, len(rest)) for first, *rest in alike.values()]
    yield from sorted(found, key=lambda finding: (not finding.change.breaks, finding.line))


def told(path: pathlib.Path, finding: Finding) -> str:
    """Return a finding as a line for a terminal."""
    change = finding.change
    words = click.style("breaks", fg="red") if change.breaks else click.style("changed", fg="green")
    places = "one other place" if finding.others == 1 else f"{finding.others} other places"
    more = f" (and in {places})" if finding.others else ""
    instead = f"; to break nobody, {change.instead}" if change.instead else ""
    return f"{path}:{finding.line}: {words}: {change}{more}{instead}"


def _held(part: Any) -> Any:
    """Return a part of a document without what is said to people alone."""
    if isinstance(part, list):
        return [_held(each) for each in part]
    if not isinstance(part, Mapping):
        return part
    made = {keyword: _held_as(keyword, value) for keyword, value in part.items() if keyword not in _WORDS}
    if "responses" in made:  # an answer without a description is none to other tools
        made["responses"] = {status: {"description": "", **each} for status, each in made["responses"].items()}
    return made


def _held_as(keyword: str, value: Any) -> Any:
    """Return what a keyword of a document says, without what is said to people alone."""
    if keyword == "info":
        return {name: value[name] for name in ("title", "version")}
    if keyword in _VALUES:
        return value
    if keyword in _NAMED and isinstance(value, Mapping):
        return {name: _held(each) for name, each in value.items()}
    if keyword == "required" and isinstance(value, list):
        return sorted(value)
    if keyword == "parameters" and isinstance(value, list):
        return sorted(map(_held, value), key=lambda each: (each.get("in", ""), each.get("name", "")))
    return _held(value)
