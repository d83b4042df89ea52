"""Two descriptions of one API, compared: what breaks clients that were written by the first.

A client sends what the first lets it send, and reads what the first says it will read. So an operation may take more
and send less than it did, and nothing else:

- what is taken may widen: a parameter may become optional, a bound looser, an enum longer;
- what is sent may narrow: a property may become certain, a bound tighter, an enum shorter.

Schemas are compared keyword by keyword, their references followed, and every keyword that is not known must be equal.
So a difference may be told that breaks nothing; none that breaks something passes, but for what no schema says.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from ponty.request.description.document import Table, openapi

Json = Any
Direction = Literal["taken", "sent"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
_SILENT = frozenset(
    {
        *("$comment", "$schema", "default", "deprecated", "description", "example", "examples", "externalDocs"),
        *("readOnly", "title", "writeOnly", "xml"),
    }
)
"""Keywords that hold a value to nothing."""
_OF_OBJECTS = frozenset({"type", "enum", "const", "properties", "required", "additionalProperties", "items", "anyOf"})
_OF_OBJECTS |= {"prefixItems", "allOf", "oneOf", "pattern", "format", "uniqueItems"}


class Change(msgspec.Struct, frozen=True):
    """A difference between two descriptions.

    Args:
        place: Where it is: an operation, and the part of it.
        what: What is different.
        breaks: Whether a client that was written by the first may fail with the second.
    """

    place: str
    what: str
    breaks: bool

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return what is different for clients between two OpenAPI documents of one API.

    ::

        old = openapi(Routes(), title="Mugs", version="1")
        assert [change for change in changes_between(old, old) if change.breaks] == []

    What breaks them: an operation that is gone; what it takes narrowed (a parameter more that is required, a property
    gone, an enum shorter, a bound tighter, a media type gone); what it sends widened (a property that may be missing,
    an enum longer, a status or a media type more); and who may ask. The rest is told with `breaks` false. Where it
    cannot tell, it says that something breaks.

    Args:
        old: The first document.
        new: The second.
    """
    return [*_Comparison(old, new).changes()]


def conforms_to(contract: Mapping[str, Any], *tables: Table) -> list[Change]:
    """Return where a program differs from a contract that was written first, an OpenAPI document; nothing where not.

    ::

        def test_the_program_keeps_the_contract():
            contract = json.loads(pathlib.Path("contract.json").read_text())
            assert [str(each) for each in conforms_to(contract) if each.breaks] == []

    It tells of operations that are missing or more, of parameters, of bodies, answers and schemas that are stricter or
    laxer. What breaks a client that was written by the contract has `breaks` set.

    Args:
        contract: The document.
        *tables: The tables of the program; the default table where none is given.
    """
    return changes_between(contract, openapi(*tables, title="", version=""))


