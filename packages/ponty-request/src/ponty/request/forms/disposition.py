"""The Content-Disposition of a part of a form: its name, and the name of its file (RFC 7578 §4.2).

Four ways of quoting are in use. Browsers write `%22`, `%0D` and `%0A` for characters that would end a quoted text, and
leave backslashes as they are (the HTML standard). Older clients write a backslash before a quote or a backslash (RFC
9110 §5.6.4). Others write the whole filename as in a URL (RFC 7578 §2), or use `filename*` (RFC 8187), which takes
precedence over `filename`.
"""

import re
import urllib.parse

import msgspec

# Possessive throughout, so that no header takes more than one pass.
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_TYPE = re.compile(rf"[ \t]*+({_NAME})[ \t]*+")
# A quoted text ends at the first quote without a backslash that ends the parameter; a browser's may end in a backslash.
_PARAMETER = re.compile(
    rf""";[ \t]*+(?:({_NAME})[ \t]*+=[ \t]*+(?:"((?:[^"\\]|\\.)*+)"|"([^"]*+)"|([^;"]*+))[ \t]*+)?(?=;|\Z)""",
    re.DOTALL,
)
_EXTENDED = re.compile(
    r"(UTF-8|ISO-8859-1)'[A-Za-z0-9-]*+'((?:[!#$&+.^_`|~0-9A-Za-z-]|%[0-9A-Fa-f]{2})*+)", re.IGNORECASE
)
_PERCENT = {"%22": '"', "%0D": "\r", "%0A": "\n"}


class Disposition(msgspec.Struct, frozen=True):
    """The name and filename of a part.

    Args:
        name: The name of its field.
        filename: The name of its file as the client gave it; None if it is no file.
    """

    name: str
    filename: str | None = None


def parse_disposition(text: str) -> Disposition | None:
    """Return the parsed Content-Disposition; None if it is malformed, not `form-data`, or has no name."""
    match = _TYPE.match(text)
    if match is None or match[1].lower() != "form-data":
        return None
    parameters = _parameters(text, match.end())
    if parameters is None:
        return None
    values: dict[str, str] = {}
    for key in ("name", "filename"):
        extended = _decode(parameters.get(f"{key}*", ""))
        if extended is not None:
            values[key] = extended
        elif key in parameters:
            values[key] = parameters[key]
        elif f"{key}*" in parameters:
            return None
    if "name" not in values:
        return None
    return Disposition(values["name"], values.get("filename"))


def _parameters(text: str, position: int) -> dict[str, str] | None:
    """Return the parameters by their names in lower case; None if they are malformed, or one is given twice."""
    parameters: dict[str, str] = {}
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            return None
        position = match.end()
        name, escaped, raw, bare = match.groups()
        if name is None:
            continue
        name = name.lower()
        if name in parameters:
            return None
        if bare is not None:
            parameters[name] = bare.strip()
        else:
            parameters[name] = _unquote(escaped if raw is None else raw, is_filename=name == "filename")
    return parameters


def _unquote(text: str, *, is_filename: bool) -> str:
    if is_filename and "%" in text and (plain := urllib.parse.unquote(text)) and urllib.parse.quote(plain, "") == text:
        return plain
    if '\\"' in text or "\\\\" in text:
        return re.sub(r'\\(["\\])', r"\1", text)
    return re.sub("%22|%0D|%0A", lambda match: _PERCENT[match[0].upper()], text, flags=re.IGNORECASE)


def _decode(text: str) -> str | None:
    match = _EXTENDED.fullmatch(text)
    if match is None:
        return None
    try:
        return urllib.parse.unquote(match[2], match[1], errors="strict")
    except UnicodeDecodeError:
        return None
