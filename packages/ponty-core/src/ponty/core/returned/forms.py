"""Forms: msgspec types that have the members of a declared type, and no others."""

import typing
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ponty.core.returned.part import Member


def known(form: Any) -> Any:
    """Return `form` if msgspec supports this type, or None."""
    try:
        msgspec.json.Decoder(form)
    except (TypeError, NotImplementedError):
        return None
    return form


def mirror(cls: Any, members: Sequence[Member], options: Mapping[str, Any]) -> Any:
    """Return a msgspec type that has the members of a class and no others; None if that is not possible.

    Args:
        cls: The class.
        members: Its members.
        options: The options for encoding its instances, as arguments of `msgspec.defstruct`.
    """
    is_mapping = typing.is_typeddict(cls)
    if is_mapping and any(member.name != member.key for member in members):
        return None  # msgspec reads a mapping by the same names by which it encodes
    fields: list[Any] = []
    rename: dict[str, str] = {}
    for number, member in enumerate(members):
        # A key of a mapping may be a name that no attribute can have.
        name = f"member{number}" if is_mapping else member.name
        if name != member.key:
            rename[name] = member.key
        form = member.part.form
        if not member.required:
            fields.append((name, form | msgspec.UnsetType if form is not Any else Any, msgspec.UNSET))
        elif options.get("omit_defaults") and member.default is not msgspec.NODEFAULT:
            fields.append((name, form, member.default))
        else:
            fields.append((name, form))
    try:
        # No value in a form refers to the form, so the garbage collector need not track it.
        form = msgspec.defstruct(cls.__name__, fields, rename=rename or None, kw_only=True, gc=False, **options)
    except (TypeError, ValueError):
        return None
    return known(form)
