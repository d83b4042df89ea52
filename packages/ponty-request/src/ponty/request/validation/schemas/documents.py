"""The documents of a JSON Schema: itself, those that it refers to, and the targets of all references.

Nothing is fetched. A document is one that the program has passed, one in the folder of the schema's own file, or the
meta-schema of a dialect.

Every schema that validation may reach is visited once, from the root on, and rewritten so that jsonschema-rs reads it
as the standard does: references are percent-encoded, since a definition may have any name, and `dependencies` is
removed in drafts since 2019-09, where it is not a keyword. A schema that leads back to itself without a step into the
value is refused.
"""

import copy
import importlib
import re
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from ponty.request.validation.schemas.dialects import IN_PLACE, Dialect, dialect_of

ROOT = "https://schema.invalid/"
"""The URI of a schema that has none."""

Load = Callable[[str], Any]
"""Returns the document of a URI; raises LookupError if there is none."""

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class Place(msgspec.Struct, frozen=True):
    """The place of a schema.

    Args:
        schema: The schema.
        base: The URI of its resource.
        reference: A reference to it.
        dialect: Its dialect.
    """

    schema: dict[str, Any]
    base: str
    reference: str
    dialect: Dialect


class Documents:
    """The documents that a schema consists of.

    Args:
        root: The schema; it is changed in place.
        uri: Its URI, unless its own `$id` is another.
        load: Finds other documents.

    Raises:
        ValueError: A reference leads nowhere or in a circle, or a part has another dialect.
    """

    def __init__(self, root: Any, *, uri: str = ROOT, load: Load | None = None) -> None:
        self.known: dict[str, Any] = {}
        """The documents, by their URIs."""
        self.places: dict[int, Place] = {}
        """The places of schemas, by the `id` of each schema."""
        self.targets: dict[int, list[Any]] = {}
        """The targets of the references of a schema, by the `id` of the schema."""
        self._load = load
        self._resources: dict[str, Any] = {}
        self._anchors: dict[str, Any] = {}
        self._dynamic: dict[str, list[str]] = {}
        self._todo: list[Place] = []
        self.root: str = self._add(uri, root, dialect_of(root))
        """The URI of the schema."""
        while self._todo:
            place = self._todo.pop()
            self.targets[id(place.schema)] = [*self._follow(place)]
        self.is_dynamic: bool = any(len(homes) > 1 for homes in self._dynamic.values())
        """Whether the target of a reference may depend on the way that led to it."""
        _refuse_circles(self.places, self.targets)

    def _add(self, uri: str, document: Any, dialect: Dialect) -> str:
        self._resources[uri] = document
        if isinstance(document, dict):
            document["$schema"] = dialect.uri
            own = dialect.keywords(document).get(dialect.identifier)
            if isinstance(own, str):
                uri = _join(uri, own).partition("#")[0]
        self.known[uri] = document
        self._visit(document, uri, f"{uri}#", dialect)
        return uri

    def _visit(self, schema: Any, base: str, reference: str, dialect: Dialect) -> None:
        """Register a schema, and the schemas within it."""
        stack = [(schema, base, reference)]
        while stack:
            schema, base, reference = stack.pop()
            if not isinstance(schema, dict) or id(schema) in self.places:
                continue
            if "$schema" in schema and dialect_of(schema) != dialect:
                raise ValueError(f"a part of the JSON Schema is of another dialect: {schema['$schema']!r}")
            keywords = dialect.keywords(schema)
            home = self._name(schema, keywords, base, dialect)
            base, reference = home, reference if home == base else f"{home}#"
            if "dependencies" in schema and "dependencies" not in dialect.applicators:
                del schema["dependencies"]
            place = Place(schema, base, reference, dialect)
            self.places[id(schema)] = place
            self._todo.append(place)
            for steps, part in dialect.subschemas(schema):
                stack.append((part, base, reference + "".join(map(_token, steps))))

    def _name(self, schema: Any, keywords: Any, base: str, dialect: Dialect) -> str:
        """Register the names of a schema, and return the URI of its resource."""
        own = keywords.get(dialect.identifier)
        if isinstance(own, str):
            uri, _, name = _join(base, own).partition("#")
            if name and dialect.hides:
                self._anchors.setdefault(f"{uri}#{name}", schema)
            if not name:
                base = uri
                self._resources.setdefault(base, schema)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(keywords.get(keyword), str):
                self._anchors.setdefault(f"{base}#{keywords[keyword]}", schema)
        if isinstance(keywords.get("$dynamicAnchor"), str):
            self._dynamic.setdefault(f"#{keywords['$dynamicAnchor']}", []).append(base)
        if keywords.get("$recursiveAnchor") is True:
            self._dynamic.setdefault("#", []).append(base)
        return base

    def _follow(self, place: Place) -> Iterator[Any]:
        keywords = place.dialect.keywords(place.schema)
        for keyword in _REFERENCES:
            reference = keywords.get(keyword)
            if isinstance(reference, str):
                yield self._resolve(keyword, reference, place)
                place.schema[keyword] = _encoded(reference)

    def _resolve(self, keyword: str, reference: str, place: Place) -> Any:
        uri, _, fragment = _join(place.base, reference).partition("#")
        if uri not in self._resources:
            self._fetch(keyword, reference, uri, place.dialect)
        found, base = self._resources[uri], uri
        fragment = urllib.parse.unquote(fragment)
        if not fragment:
            return found
        if not fragment.startswith("/"):
            try:
                return self._anchors[f"{uri}#{fragment}"]
            except KeyError:
                raise _nowhere(keyword, reference) from None
        dialect = place.dialect if uri not in self.known else dialect_of(found, place.dialect.uri)
        for step in fragment.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(name)] if isinstance(found, list) else found[name]
            except (LookupError, TypeError, ValueError):
                raise _nowhere(keyword, reference) from None
            if id(found) in self.places:
                base = self.places[id(found)].base
        if not isinstance(found, dict | bool):
            raise _nowhere(keyword, reference)
        self._visit(found, base, f"{uri}#{urllib.parse.quote(fragment, safe=_FRAGMENT)}", dialect)
        return found

    def _fetch(self, keyword: str, reference: str, uri: str, dialect: Dialect) -> None:
        try:
            found = _meta_schema(uri) if uri in _META_SCHEMAS else self._load_other(uri)
        except LookupError:
            raise ValueError(
                f"the {keyword} {reference!r} of the JSON Schema leads to an unknown document; nothing is "
                f"fetched, so pass it: documents={{{uri!r}: schema}}"
            ) from None
        document = copy.deepcopy(found)
        self._add(uri, document, dialect_of(document, dialect.uri))
        # A document may give itself another name; jsonschema-rs knows the meta-schemas as they are.
        self.known[uri] = found if uri in _META_SCHEMAS else document

    def _load_other(self, uri: str) -> Any:
        if self._load is None:
            raise LookupError(uri)
        return self._load(uri)


