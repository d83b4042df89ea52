"""The parts of a description, each found by its meaning to clients, whatever its name and its place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ponty.request.differences.change import Json, Place
from ponty.request.differences.references import asserted, followed, known, normal

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Operation(NamedTuple):
    """An operation of one of the documents.

    Args:
        place: The place of the operation.
        path: Its path, or the name of a webhook.
        item: The Path Item Object, with the parts that the methods of this path share.
        said: The Operation Object.
    """

    place: Place
    path: str
    item: Json
    said: Json


def operations(document: Mapping[str, Any], part: str) -> Iterator[tuple[tuple[str, str], Operation]]:
    """Yield the operations by method and path, whatever the names of variable parts."""
    for path, given in document.get(part, {}).items():
        item = followed(document, given)
        shape = _shape(path)
        for method in _METHODS:
            if method in item:
                name = f"{method.upper()} {path}" if part == "paths" else f"webhook {path}"
                place = Place(name, "").at(part, path, method)
                yield (method, shape), Operation(place, path, item, item[method])


def _shape(path: str) -> str:
    rest, shape = path, ""
    while "{" in rest:
        before, _, rest = rest.partition("{")
        shape += f"{before}{{}}"
        rest = rest.partition("}")[2]
    return shape + rest


def parameters(document: Mapping[str, Any], operation: Operation) -> dict[tuple[str, str], tuple[str, Json]]:
    """Return the parameters of an operation by place and name, each with its pointer."""
    parts = [part.partition("}")[0] for part in operation.path.split("{")[1:]]
    shared = operation.place.pointer.rpartition("/")[0]
    found: dict[tuple[str, str], tuple[str, Json]] = {}
    for above, given in (
        (shared, operation.item.get("parameters", ())),
        (operation.place.pointer, operation.said.get("parameters", ())),
    ):
        for number, each in enumerate(given):
            parameter = followed(document, each)
            place, name = parameter["in"], parameter["name"]
            if place == "header":
                name = name.lower()
            if place == "path" and name in parts:
                name = str(parts.index(name))  # clients do not see its name
            found[place, name] = f"{above}/parameters/{number}", parameter
    return found


def of_status(answers: Mapping[str, Json], status: str) -> Json:
    """Return the answer for a status: that of the status itself, of its class, or the default."""
    for key in (status, f"{status[:1]}XX", "default"):
        if key in answers:
            return answers[key]
    return None


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def is_range(media_type: str) -> bool:
    """Return whether this is a range of media types."""
    return "*" in media_type


def of_media_type(content: Mapping[str, Json], media_type: str) -> str | None:
    """Return the entry of a media type, without parameters, or of the narrowest range that it is in."""
    wanted = _plain(media_type)
    for looked in (wanted, f"{wanted.partition('/')[0]}/*", "*/*"):
        for key in content:
            if _plain(key) == looked:
                return key
    return None


def in_range(content: Mapping[str, Json], media_type: str) -> str | None:
    """Return an entry within a range of media types."""
    start = _plain(media_type).partition("*")[0].removesuffix("*")
    return next((key for key in content if _plain(key).startswith(start)), None) if is_range(media_type) else None


def kinds(document: Mapping[str, Any], schema: Json) -> Iterator[tuple[str, Json]]:
    """Yield the problems of a schema, by their types."""
    whole = followed(document, schema)
    members: list[Json] = (isinstance(whole, dict) and (whole.get("anyOf") or whole.get("oneOf"))) or [schema]
    for member in members:
        inner = followed(document, member)
        kind = inner.get("properties", {}).get("type", {}) if isinstance(inner, dict) else {}
        yield str(kind.get("const", "of any type")) if isinstance(kind, dict) else "of any type", member


def requirements(document: Mapping[str, Any], operation: Json) -> list[frozenset[str]]:
    """Return the alternatives of what an operation requires: the schemes of each, whatever their names."""
    schemes: Mapping[str, Any] = document.get("components", {}).get("securitySchemes", {})
    given: Sequence[Mapping[str, Any]] = operation.get("security", document.get("security", [])) or [{}]
    return [
        frozenset(
            text
            for name, scopes in each.items()
            for scheme in [_scheme(followed(document, schemes.get(name, name)))]
            for text in [scheme, *(f"{scheme} {scope}" for scope in scopes)]
        )
        for each in given
    ]


def _scheme(scheme: Json) -> str:
    kept = {key: value for key, value in scheme.items() if key != "description"} if isinstance(scheme, dict) else scheme
    return known(kept)


def is_text(document: Mapping[str, Any], schema: Json) -> bool:
    """Return whether a schema admits any text; everything in the head of a message is text, whatever it means."""
    whole = normal(document, schema)
    return whole is not False and asserted(whole) == {"type"} and "string" in whole["type"]


def is_scalar(document: Mapping[str, Any], schema: Json) -> bool:
    """Return whether all values of a schema are texts, numbers or booleans."""
    whole = normal(document, schema)
    return whole is not False and bool(whole.get("type")) and not {*whole["type"]} & {"array", "object", "null"}


def style(parameter: Json) -> tuple[object, object]:
    """Return how a parameter is written: its style, and whether it is exploded."""
    name = parameter.get("style", "form" if parameter["in"] in {"query", "cookie"} else "simple")
    return name, parameter.get("explode", name == "form")
