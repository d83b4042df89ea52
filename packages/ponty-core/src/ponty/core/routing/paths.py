r"""Paths of routes: literal text and variable parts, read once, when they are mounted.

aiohttp compares paths after it has decoded all percent-encodings but `%2F` and `%25`. The literal text of a route
matches the path that a client means: `/été`, `/%C3%A9t%C3%A9` and `/a b` are all found. A path that no client can
request is refused.
"""

import functools
import re
from collections.abc import Iterator

import msgspec
from yarl import URL

_BRACES = re.compile(r"(\{[_a-zA-Z][^{}]*(?:\{[^{}]*\}[^{}]*)*\})")
_VARIABLE = re.compile(r"\{([_a-zA-Z][_a-zA-Z0-9]*)(?::(.+))?\}", re.DOTALL)
_NAME = re.compile(r"\{(\w+)\}")
_ANY_SEGMENT = "[^{}/]+"
_KNOWN = {_ANY_SEGMENT, r"\d+", r"\w+"}
"""The most usual patterns, which need no analysis at the start: they match "0", and do not match a slash."""
_LONGEST: dict[float, int | None] = {0: None, 1: 512, 2: 128}
"""The most characters of a path by the degree of its pattern, so that a match takes a few milliseconds at most."""


class Path(msgspec.Struct, frozen=True):
    """A path of a route.

    Args:
        text: The path as it was given.
        key: Its literal beginning, up to the last slash, or "/"; aiohttp tries routes with the longest key first.
        literal: The text that is compared with a client's path; None if it has variable parts.
        pattern: The regular expression that must match a client's path in full.
        shape: Its segments: the text of each literal one, and None for the others.
        edges: For each segment, the literal text at its beginning, and that at its end.
        is_open: Whether any segments may follow those of the shape.
        example: A text that it matches, if that is known without an analysis.
        longest: The most characters of a client's path that is tried; None for any number.
        is_plain: Whether aiohttp finds it by the same text, or the same pattern.
    """

    text: str
    key: str
    literal: str | None
    pattern: re.Pattern[str]
    shape: tuple[str | None, ...]
    edges: tuple[tuple[str, str], ...]
    is_open: bool
    example: str | None
    longest: int | None
    is_plain: bool


def read_path(text: str) -> Path:
    """Read a path in aiohttp's syntax.

    Raises:
        ValueError: It is not valid, no client can request it, or its pattern could block all other requests.
    """
    literals, variables = _split(text)
    compared = [_compared(literal) for literal in literals]
    pattern = re.escape(compared[0])
    for (name, part), literal in zip(variables, compared[1:], strict=True):
        pattern += f"(?P<{name}>{part})" + re.escape(literal)
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the path {text!r} has an invalid pattern: {error}") from None
    head = compared[0].rpartition("/")[0] if variables else compared[0]
    crosses = [_may_cross(part) for _, part in variables]
    segments = list(_segments(compared, variables, crosses))
    is_open = any(crosses)
    written = [_quoted(literal) for literal in literals] if variables else literals  # the texts that aiohttp compares
    return Path(
        text=text,
        key=head.rstrip("/") or "/",
        literal=None if variables else compared[0],
        pattern=compiled,
        shape=tuple(segment.text for segment in segments),
        edges=tuple((segment.begin, segment.end) for segment in segments),
        is_open=is_open,
        example="0".join(compared) if _KNOWN.issuperset(part for _, part in variables) else None,
        longest=_longest(text, [pattern] if is_open else [s.pattern for s in segments if not s.is_known]),
        is_plain=written == compared,
    )


def path_of_pattern(formatter: str, pattern: re.Pattern[str]) -> Path | None:
    """Return the path from which aiohttp has made a pattern; None if that is not certain.

    Args:
        formatter: The path, with only the names of its variable parts.
        pattern: The pattern.
    """
    literals, names = _NAME.split(formatter)[::2], _NAME.findall(formatter)
    heads = [f"(?P<{name}>" for name in names]
    text, rest = literals[0], pattern.pattern.removeprefix(re.escape(literals[0]))
    for name, head, literal, following in zip(names, heads, literals[1:], [*heads[1:], ""], strict=True):
        tail = f"){re.escape(literal)}{following}"
        end = rest.find(tail) if following else len(rest) - len(tail)
        if not rest.startswith(head) or end < 0:
            return None
        text += f"{{{name}:{rest[len(head) : end]}}}{literal}"
        rest = rest[end + len(tail) - len(following) :]
    try:
        path = read_path(text)
    except ValueError:
        return None
    return path if path.pattern.pattern == pattern.pattern else None