def _encoded(reference: str) -> str:
    """Percent-encode characters that a reference may not contain (RFC 3986), except those that are encoded already."""
    head, mark, fragment = reference.partition("#")
    text = head + mark + fragment.replace("#", "%23")
    return urllib.parse.quote(_PERCENT.sub("%25", text), safe=f"%#{_FRAGMENT}")


_FRAGMENT = "!$&'()*+,;=:@/?~"
_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def _token(step: str | int) -> str:
    text = str(step).replace("~", "~0").replace("/", "~1")
    return f"/{urllib.parse.quote(text, safe='~')}"


def _join(base: str, reference: str) -> str:
    if reference.startswith("#"):
        return base + reference
    return urllib.parse.urljoin(base, reference) if "://" in base else reference


def _nowhere(keyword: str, reference: str) -> ValueError:
    return ValueError(f"the {keyword} {reference!r} of the JSON Schema leads nowhere")


_META_SCHEMAS = frozenset(
    {
        *(f"http://json-schema.org/draft-0{draft}/schema" for draft in (4, 6, 7)),
        *(f"https://json-schema.org/draft/{draft}/schema" for draft in ("2019-09", "2020-12")),
        *(
            f"https://json-schema.org/draft/{draft}/meta/{name}"
            for draft, names in {
                "2019-09": "core applicator validation meta-data format content",
                "2020-12": "core applicator unevaluated validation meta-data format-annotation content",
            }.items()
            for name in names.split()
        ),
    }
)


def _meta_schema(uri: str) -> Any:
    registry: Any = importlib.import_module("jsonschema_specifications").REGISTRY  # few schemas refer to it
    return registry.contents(uri)


def _refuse_circles(places: dict[int, Place], targets: dict[int, list[Any]]) -> None:
    """Refuse a schema that leads back to itself without a step into the value."""
    done: set[int] = set()
    for start in places:
        within: set[int] = set()
        stack: list[tuple[int, bool]] = [(start, False)]
        while stack:
            key, left = stack.pop()
            if left:
                within.discard(key)
                done.add(key)
            elif key in within:
                raise ValueError("the JSON Schema refers to itself without end")
            elif key not in done and key in places:
                within.add(key)
                stack.append((key, True))
                place = places[key]
                stack += [(id(target), False) for target in targets[key]]
                if not (place.dialect.hides and "$ref" in place.schema):
                    stack += [
                        (id(part), False)
                        for steps, part in place.dialect.subschemas(place.schema)
                        if steps[0] in IN_PLACE
                    ]
