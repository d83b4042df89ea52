"""What a request is refused with: the one error that names every fault."""

from collections.abc import Sequence
from typing import Protocol

from ponty.core import DoesNotExist, Fault, PontyError, ValidationError
from ponty.request.errors import InvalidField, InvalidParameters
from ponty.request.fields.base import Description


class Refusing(Protocol):
    """What refuses a request."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def describe(self) -> Description | None:
        """Say what it takes of a request."""
        ...


Refusal = tuple[Refusing, InvalidField]
"""A field, and what it says of the request."""


def refusal_of(refusals: Sequence[Refusal]) -> PontyError:
    """Make the one error that names every fault, and says that the handler was not called."""
    error: PontyError
    field, invalid = refusals[0]
    if len(refusals) == 1 and invalid.status == 400 and not invalid.headers:
        error = ValidationError(faults=_faults(field, invalid))
    else:
        faults: list[Fault] = []
        statuses: list[int] = []
        headers: dict[str, str] = {}
        for field, refusal in refusals:
            faults += _faults(field, refusal)
            statuses.append(refusal.status)
            headers.update(refusal.headers)
        error = (DoesNotExist if 404 in statuses else ValidationError)(faults=faults, headers=headers)
        if 404 not in statuses:
            error.status_code = next((status for status in statuses if status != 400), 400)
    error.__ponty_refuses__ = True  # type: ignore[union-attr]  # told to middlewares
    return error


def _faults(field: Refusing, invalid: InvalidField) -> list[Fault]:
    description = field.describe()
    if description is None:
        raise TypeError(f"the field {field.name!r} refuses a request, so its describe() must say what it takes of it")
    location, name = description.location, description.name
    if isinstance(invalid, InvalidParameters):
        return [
            Fault(location, parameter, detail, pointer, code) for parameter, (pointer, detail, code) in invalid.faults
        ]
    return [Fault(location, name, detail, pointer, code) for pointer, detail, code in invalid.violations]
