"""The names that fields have in JSON: their own, unless an `Alias` or the `rename` of their class gives others."""

import typing
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


class Alias:
    """The name of a field in JSON, if it cannot be the field's own name.

    ::

        @dataclasses.dataclass
        class Flight:
            origin: Annotated[str, Alias("from")]
            seats_left: Annotated[int, Alias("seats-left")] = 0

    It applies to bodies, forms and queries, and to answers for which `render_json` has a type. To rename all fields of
    a class by one rule, set `rename` in its inner class `JsonSchema`.

    Args:
        name: The name.

    Raises:
        ValueError: `name` is not a text, or UTF-8 cannot hold it.
    """

    def __init__(self, name: str) -> None:
        try:
            name.encode()
        except (AttributeError, UnicodeEncodeError):
            raise ValueError(f"Alias: a name in JSON must be a text, not {name!r}") from None
        self.__ponty_alias__: str = name

    def __repr__(self) -> str:
        return f"Alias({self.__ponty_alias__!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alias) and other.__ponty_alias__ == self.__ponty_alias__

    def __hash__(self) -> int:
        return hash(self.__ponty_alias__)


def without_alias(hint: Any) -> tuple[Any, str | None]:
    """Return the type of a field without its `Alias`, and the name in the alias; None if there is none.

    The alias may be inside of a qualifier, as in a TypedDict.
    """
    if type(hint) is type:
        return hint, None
    if typing.get_origin(hint) is not typing.Annotated:
        arguments = typing.get_args(hint)
        qualifier: Any = typing.get_origin(hint)
        if len(arguments) == 1 and qualifier in _QUALIFIERS:
            inner, alias = without_alias(arguments[0])
            return (hint if alias is None else qualifier[inner]), alias
        return hint, None
    aliases = [item for item in hint.__metadata__ if isinstance(item, Alias)]
    if not aliases:
        return hint, None
    others = tuple(item for item in hint.__metadata__ if not isinstance(item, Alias))
    inner = typing.get_args(hint)[0]
    return (typing.Annotated[(inner, *others)] if others else inner), aliases[-1].__ponty_alias__


_QUALIFIERS = {
    getattr(typing, name) for name in ("Required", "NotRequired", "ReadOnly", "Final") if hasattr(typing, name)
}


def json_names(cls: type, aliases: Mapping[str, str | None]) -> dict[str, str]:
    """Return the name in JSON of each field of a class.

    Args:
        cls: The class.
        aliases: The names of its fields, each with the name in its `Alias`, if it has one.

    Raises:
        TypeError: The class's `rename` is not valid, or two fields have the same name.
    """
    rules = renamed(cls, aliases)
    names = {name: rules.get(name, name) if alias is None else alias for name, alias in aliases.items()}
    refuse_clashes(cls, names)
    return names


def refuse_clashes(cls: type, names: Mapping[str, str]) -> None:
    """Check that no two fields have the same name in JSON.

    Raises:
        TypeError: Two fields have the same name.
    """
    met: dict[str, str] = {}
    for name, key in names.items():
        if key in met:
            raise TypeError(
                f"{cls.__qualname__}: the fields {met[key]!r} and {name!r} have the same name in JSON, {key!r}; "
                "give one of them another Alias"
            )
        met[key] = name


def rename_rule(cls: type) -> Any:
    """Return `rename` of the inner class `JsonSchema` of a class, or of the nearest of its bases that has one."""
    inners: Iterable[Any] = (vars(base).get("JsonSchema") for base in cls.__mro__)
    return next((vars(inner)["rename"] for inner in inners if "rename" in getattr(inner, "__dict__", ())), None)


def renamed(cls: type, names: Iterable[str]) -> Mapping[str, str]:
    """Return the names in JSON that the rule of a class makes from the names of its fields; none if it has no rule.

    Raises:
        TypeError: The rule is not valid.
    """
    rule = rename_rule(cls)
    if rule is None:
        return {}
    made: dict[str, str] = {}
    try:
        for name in names:
            # msgspec applies the rule, so that the names are those of answers, too.
            (made[name],) = msgspec.defstruct("Namesake", [(name, Any)], rename=rule).__struct_encode_fields__
    except Exception as error:  # noqa: BLE001 - a rule may be a function
        raise TypeError(f"{cls.__qualname__}.JsonSchema: the rename {rule!r} is no rule of msgspec: {error}") from None
    return made
