"""Keywords of JSON Schema that narrow a form: msgspec checks bounds and sizes, `read` checks patterns."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.compiled_types.compiled_type import Build, MsgspecForm
from ponty.request.validation.schemas.jsonschema_rs_backend import assertion

_SIZES = {
    "minLength": (str, "min_length"),
    "maxLength": (str, "max_length"),
    "minItems": (list, "min_length"),
    "maxItems": (list, "max_length"),
}
_BOUNDS = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
EXACT: int = 2**53
"""Below it, each integer has its own float, so it does not matter as which of the two a number is compared."""


def annotated(msgspec_form: MsgspecForm | None, keywords: Mapping[str, Json]) -> MsgspecForm | None:
    """Narrow a form by keywords of JSON Schema; return None if msgspec does not have one in the same meaning."""
    if msgspec_form is None or not keywords:
        return msgspec_form
    if msgspec_form.read is not None and any(
        keyword not in _SIZES or _SIZES[keyword][0] is str for keyword in keywords
    ):
        return None  # they would constrain the converted value, and not the value in JSON
    form = getattr(msgspec_form.form, "__origin__", msgspec_form.form)
    meta: dict[str, Any] = {}
    for keyword, value in keywords.items():
        size, name = _SIZES.get(keyword, (None, _BOUNDS.get(keyword, "")))
        of_size = size is form and type(value) is int
        of_bound = size is None and name and form in {int, float} and type(value) in {int, form}
        if of_size or (of_bound and -EXACT < value < EXACT):  # type: ignore[operator]
            meta[name] = value
        elif keyword != "pattern" or form is not str:
            return None
    try:
        read = _read_matching(str(keywords["pattern"])) if "pattern" in keywords else msgspec_form.read
        return replace(msgspec_form, form=Annotated[msgspec_form.form, msgspec.Meta(**meta)], read=read)
    except (TypeError, ValueError):
        return None


def _read_matching(pattern: str) -> Build:
    matches = assertion("pattern", pattern)

    def read(text: str) -> str:
        if not matches(text):
            raise ValueError("does not match")
        return text

    return read
