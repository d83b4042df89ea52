"""Two descriptions of one API, compared: which changes break clients that were written for the first.

A client sends what the first description lets it send, and reads what the first one says that it will get. So an
operation may take more and send less than it did, and nothing else:

- what is taken may widen: a parameter may become optional, a bound looser, an enum longer;
- what is sent may narrow: a property may become certain, a bound tighter, an enum shorter.

For webhooks it is the other way round: the program sends what an operation takes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ponty.request.description.document import Table, openapi
from ponty.request.differences.change import Change, Direction, Json, Place
from ponty.request.differences.parts import (
    Operation,
    in_range,
    is_range,
    is_scalar,
    is_text,
    kinds,
    of_media_type,
    of_status,
    operations,
    parameters,
    requirements,
    style,
)
from ponty.request.differences.references import followed, known
from ponty.request.differences.schemas import Schemas

_PARTS: tuple[tuple[str, Direction], ...] = (("paths", "taken"), ("webhooks", "sent"))


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return the differences between two OpenAPI documents of one API, as clients see them.

    ::

        old = openapi(Routes(), title="Mugs", version="1")
        assert [change for change in changes_between(old, old) if change.breaks] == []

    These changes break clients:

    - an operation is gone;
    - it takes less: there is a further required parameter, a property or a media type is gone, an enum is shorter, a
      bound is tighter;
    - it sends more: a property may be missing, an enum is longer, there is a further status or media type;
    - a parameter has another default;
    - it no longer accepts the credentials that clients have.

    All other changes have `breaks` false. In case of doubt, a change counts as breaking. Answers of 4xx and 5xx may be
    added, and so may the kinds of problems in them: clients know each by its status (RFC 9110 §15, RFC 9457 §3.1).

    Args:
        old: The first document.
        new: The second document.
    """
    return [*_Comparison(old, new).changes()]


def conforms_to(contract: Mapping[str, Any], *tables: Table) -> list[Change]:
    """Return the differences between a program and a contract, which is an OpenAPI document that was written first.

    ::

        def test_the_program_keeps_the_contract():
            contract = json.loads(pathlib.Path("contract.json").read_text())
            assert [str(each) for each in conforms_to(contract) if each.breaks] == []

    It reports operations that are missing or additional, and parameters, bodies, answers and schemas that are stricter
    or laxer. If a change breaks clients that were written for the contract, it has `breaks` set. Without differences,
    the list is empty.

    Args:
        contract: The OpenAPI document.
        *tables: The tables of the program; if none is given, the default table.
    """
    return changes_between(contract, openapi(*tables, title="", version=""))


