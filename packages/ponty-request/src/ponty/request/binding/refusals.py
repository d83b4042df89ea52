"""The one error with which a request is refused: it names every fault."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from ponty.core import DoesNotExist, Fault, PontyError, ValidationError
from ponty.request.errors import Explained, InvalidField, InvalidParameters, Refused
from ponty.request.fields.base import Description, Field


class Refusing(Protocol):
    """A field, or another check that refuses a request."""

    @property
    def name(self) -> str:
        """The name of the field."""
        ...

    def describe(self) -> Description | None:
        """Return the description of the part that it reads."""
        ...


Refusal = tuple[Refusing, InvalidField | Refused]
"""A field, and its error."""


def refusal_of(refusals: Sequence[Refusal]) -> PontyError:
    """Make the one error that names every fault; it is marked as raised before the handler was called."""
    field, refused = refusals[0]
    if len(refusals) == 1:
        found = refused.found if isinstance(refused, Refused) else _usual(refused)
        if found is not None:
            description = field.describe() or _undescribed(field)
            return ValidationError.__ponty_refuse__(description.location, description.name, found)
    faults: list[Fault] = []
    statuses: list[int] = []
    headers: dict[str, str] = {}
    for field, refusal in refusals:
        invalid = refusal.error() if isinstance(refusal, Refused) else refusal
        faults += _faults(field, invalid)
        statuses.append(invalid.status)
        headers.update(invalid.headers)
    error: PontyError
    if statuses == [400] and not headers:
        error = ValidationError(faults=faults)
    else:
        error = (DoesNotExist if 404 in statuses else ValidationError)(faults=faults, headers=headers)
        if 404 not in statuses:
            error.status_code = next((status for status in statuses if status != 400), 400)
    error.__ponty_refuses__ = True  # for middlewares: the handler was not called
    return error


def _usual(refused: InvalidField) -> Sequence[tuple[str, tuple[str, str]]] | None:
    """Return the faults of a part if its refusal is a plain 400, as most are; else None."""
    if refused.status != 400 or refused.headers or isinstance(refused, InvalidParameters):
        return None
    if isinstance(refused, Explained):
        return refused.found
    # A program's own field may pass details that are not text.
    is_text = all(type(text) is str for violation in refused.violations for text in violation)
    return [(pointer, (detail, code)) for pointer, detail, code in refused.violations] if is_text else None


def _undescribed(field: Refusing) -> Description:
    """Return the first description among the fields that a field uses, if it does not describe itself.

    Raises:
        TypeError: None of them is described.
    """
    for description in _used(getattr(field, "field", field)):
        return description
    raise TypeError(f"the field {field.name!r} can refuse a request, so its describe() must say what it reads")


def _used(field: object) -> Iterator[Description]:
    for used in field.uses.values() if isinstance(field, Field) else ():
        if (description := used.describe()) is not None:
            yield description
        else:
            yield from _used(used)


def _faults(field: Refusing, invalid: InvalidField) -> list[Fault]:
    description = field.describe() or _undescribed(field)
    location, name = description.location, description.name
    if isinstance(invalid, InvalidParameters):
        return [
            Fault(location, parameter, detail, pointer, code) for parameter, (pointer, detail, code) in invalid.faults
        ]
    return [Fault(location, name, detail, pointer, code) for pointer, detail, code in invalid.violations]
