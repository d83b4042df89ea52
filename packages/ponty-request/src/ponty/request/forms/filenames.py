"""The filename that a client sends, made safe: it is a name, and never a path.

The client chooses it, so nothing in it may be harmful: no directories or drives, no control characters, no characters
that turn the direction of writing (to hide the real ending), and no more bytes than file systems accept.
"""

import re
import unicodedata

_MAX_BYTES = 255
_TURNING = {chr(code) for code in (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_DRIVE = re.compile(r"[A-Za-z]:")


def safe_filename(text: str) -> str:
    r"""Return the last part of a text that may be a path, on any system; empty if nothing is left.

    ::

        assert safe_filename("../../etc/passwd") == "passwd"
        assert safe_filename("C:\\Users\\ann\\me.png") == "me.png"
        assert safe_filename("..") == ""
    """
    name = re.split(r"[/\\]", text)[-1]
    name = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cs"} and c not in _TURNING).strip()
    while match := _DRIVE.match(name):
        name = name[match.end() :].strip()
    return "" if not name.strip(".") else _cut(name)


def _cut(name: str) -> str:
    if len(name.encode()) <= _MAX_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    ending = dot + ending if stem and len(ending) <= 16 else ""  # a longer one is no ending
    room = _MAX_BYTES - len(ending.encode())
    return (stem if ending else name).encode()[:room].decode(errors="ignore") + ending
