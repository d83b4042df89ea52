"""The kinds of hostile requests, and which of them fit an operation."""

from collections.abc import Callable
from typing import Final

from ponty.command.attack.hostile.bodies import (
    encoded_body,
    hostile_body,
    hostile_form,
    hostile_member,
    other_media_type,
    wide_body,
)
from ponty.command.attack.hostile.heads import (
    damaged,
    hostile_headers,
    hostile_method,
    hostile_parameter,
    hostile_path,
    many_parameters,
    misframed,
)
from ponty.command.attack.requests import Case, Maker
from ponty.command.attack.target import Operation

Kind = Callable[[Case, Maker], Case]


def edge_values(case: Case, maker: Maker) -> Case:
    """Return a request whose values are at their bounds."""
    return maker.case(case.operation, edge=True)


KINDS: Final[dict[str, Kind]] = {
    "values at their bounds": edge_values,
    "a hostile parameter": hostile_parameter,
    "many parameters": many_parameters,
    "a hostile path": hostile_path,
    "another method": hostile_method,
    "hostile headers": hostile_headers,
    "a hostile member": hostile_member,
    "a hostile body": hostile_body,
    "a body that is wrong all over": wide_body,
    "an encoded body": encoded_body,
    "another media type": other_media_type,
    "a hostile form": hostile_form,
    "damaged bytes": damaged,
    "two lengths": misframed,
}
"""The kinds of hostile requests by their names in the report."""
_OF_BODIES = frozenset(
    {"a hostile member", "a hostile body", "a body that is wrong all over", "an encoded body", "another media type"}
)


def kinds_for(operation: Operation) -> list[str]:
    """Return the kinds of requests that fit an operation, the most effective ones twice; `""` is a valid request."""
    bodies = operation.bodies
    usual = ["", "", "values at their bounds", "values at their bounds", "a hostile parameter", "a hostile parameter"]
    usual += ["a hostile member", "a hostile member"] if bodies else ["a hostile parameter"]
    has_forms = any("form" in each for each in bodies)
    others = (kind for kind in KINDS if (bodies or kind not in _OF_BODIES) and (has_forms or kind != "a hostile form"))
    return [*usual, *others]