class _Comparison:
    """The comparison of two documents."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._old = old
        self._new = new
        self._schemas = Schemas(old, new)

    def changes(self) -> Iterator[Change]:
        """Yield the differences."""
        for part, takes in _PARTS:
            olds, news = dict(operations(self._old, part)), dict(operations(self._new, part))
            for key, operation in olds.items():
                if key in news:
                    yield from self._operation(operation, news[key], takes)
                else:
                    instead = "keep it, deprecated, for as long as somebody may ask for it"
                    yield operation.place.change("is gone", breaks=True, instead=instead)
            for key, operation in news.items():
                if key not in olds:
                    yield operation.place.change("is new", breaks=False)

    def _operation(self, old: Operation, new: Operation, takes: Direction) -> Iterator[Change]:
        place, before, after = old.place, old.said, new.said
        sends: Direction = "sent" if takes == "taken" else "taken"
        yield from self._parameters(place, parameters(self._old, old), parameters(self._new, new), takes)
        bodies = before.get("requestBody"), after.get("requestBody")
        yield from self._body(place.named("body", "requestBody"), *bodies, takes)
        yield from self._answers(place, before.get("responses", {}), after.get("responses", {}), sends)
        if after.get("deprecated", False) and not before.get("deprecated", False):
            yield place.change("is deprecated now", breaks=False)
        name = before.get("operationId")
        if name != after.get("operationId") and name is not None:
            yield place.at("operationId").change("has another operationId", breaks=False)
        was, now = requirements(self._old, before), requirements(self._new, after)
        if was != now:
            # A client that meets one of the old alternatives must meet one of the new ones.
            breaks = not all(any(asked <= met for asked in now) for met in was)
            instead = "keep accepting the earlier credentials"
            yield place.at("security").change("has other security requirements", breaks=breaks, instead=instead)

    def _parameters(
        self,
        place: Place,
        old: Mapping[tuple[str, str], tuple[str, Json]],
        new: Mapping[tuple[str, str], tuple[str, Json]],
        on: Direction,
    ) -> Iterator[Change]:
        for key, (pointer, before) in old.items():
            inner = Place(f"{place.text}, {before['in']} {before['name']}", pointer)
            was = before.get("required", False)
            if key not in new:
                breaks = on == "taken" or was
                yield inner.change("is gone", breaks=breaks, instead="go on taking it, and ignore it")
                continue
            after = new[key][1]
            now = after.get("required", False)
            if now is not was:
                words, instead = (
                    ("is required now", "leave it optional, with a default")
                    if now
                    else ("is optional now", "send it always")
                )
                yield inner.at("required").directed(words, on, narrower=now, wider=was, instead=instead)
            if style(before) != style(after) or before.get("allowReserved") != after.get("allowReserved"):
                instead = "leave style and explode as they were"
                yield inner.change("is written in another way", breaks=True, instead=instead)
            if before.get("allowEmptyValue", False) and not after.get("allowEmptyValue", False):
                yield inner.change("takes no empty value now", breaks=True, instead="go on taking one")
            yield from self._parameter_schema(inner, before, after, on)
        for key, (_, after) in new.items():
            if key not in old:
                inner = Place(f"{place.text}, {after['in']} {after['name']}", f"{place.pointer}/parameters")
                breaks = on == "taken" and after.get("required", False)
                yield inner.change("is new", breaks=breaks, instead="make it optional, with a default")

    def _parameter_schema(self, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        if "content" in before or "content" in after:
            yield from self._content(place.at("content"), before.get("content", {}), after.get("content", {}), on)
            return
        if after.get("deprecated", False) and not before.get("deprecated", False):
            yield place.change("is deprecated now", breaks=False)
        schemas = before.get("schema", {}), after.get("schema", {})
        inner = place.at("schema")
        if is_text(self._new, schemas[1]) and is_scalar(self._old, schemas[0]) and on == "taken":
            if not is_text(self._old, schemas[0]):
                yield inner.change("is any text now", breaks=False)
        else:
            for change in self._schemas.changes(inner, *schemas, on):
                if not (change.what == "has another default" and change.pointer == f"{inner.pointer}/default"):
                    yield change
        defaults = [followed(self._old, schemas[0]), followed(self._new, schemas[1])]
        was, now = (each.get("default") if isinstance(each, dict) else None for each in defaults)
        if was != now and on == "taken" and not after.get("required", False):
            instead = f"leave it at {known(was)}" if was is not None else "do without it as before"
            yield inner.at("default").change("has another default", breaks=True, instead=instead)

    def _body(self, place: Place, old: Json, new: Json, on: Direction) -> Iterator[Change]:
        before, after = followed(self._old, old or {}), followed(self._new, new or {})
        was, now = before.get("required", False), after.get("required", False)
        if before and not after:
            yield place.change("is gone", breaks=True, instead="go on taking it")
        elif after and not before:
            yield place.change("is new", breaks=on == "taken" and now, instead="make it optional")
        elif before:
            if now is not was:
                words = "is required now" if now else "is optional now"
                yield place.at("required").directed(words, on, narrower=now, wider=was, instead="leave it as it was")
            yield from self._content(place.at("content"), before.get("content", {}), after.get("content", {}), on)

    def _answers(
        self, place: Place, old: Mapping[str, Json], new: Mapping[str, Json], on: Direction
    ) -> Iterator[Change]:
        for status, each in old.items():
            inner = place.named(status, "responses", status)
            answer = of_status(new, status)
            if answer is None:
                breaks = status.startswith("2")
                yield inner.change("is gone", breaks=breaks, instead=f"go on answering {status}")
                continue
            before, after = followed(self._old, each), followed(self._new, answer)
            contents = before.get("content", {}), after.get("content", {})
            compare = self._problems if status.startswith(("4", "5")) and on == "sent" else self._content
            yield from compare(inner.at("content"), *contents, on)
            yield from self._headers(inner, before.get("headers", {}), after.get("headers", {}), on)
        for status in new:
            if of_status(old, status) is None:
                # Errors may be added: clients know each status by its class (RFC 9110 §15).
                breaks = on == "sent" and not status.startswith(("4", "5"))
                inner = place.named(status, "responses", status)
                yield inner.change("is new", breaks=breaks, instead="answer with a status that there was")

    def _headers(
        self, place: Place, old: Mapping[str, Json], new: Mapping[str, Json], on: Direction
    ) -> Iterator[Change]:
        news = {name.lower(): header for name, header in new.items()}
        for name, each in old.items():
            inner = place.at("headers", name)
            before = followed(self._old, each)
            certain = bool(before.get("required", False))
            if name.lower() not in news:
                instead = "go on sending it"
                yield inner.change(f"has no header {name} now", breaks=certain and on == "sent", instead=instead)
                continue
            after = followed(self._new, news[name.lower()])
            header = Place(f"{place.text}, header {name}", inner.pointer)
            if certain and not after.get("required", False):
                yield header.directed(
                    "may be missing now", on, narrower=False, wider=True, instead="send it in each answer"
                )
            if style({"in": "header", **before}) != style({"in": "header", **after}):
                instead = "leave style and explode as they were"
                yield header.change("is written in another way", breaks=True, instead=instead)
            was, now = before.get("schema", {}), after.get("schema", {})
            if on == "sent" and is_text(self._old, was) and is_scalar(self._new, now):
                continue  # clients read it as any text
            yield from self._schemas.changes(header.at("schema"), was, now, on)
        for name in new:
            if name.lower() not in {each.lower() for each in old}:
                yield place.change(f"has the header {name} now", breaks=False)

    def _content(
        self, place: Place, old: Mapping[str, Json], new: Mapping[str, Json], on: Direction
    ) -> Iterator[Change]:
        for media_type, before in old.items():
            name = of_media_type(new, media_type) or (in_range(new, media_type) if on == "sent" else None)
            if name is None:
                instead = f"go on {'taking' if on == 'taken' else 'sending'} {media_type}"
                yield place.at(media_type).change(f"has no {media_type} now", breaks=True, instead=instead)
                continue
            inner = place.named(media_type, media_type)
            after = new[name]
            if on == "sent" and is_range(name) and not is_range(media_type):
                instead = f"send {media_type} alone"
                yield inner.change(f"is {name} now", breaks=True, instead=instead)
            for keyword in ("schema", "x-itemSchema", "itemSchema"):
                if keyword in before or keyword in after:
                    place_of = inner.at(keyword) if keyword == "schema" else inner.named("an item", keyword)
                    yield from self._schemas.changes(place_of, before.get(keyword, {}), after.get(keyword, {}), on)
        for media_type in new:
            if of_media_type(old, media_type) is None and not any(
                media_type in {of_media_type(new, each), in_range(new, each)} for each in old
            ):
                breaks = on == "sent" and not old
                yield place.change(f"has {media_type} too", breaks=breaks, instead="send no body, as before")

    def _problems(
        self, place: Place, old: Mapping[str, Json], new: Mapping[str, Json], on: Direction
    ) -> Iterator[Change]:
        """Compare the problems of one status; further kinds of problems break no client (RFC 9457 §3.1)."""
        media_type = "application/problem+json"
        if media_type not in old or media_type not in new:
            yield from self._content(place, old, new, on)
            return
        place = place.named(media_type, media_type, "schema")
        olds = dict(kinds(self._old, old[media_type].get("schema", {})))
        news = dict(kinds(self._new, new[media_type].get("schema", {})))
        for kind, before in olds.items():
            if kind in news:
                yield from self._schemas.changes(place, before, news[kind], on)
            else:
                yield place.change(f"is never the problem {kind} now", breaks=False)
        for kind in news:
            if kind not in olds:
                yield place.change(f"may be the problem {kind} too", breaks=False)