def _split(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the literal parts of a path, and the name and pattern of each variable part between two of them."""
    if not text.startswith("/"):
        raise ValueError(f"the path {text!r} does not begin with a slash")
    literals: list[str] = []
    variables: list[tuple[str, str]] = []
    for index, part in enumerate(_BRACES.split(text)):
        if index % 2:
            variable = _VARIABLE.fullmatch(part)
            if variable is None:
                hint = "; the f of an f-string is missing" if re.fullmatch(r"\{\w+\.\w+\}", part) else ""
                raise ValueError(f"the path {text!r} has an invalid variable part: {part!r}{hint}")
            variables.append((variable[1], variable[2] or _ANY_SEGMENT))
        else:
            if found := re.search("[{}]", part):
                raise ValueError(f"the path {text!r} has an unmatched {found[0]!r}")
            if found := re.search("[?#]", part):
                encoded = f"%{ord(found[0]):X}"
                raise ValueError(f"the path {text!r} has a {found[0]!r}, which ends a path; write it as {encoded}")
            literals.append(part)
    names = [name for name, _ in variables]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"the path {text!r} has two variable parts named {min(twice)!r}")
    if not {".", ".."}.isdisjoint("".join(_BRACES.sub("{}", text)).split("/")):
        raise ValueError(f"the path {text!r} has a segment of dots, which clients resolve (RFC 3986 §5.2.4)")
    return literals, variables


@functools.lru_cache(maxsize=1024)
def _quoted(literal: str) -> str:
    """Return literal text with all characters encoded that a path cannot hold; existing encodings stay."""
    return URL.build(path=literal).raw_path.replace("%25", "%" if "%" in literal else "%25")


@functools.lru_cache(maxsize=1024)
def _compared(literal: str) -> str:
    """Return literal text as it is compared with a client's path; a `%` that encodes nothing is a percent sign."""
    text = re.sub("%(?![0-9A-Fa-f]{2})", "%25", literal)
    return URL.build(path=_quoted(f"/{text}"), encoded=True).path_safe[1:]


def _may_cross(pattern: str) -> bool:
    """Return whether a variable part may hold a slash."""
    if pattern in _KNOWN:
        return False
    from ponty.core.routing.patterns.coverage import may_hold  # noqa: PLC0415 - rarely needed

    return may_hold(pattern, "/")


class _Segment(msgspec.Struct):
    text: str | None
    pattern: str
    is_known: bool = True
    """Whether it has at most one variable part, with a known pattern, so that there is one way to match it."""
    begin: str = ""
    """The literal text before its first variable part."""
    end: str = ""
    """The literal text after its last variable part."""


def _segments(literals: list[str], variables: list[tuple[str, str]], crosses: list[bool]) -> Iterator[_Segment]:
    """Yield the segments of a path, up to a variable part that may hold a slash."""
    segment = _Segment("", "")
    for index, literal in enumerate(literals):
        first, *others = literal.split("/")
        segment = _extended(segment, first)
        for other in others:
            yield segment
            segment = _Segment(other, re.escape(other), begin=other)
        if index == len(variables):
            yield segment
        elif crosses[index]:
            return
        else:
            part = variables[index][1]
            is_known = segment.text is not None and part in _KNOWN
            segment = _Segment(None, f"{segment.pattern}(?:{part})", is_known, segment.begin)


def _extended(segment: _Segment, literal: str) -> _Segment:
    pattern = segment.pattern + re.escape(literal)
    if segment.text is None:
        return _Segment(None, pattern, segment.is_known, segment.begin, literal)
    return _Segment(segment.text + literal, pattern, segment.is_known, segment.begin + literal)


def _longest(text: str, patterns: list[str]) -> int | None:
    if not patterns:
        return None
    from ponty.core.routing.patterns.backtracking import UnboundedPatternError, degree  # noqa: PLC0415 - rarely needed

    try:
        highest = max(map(degree, patterns))
    except UnboundedPatternError as error:
        raise ValueError(f"the path {text!r} has a pattern whose cost has no known bound: {error}") from None
    if highest not in _LONGEST:
        ways = "exponentially many" if highest == float("inf") else f"about n**{highest}"
        raise ValueError(
            f"the path {text!r} has a pattern that backtracks: a text of n characters may be matched in {ways} ways, "
            r"which would hold up all other requests; use a more exact pattern, such as {part:\d+}"
        )
    return _LONGEST[highest]
