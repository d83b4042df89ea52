r"""Paths of routes as a description writes them: `/mugs/{id:\d+}` is `/mugs/{id}`, whose `id` has a pattern."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

_PYTHON_ALONE = re.compile(r"\(\?[^:=!<]|\(\?<[^=!]|\\[AZ]|\\N\{|[*+?}]\+")
"""The parts of Python's patterns that JSON Schema's patterns, which are ECMAScript's, do not have."""


class PathTemplate(msgspec.Struct, frozen=True):
    """A path.

    Args:
        text: The path as OpenAPI writes it.
        patterns: The variable parts, each with its pattern; an empty pattern means any segment.
        names: The names that the variable parts have here, by their names in the route, if these are different.
    """

    text: str
    patterns: Mapping[str, str]

    names: Mapping[str, str] = {}

    @property
    def shape(self) -> str:
        """The path without the names of its variable parts."""
        return _NAME.sub("{}", self.text)

    def renamed(self, names: Sequence[str]) -> "PathTemplate":
        """Return the path with other names for its variable parts, in their order."""
        others = dict(zip(self.patterns, names, strict=True))
        text = _NAME.sub(lambda match: f"{{{others[match[1]]}}}", self.text)
        return PathTemplate(text, {others[name]: pattern for name, pattern in self.patterns.items()}, others)


_NAME = re.compile(r"\{([^}]*)\}")


def path_template(path: str) -> PathTemplate:
    """Read a path in aiohttp's syntax."""
    text = ""
    patterns: dict[str, str] = {}
    for literal, variable in _parts(path):
        text += literal
        if variable:
            name, _, pattern = variable.partition(":")
            text += f"{{{name}}}"
            patterns[name] = pattern
    return PathTemplate(text or "/", patterns)


def _parts(path: str) -> Iterator[tuple[str, str]]:
    """Yield each literal text, with the variable part that follows it, without braces."""
    start = at = 0
    while (opening := path.find("{", at)) >= 0:
        depth = 0
        for index in range(opening, len(path)):
            depth += {"{": 1, "}": -1}.get(path[index], 0)
            if depth == 0:
                yield path[start:opening], path[opening + 1 : index]
                start = at = index + 1
                break
        else:
            break
    yield path[start:], ""


def segment_schema(pattern: str) -> dict[str, object]:
    """Return the schema of a variable part of which only the pattern is known."""
    if not pattern or _PYTHON_ALONE.search(pattern):
        return {"type": "string"}
    return {"type": "string", "pattern": f"^(?:{pattern})$"}
