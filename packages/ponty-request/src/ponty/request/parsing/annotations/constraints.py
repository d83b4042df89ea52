"""Constraints of other libraries in `typing.Annotated`, as the keywords of JSON Schema that mean the same.

Constraints of annotated-types (of which pydantic's `Field` consists) and `msgspec.Meta` are read by their attributes,
so none of these libraries is imported. An unknown constraint is refused, since programs would rely on it, and it would
not be enforced. Metadata that is no constraint, such as a text, is ignored.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.annotations.annotation import Annotation

_BOUNDS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}
_SIZES = {
    "min_length": {"string": "minLength", "array": "minItems", "object": "minProperties"},
    "max_length": {"string": "maxLength", "array": "maxItems", "object": "maxProperties"},
}
_DESCRIPTIONS = {"title", "description", "examples", "deprecated"}
_DEFAULTS = {"pydantic_core.PydanticUndefined", "pydantic_core._pydantic_core.PydanticUndefinedType"}


def keywords_of(
    metadata: Iterable[object], json_types: frozenset[str], place: str, *, has_offset: bool = False
) -> dict[str, Json]:
    """Return the keywords that the metadata of a type stands for.

    Args:
        metadata: The metadata.
        json_types: The types of JSON values that the type admits.
        place: The name to use in messages.
        has_offset: Whether the values are times that always have an offset from UTC.

    Raises:
        TypeError: A constraint is unknown, or does not fit the type.
    """
    keywords: dict[str, Json] = {}
    for item in metadata:
        if isinstance(item, Annotation):
            keywords |= item.keywords
        else:
            for name, value in _constraints(item, place):
                if name == "tz" and value is has_offset is True:
                    continue
                keywords[_keyword(name, json_types, place)] = _plain(value, name, place)
    return keywords


def _constraints(item: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Return the constraints of an item, each with its name in annotated-types."""
    library = type(item).__module__.partition(".")[0]
    if isinstance(item, type) and item.__module__.partition(".")[0] in LIBRARIES:
        raise TypeError(f"{place}: {item.__qualname__} is a class of constraints; write {item.__qualname__}(…)")
    if library not in LIBRARIES:
        return
    if library == "pydantic" and type(item).__name__ == "FieldInfo":
        yield from _of_field(item, place)
    elif library == "msgspec":
        yield from _of_meta(item)
    elif library == "annotated_types" and type(item).__name__ not in _NO_CONSTRAINTS:
        # A group, such as Interval or Len, is an iterable of constraints.
        if isinstance(item, Iterable):
            for part in item:
                yield from _constraints(part, place)
        else:
            yield from _of_attributes(item, place)
    elif library == "pydantic" and type(item).__name__.endswith("GeneralMetadata"):
        yield from _of_attributes(item, place)
    elif library == "pydantic":
        raise _not_understood(type(item).__qualname__, place)


LIBRARIES: frozenset[str] = frozenset({"annotated_types", "msgspec", "pydantic"})
"""The libraries whose constraints are read."""
_NO_CONSTRAINTS = {"DocInfo", "Unit"}


def _of_attributes(item: Any, place: str) -> Iterator[tuple[str, Any]]:
    attributes = vars(item) if hasattr(item, "__dict__") else {}
    names = attributes or dict.fromkeys(getattr(item, "__slots__", None) or _public(item))
    for name in names:
        value = getattr(item, name)
        if value is None:
            continue
        if name not in _BOUNDS and name not in _SIZES and name not in _DESCRIPTIONS and name != "pattern":
            raise _not_understood(f"{type(item).__qualname__}({name}=…)", place)
        yield name, value


def _of_meta(item: Any) -> Iterator[tuple[str, Any]]:
    """Return the constraints of a `msgspec.Meta`; its `extra` belongs to the program."""
    yield from Annotation(**(item.extra_json_schema or {})).keywords.items()
    for name in _public(item):
        if name not in {"extra", "extra_json_schema"} and (value := getattr(item, name)) is not None:
            yield name, value


def _public(item: Any) -> list[str]:
    return [name for name in dir(item) if not name.startswith("_") and not callable(getattr(item, name))]


def _of_field(field: Any, place: str) -> Iterator[tuple[str, Any]]:
    given: Mapping[str, Any] = getattr(field, "_attributes_set", {})
    for part in field.metadata:
        yield from _constraints(part, place)
    constraints = {*_BOUNDS, *_SIZES, "pattern"}
    for name in given.keys() - constraints - {"annotation", "metadata"}:
        if name not in _DESCRIPTIONS:
            raise _not_understood(f"Field({name}=…)", place)
        yield name, given[name]


def _keyword(name: str, json_types: frozenset[str], place: str) -> str:
    if name in _BOUNDS:
        fits, keyword = bool(json_types & {"integer", "number"}), _BOUNDS[name]
    elif name in _SIZES:
        found = [keyword for kind, keyword in _SIZES[name].items() if kind in json_types]
        fits, keyword = len(found) == 1, "".join(found)
    elif name == "pattern":
        fits, keyword = "string" in json_types, name
    else:
        fits, keyword = name != "tz", name
    if not fits:
        raise TypeError(f"{place}: the constraint {name} does not fit the type; use an Annotation instead")
    return keyword


def _plain(value: Any, name: str, place: str) -> Json:
    if isinstance(value, re.Pattern):
        if value.flags & ~re.UNICODE:
            raise TypeError(f"{place}: the pattern {value.pattern!r} has flags, which JSON Schema does not have")
        value = value.pattern
    try:
        return Annotation(**{_BOUNDS.get(name, "const"): value}).keywords[_BOUNDS.get(name, "const")]
    except ValueError:
        raise TypeError(f"{place}: JSON cannot hold the constraint {name}={value!r}") from None


def _not_understood(what: str, place: str) -> TypeError:
    return TypeError(f"{place}: the constraint {what} would not be enforced; use an Annotation, or leave it out")