class _Comparison:
    """Two documents."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._old = old
        self._new = new
        self._within: set[tuple[str, str, Direction]] = set()

    def changes(self) -> Iterator[Change]:
        """Yield what is different."""
        olds, news = dict(_operations(self._old)), dict(_operations(self._new))
        for key, (name, item, operation) in olds.items():
            if key not in news:
                yield Change(name, "is gone", breaks=True)
            else:
                _, other_item, other = news[key]
                yield from self._operation(name, (item, operation), (other_item, other))
        for key, (name, _, _) in news.items():
            if key not in olds:
                yield Change(name, "is new", breaks=False)

    def _operation(self, name: str, old: tuple[Any, Any], new: tuple[Any, Any]) -> Iterator[Change]:
        yield from self._parameters(name, self._all_parameters(self._old, *old), self._all_parameters(self._new, *new))
        old_operation, new_operation = old[1], new[1]
        yield from self._body(f"{name}, body", old_operation.get("requestBody"), new_operation.get("requestBody"))
        yield from self._answers(name, old_operation.get("responses", {}), new_operation.get("responses", {}))
        before = _requirements(self._old, old_operation)
        after = _requirements(self._new, new_operation)
        if before != after:
            # Whoever meets one of the old alternatives must meet one of the new.
            breaks = not all(any(new <= old for new in after) for old in before)
            yield Change(name, "asks clients otherwise who they are", breaks=breaks)

    def _all_parameters(self, document: Json, item: Json, operation: Json) -> dict[tuple[str, str], Json]:
        parts = _path_names(item["path"])
        found: dict[tuple[str, str], Json] = {}
        for each in [*item["item"].get("parameters", ()), *operation.get("parameters", ())]:
            parameter = _followed(document, each)
            place, name = parameter["in"], parameter["name"]
            if place == "header":
                name = name.lower()
            if place == "path" and name in parts:
                name = str(parts.index(name))  # clients do not see what it is called
            found[place, name] = parameter
        return found

    def _parameters(
        self, name: str, old: Mapping[tuple[str, str], Json], new: Mapping[tuple[str, str], Json]
    ) -> Iterator[Change]:
        for key, before in old.items():
            place = f"{name}, {before['in']} {before['name']}"
            if key not in new:
                yield Change(place, "is gone", breaks=True)
                continue
            after = new[key]
            if after.get("required", False) and not before.get("required", False):
                yield Change(place, "is required now", breaks=True)
            elif before.get("required", False) and not after.get("required", False):
                yield Change(place, "is optional now", breaks=False)
            if _style(before) != _style(after):
                yield Change(place, "is written in another way", breaks=True)
            yield from self._schema(place, before.get("schema", {}), after.get("schema", {}), "taken")
        for key, after in new.items():
            if key not in old:
                place = f"{name}, {after['in']} {after['name']}"
                yield Change(place, "is new", breaks=after.get("required", False))

    def _body(self, place: str, old: Json, new: Json) -> Iterator[Change]:
        before = _followed(self._old, old or {})
        after = _followed(self._new, new or {})
        if before and not after:
            yield Change(place, "is gone", breaks=True)
        elif after and not before:
            yield Change(place, "is new", breaks=after.get("required", False))
        elif before:
            if after.get("required", False) and not before.get("required", False):
                yield Change(place, "is required now", breaks=True)
            yield from self._content(place, before["content"], after["content"], "taken")

    def _answers(self, name: str, old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Change]:
        for status, each in old.items():
            place = f"{name}, {status}"
            if status not in new:
                yield Change(place, "is gone", breaks=status.startswith("2"))
                continue
            before, after = _followed(self._old, each), _followed(self._new, new[status])
            yield from self._content(place, before.get("content", {}), after.get("content", {}), "sent")
            for header, said in before.get("headers", {}).items():
                if header not in after.get("headers", {}):
                    yield Change(place, f"has no header {header} now", breaks=bool(said.get("required", False)))
        for status in new:
            if status not in old:
                # What can go wrong may grow: clients know each status by its class (RFC 9110 §15).
                yield Change(f"{name}, {status}", "is new", breaks=not status.startswith(("4", "5")))

    def _content(self, place: str, old: Mapping[str, Json], new: Mapping[str, Json], on: Direction) -> Iterator[Change]:
        for media_type, before in old.items():
            if media_type not in new:
                yield Change(place, f"has no {media_type} now", breaks=True)
            else:
                schemas = before.get("schema", {}), new[media_type].get("schema", {})
                yield from self._schema(f"{place}, {media_type}", *schemas, on)
        for media_type in new:
            if media_type not in old:
                yield Change(place, f"has {media_type} too", breaks=on == "sent" and not old)

    def _schema(self, place: str, old: Json, new: Json, on: Direction) -> Iterator[Change]:
        names = _reference(old), _reference(new)
        if all(names):
            met = (*names, on)
            if met in self._within:
                return
            self._within.add(met)
            try:
                yield from self._followed_schema(place, old, new, on)
            finally:
                self._within.discard(met)
        else:
            yield from self._followed_schema(place, old, new, on)

    def _followed_schema(self, place: str, old: Json, new: Json, on: Direction) -> Iterator[Change]:
        before, after = _schema_of(self._old, old), _schema_of(self._new, new)
        if before == after and "$ref" not in str(before):
            return
        yield from self._unions(place, before, after, on)
        yield from _values(place, before, after, on)
        yield from _bounds(place, before, after, on)
        yield from self._properties(place, before, after, on)
        yield from self._items(place, before, after, on)
        known = _SILENT | _OF_OBJECTS | {*_LOWER, *_UPPER}
        for keyword in sorted((before.keys() | after.keys()) - known):
            if not keyword.startswith("x-") and before.get(keyword) != after.get(keyword):
                yield Change(place, f"has another {keyword}", breaks=True)
        for keyword in ("pattern", "format", "uniqueItems"):
            one, other = before.get(keyword), after.get(keyword)
            if one != other:
                gone = other is None or other is False
                fresh = one is None or one is False
                yield _directed(place, f"has another {keyword}", on, narrower=not gone, wider=not fresh)

    def _unions(self, place: str, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        for keyword in ("anyOf", "oneOf"):
            olds, news = before.get(keyword), after.get(keyword)
            if olds is None and news is None:
                continue
            one = olds if olds is not None else [before]
            other = news if news is not None else [after]
            lost = [member for member in one if not self._is_among(member, other, on)]
            added = [member for member in other if not self._is_among(member, one, on, swapped=True)]
            if lost:
                yield _directed(place, "has fewer alternatives, or others", on, narrower=True, wider=False)
            if added:
                yield _directed(place, "has more alternatives, or others", on, narrower=False, wider=True)
        if before.get("allOf") != after.get("allOf"):
            yield Change(place, "has another allOf", breaks=True)

    def _is_among(self, member: Json, others: Sequence[Json], on: Direction, *, swapped: bool = False) -> bool:
        return any(
            not any(
                change.breaks
                for change in (self._schema("", other, member, on) if swapped else self._schema("", member, other, on))
            )
            for other in others
        )

    def _properties(self, place: str, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        olds, news = before.get("properties", {}), after.get("properties", {})
        was, now = {*before.get("required", ())}, {*after.get("required", ())}
        for name in sorted((was ^ now) - (olds.keys() ^ news.keys())):
            words = "is required now" if name in now else "may be missing now"
            yield _directed(f"{place}, {name}", words, on, narrower=name in now, wider=name in was)
        for name in [*olds, *(name for name in news if name not in olds)]:
            where = f"{place}, {name}"
            if name not in news:
                # What is sent may lose what was never certain; what is taken may lose it where anything is let in.
                rest = after.get("additionalProperties", True)
                breaks = rest is False or name in now - was if on == "taken" else name in was
                yield Change(where, "is gone", breaks=breaks)
                if on == "taken" and isinstance(rest, dict):
                    yield from self._schema(where, olds[name], rest, on)
            elif name not in olds:
                yield Change(where, "is new", breaks=on == "taken" and name in now - was)
                rest = before.get("additionalProperties", True)
                if on == "taken" and rest is not False:  # it was let in as any other
                    yield from self._schema(where, rest if isinstance(rest, dict) else {}, news[name], on)
            else:
                yield from self._schema(where, olds[name], news[name], on)
        one, other = before.get("additionalProperties", True), after.get("additionalProperties", True)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from self._schema(f"{place}, other properties", one, other, on)
        elif one != other and on == "taken":
            breaks = other is not True and one is not False
            yield Change(place, "lets in other properties than before", breaks=breaks)

    def _items(self, place: str, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        if "items" in before or "items" in after:
            one, other = before.get("items", {}), after.get("items", {})
            if isinstance(one, dict) and isinstance(other, dict):
                yield from self._schema(f"{place}, items", one, other, on)
            elif one != other:
                yield _directed(place, "has other items", on, narrower=other is False, wider=one is False)
        olds, news = before.get("prefixItems", []), after.get("prefixItems", [])
        if len(olds) != len(news):
            yield Change(place, "has another number of items", breaks=True)
        for number, (one, other) in enumerate(zip(olds, news, strict=False)):
            yield from self._schema(f"{place}, item {number}", one, other, on)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], tuple[str, Json, Json]]]:
    """Yield the operations by method and path, whatever the parts of that are called: each with a name for messages."""
    for path, item in document.get("paths", {}).items():
        shape = "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
        for method in _METHODS:
            if method in item:
                yield (method, shape), (f"{method.upper()} {path}", {"path": path, "item": item}, item[method])


def _path_names(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def _requirements(document: Mapping[str, Any], operation: Json) -> list[frozenset[str]]:
    """Return the alternatives of what an operation requires, each as its schemes, whatever these are called."""
    schemes: Mapping[str, Any] = document.get("components", {}).get("securitySchemes", {})
    given: list[Mapping[str, Any]] = operation.get("security", document.get("security", [])) or [{}]
    return [frozenset(_known(schemes.get(name, name)) for name in each) for each in given]


def _known(scheme: object) -> str:
    kept = {key: value for key, value in scheme.items() if key != "description"} if isinstance(scheme, dict) else scheme
    return msgspec.json.encode(kept, order="sorted").decode()


def _style(parameter: Json) -> tuple[object, object]:
    style = parameter.get("style", "form" if parameter["in"] in {"query", "cookie"} else "simple")
    return style, parameter.get("explode", style == "form")


def _reference(schema: Json) -> str:
    return str(schema.get("$ref", "")) if isinstance(schema, dict) else ""


def _followed(document: Mapping[str, Any], value: Json) -> Json:
    """Follow a reference within the document, however many lead on."""
    for _ in range(32):
        if not (isinstance(value, dict) and isinstance(value.get("$ref"), str) and value["$ref"].startswith("#/")):
            return value
        target: Json = document
        for step in value["$ref"][2:].split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def _schema_of(document: Mapping[str, Any], schema: Json) -> dict[str, Any]:
    """Return a schema in one form: references followed, one type as a list, a const as an enum."""
    followed = _followed(document, schema)
    if followed is False:
        return {"enum": []}
    made: dict[str, Any] = dict(followed) if isinstance(followed, dict) else {}
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"]]
    if "const" in made:
        made["enum"] = [made.pop("const")]
    return made


def _values(place: str, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    """Compare types and enums."""
    for keyword, words in (("type", "type"), ("enum", "value")):
        one, other = before.get(keyword), after.get(keyword)
        unions = [each for each in (before, after) if "anyOf" in each or "oneOf" in each]
        if keyword == "type" and len(unions) == 1 and "type" not in unions[0]:
            continue  # its alternatives say it
        if one == other:
            continue
        if _lacks(one, other):
            yield _directed(place, f"lacks a {words} that it had", on, narrower=True, wider=False)
        if _lacks(other, one):
            yield _directed(place, f"has a {words} that it had not", on, narrower=False, wider=True)


def _lacks(some: Sequence[Json] | None, others: Sequence[Json] | None) -> bool:
    """Return whether something is among some types or values, and not among others; None is all there are."""
    if others is None:
        return False
    if some is None:
        return True
    known = {*map(_known, others)}
    if "number" in others:
        known.add(_known("integer"))
    return not known.issuperset(map(_known, some))


def _bounds(place: str, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    for keyword in (*_LOWER, *_UPPER):
        one, other = before.get(keyword), after.get(keyword)
        if one == other:
            continue
        is_new = one is None
        narrower = is_new if is_new or other is None else (other > one) is (keyword in _LOWER)
        yield _directed(place, f"has another {keyword}", on, narrower=narrower, wider=not narrower)


def _directed(place: str, what: str, on: Direction, *, narrower: bool, wider: bool) -> Change:
    """Return a difference, which breaks what is taken where it is narrower, and what is sent where it is wider."""
    return Change(place, what, breaks=narrower if on == "taken" else wider)
