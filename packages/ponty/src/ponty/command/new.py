"""`ponty new`: make a small project by copying `template/` under a new name."""

import importlib.resources
import keyword
import pathlib
import re
import sys
from collections.abc import Iterator
from importlib.resources.abc import Traversable

_PACKAGE = "project_name"
_PROJECT = "project-name"
_SUFFIX = ".txt"
"""The suffix of the files of the template, so that no tool takes them for modules of Ponty."""

_HIDDEN = {"github": ".github", "gitignore": ".gitignore"}


def make_project(name: str, directory: pathlib.Path) -> list[pathlib.Path]:
    """Make a project.

    Args:
        name: The name of the distribution; the name of the package has `_` instead of `-`.
        directory: The directory of the project; it may exist if it is empty.

    Returns:
        The files that were made, relative to the directory.

    Raises:
        ValueError: `name` cannot be the name of a package.
        FileExistsError: The directory is not empty, or is a file.
        OSError: The directory cannot be written to.
    """
    package = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name) or keyword.iskeyword(package):
        raise ValueError(
            f"{name!r} cannot be the name of a package: use lowercase letters, digits and '-', as in 'bike-shop'"
        )
    if package in sys.stdlib_module_names or package in {"ponty", "tests", "aiohttp", "aiosqlite", "pytest"}:
        raise ValueError(f"{name!r} would hide the package of that name: choose another name")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise FileExistsError(f"{directory} exists and is not an empty directory")
    made: list[pathlib.Path] = []
    for path, text in _files(importlib.resources.files("ponty.command") / "template", pathlib.Path()):
        target = pathlib.Path(*(part.replace(_PACKAGE, package) for part in path.parts))
        (directory / target).parent.mkdir(parents=True, exist_ok=True)
        (directory / target).write_text(text.replace(_PACKAGE, package).replace(_PROJECT, name), encoding="utf-8")
        made.append(target)
    return sorted(made)


def _files(here: Traversable, path: pathlib.Path) -> Iterator[tuple[pathlib.Path, str]]:
    for entry in here.iterdir():
        name = entry.name.removesuffix(_SUFFIX)
        inner = path / _HIDDEN.get(name, name)
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry, inner)
        elif entry.name.endswith(_SUFFIX):
            yield inner, entry.read_text(encoding="utf-8")
