"""`ponty new`: a small project, copied from `template/` under a name of its own."""

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
"""What the files of the template are called behind their names, so that nobody takes them for parts of Ponty."""

_HIDDEN = {"github": ".github", "gitignore": ".gitignore"}


def make_project(name: str, directory: pathlib.Path) -> list[pathlib.Path]:
    """Make a project.

    Args:
        name: Its name, as an index of packages would know it; the name of its package has `_` for `-`.
        directory: Where; it may exist if it is empty.

    Returns:
        The files that were made, relative to the directory.

    Raises:
        ValueError: `name` cannot be the name of a package.
        FileExistsError: The directory has something in it, or is none.
        OSError: It cannot be written to.
    """
    package = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name) or keyword.iskeyword(package):
        raise ValueError(f"{name!r} cannot name a package: take small letters, digits and '-', as 'bike-shop'")
    if package in sys.stdlib_module_names or package in {"ponty", "tests", "aiohttp", "aiosqlite", "pytest"}:
        raise ValueError(f"{name!r} would hide the package of that name")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise FileExistsError(f"{directory} exists, and is not an empty directory")
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
