"""The lines of a JSON text on which its parts stand, so that messages can lead to them."""

import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the stubs, and documented by json's source

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


def lines_of(text: str) -> dict[str, int]:
    """Return the line of each part of a JSON text, by its JSON Pointer (RFC 6901): of a member, that of its name.

    Args:
        text: The text, which is valid.
    """
    found: dict[str, int] = {"": 1}
    line, seen = 1, 0
    # What is open: its pointer, and the number of its next item, or -1 for an object.
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
    """Return the line of a part, or of the nearest part around it that is there."""
    while pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines[pointer]


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
