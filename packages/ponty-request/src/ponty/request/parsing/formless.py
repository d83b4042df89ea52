"""The message for types that have no form in JSON, with what to write instead."""

from typing import Any

_PATH = "write str, and look it up among the paths that you know, for a client's path may lead anywhere"
_INSTEAD: dict[str, str] = {
    "builtins.complex": "write tuple[float, float]",
    "builtins.memoryview": "write bytes",
    "builtins.range": "write list[int]",
    "builtins.slice": "write tuple[int, int]",
    "builtins.type": "write an Enum of names, and look the class up",
    "collections.ChainMap": "write dict",
    "collections.abc.AsyncIterator": "write list",
    "collections.abc.Callable": "write an Enum of names, and look the function up",
    "collections.abc.Generator": "write list",
    "collections.abc.Iterator": "write list",
    "datetime.tzinfo": "write str, and make a zoneinfo.ZoneInfo of a name that you know",
    "fractions.Fraction": "write decimal.Decimal, or tuple[int, int]",
    "pathlib.PurePath": _PATH,
    "pathlib._local.PurePath": _PATH,
    "re.Pattern": "write str: to match by a client's pattern may take forever",
}
"""By the name of a class or of one of its bases, so that none of these classes is imported."""


def no_form(tp: Any, cls: Any) -> str:
    """Return the message for a type that has no form in JSON; it says what to write instead.

    Args:
        tp: The type.
        cls: Its class, without type arguments.
    """
    said = f"{getattr(tp, '__qualname__', tp)!r} has no form in JSON"
    if not isinstance(cls, type):
        return said
    bases = [f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__]
    instead = next((_INSTEAD[name] for name in bases if name in _INSTEAD), None)
    if instead is None and cls.__module__ != "builtins":
        instead = "if the class is yours, make it a dataclass, a msgspec.Struct or an attrs class"
    return f"{said}; {instead}" if instead else said
