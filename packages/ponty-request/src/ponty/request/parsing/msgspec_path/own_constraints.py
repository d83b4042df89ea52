"""Constraints of types that msgspec reads by itself: some it checks as the schema does; the others become checks."""

import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.annotations.annotation import DESCRIPTIVE, Annotation
from ponty.request.parsing.annotations.constraints import LIBRARIES
from ponty.request.parsing.msgspec_path.columns import Check, bound, matching
from ponty.request.parsing.msgspec_path.keywords import EXACT
from ponty.request.validation.schemas.jsonschema_rs_backend import assertion

_BOUNDS = ("ge", "gt", "le", "lt")
_SIZES = ("min_length", "max_length")
_UNLIKE = ("pattern", "tz", "multiple_of", "extra_json_schema")


def checks_of(metadata: Iterable[object], tp: Any) -> list[Check] | None:
    """Return the checks for constraints of a type that msgspec does not know; None if one cannot be checked.

    A constraint that msgspec has itself must mean the same there as in the schema.
    """
    checks: list[Check] = []
    for item in metadata:
        if isinstance(item, Annotation):
            for keyword, value in item.keywords.items():
                check = None if keyword in DESCRIPTIVE else _check_of(keyword, value, tp)
                if check is not None:
                    checks.append(check)
                elif keyword not in DESCRIPTIVE:
                    return None
        elif isinstance(item, msgspec.Meta):
            if not _is_alike(item, tp):
                return None
        elif type(item).__module__.partition(".")[0] in {*LIBRARIES, "ponty"}:
            return None
    return checks


_OF_SIZE = {"minLength": str, "maxLength": str, "minItems": list, "maxItems": list}
_OF_NUMBER = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})


def _check_of(keyword: str, value: Json, tp: Any) -> Check | None:
    form = typing.get_origin(tp) or tp
    if keyword == "pattern" and form is str and isinstance(value, str):
        try:
            return matching(assertion(keyword, value))
        except ValueError:
            return None
    is_bound = keyword in _OF_NUMBER and form in {int, float} and type(value) in {int, form}
    is_size = _OF_SIZE.get(keyword) is form and type(value) is int
    if (is_bound or is_size) and isinstance(value, int | float) and -EXACT < value < EXACT:
        return bound(keyword, value)
    return None


def _is_alike(item: msgspec.Meta, tp: Any) -> bool:
    """Return whether msgspec understands the constraints as the schema does."""
    form = typing.get_origin(tp) or tp
    if any(getattr(item, name) is not None for name in _UNLIKE):
        return False
    limits = [limit for name in _BOUNDS if (limit := getattr(item, name)) is not None]
    if any(type(limit) not in {int, form} or not -EXACT < limit < EXACT for limit in limits):
        return False
    has_sizes = any(getattr(item, name) is not None for name in _SIZES)
    return not (limits and form not in {int, float}) and not (has_sizes and form not in {str, list})
