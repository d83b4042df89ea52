"""Forms: types of msgspec's that have what a declared type has, and nothing else."""

import typing
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ponty.core.returned.part import Member


def known(form: Any) -> Any:
    """Return `form` if msgspec has such a type, or None."""
    try:
        msgspec.json.Decoder(form)
    except (TypeError, NotImplementedError):
        return None
    return form


def mirror(cls: Any, members: Sequence[Member], options: Mapping[str, Any]) -> Any:
    """Return a type of msgspec's that has the members of a class and nothing else; None where there can be none.

    Args:
        cls: The class.
        members: Its members.
        options: How its instances are encoded, as `msgspec.defstruct` takes it.
    """
    is_mapping = typing.is_typeddict(cls)
    if is_mapping and any(member.name != member.key for member in members):
        return None  # msgspec reads a mapping by the names that it writes
    fields: list[Any] = []
    rename: dict[str, str] = {}
    for number, member in enumerate(members):
        # What is read from a mapping may have a name that no attribute can have.
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
        # Nothing that a form holds refers to it, so the garbage collector need not know of it.
        form = msgspec.defstruct(cls.__name__, fields, rename=rename or None, kw_only=True, gc=False, **options)
    except (TypeError, ValueError):
        return None
    return known(form)
