"""Headers that come to those of an answer, from middlewares."""

from collections.abc import Mapping, MutableMapping

from aiohttp import hdrs


def merge_headers(into: MutableMapping[str, str], headers: Mapping[str, str], *, keep: bool) -> None:
    """Set `headers` in `into`; the values of `Vary` (RFC 9110 §12.5.5) come together.

    Args:
        into: What the answer has already.
        headers: What comes to it.
        keep: Whether a header that is set already stays as it is.
    """
    for name, value in headers.items():
        if name == hdrs.VARY:
            into[name] = _varying(into.get(name), value)
        elif not (keep and name in into):
            into[name] = value


def _varying(before: str | None, more: str) -> str:
    if not before:
        return more
    names = [name.strip() for name in before.split(",")]
    known = {name.lower() for name in names}
    if "*" in known:
        return before
    return ", ".join([*names, *(name for name in more.split(", ") if name.lower() not in known)])
