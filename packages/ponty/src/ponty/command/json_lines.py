"""The line numbers of the parts of a JSON text, for messages that point to them."""

import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the stubs; json's own source uses it

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


def lines_of(text: str) -> dict[str, int]:
    """Return the line number of each part of a JSON text by its JSON Pointer (RFC 6901).

    The line of an object's member is that of its name.

    Args:
        text: The text, which must be valid.
    """
    found: dict[str, int] = {"": 1}
    line, seen = 1, 0
    # The open arrays and objects: the pointer of each, and the number of the next item of an array, or -1.
    opened: list[tuple[str, int]] = []
    pointer, at = "", 0
    while True:
        at = _after_space(text, at)
        if at >= len(text):
            return found
        character = text[at]
        if character in "}],":
            at += 1
            if character == ",":
                continue
            opened.pop()
            continue
        if opened:
            above, number = opened[-1]
            line += text.count("\n", seen, at)
            seen = at
            if number < 0:
                name, at = scanstring(text, at + 1)
                at = _after_space(text, _after_space(text, at) + 1)
                pointer = f"{above}/{name.replace('~', '~0').replace('/', '~1')}"
            else:
                opened[-1] = above, number + 1
                pointer = f"{above}/{number}"
            found[pointer] = line
        character = text[at]
        if character in "{[":
            opened.append((pointer, -1 if character == "{" else 0))
            at += 1
        elif character == '"':
            _, at = scanstring(text, at + 1)
        else:
            match = _SCALAR.match(text, at)
            at = match.end() if match else at + 1


def line_of(lines: dict[str, int], pointer: str) -> int:
    """Return the line of a part, or if there is no such part, that of the nearest part that would contain it."""
    while pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines[pointer]


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
