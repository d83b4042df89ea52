"""One route as an operation of OpenAPI: its parameters, its body, its answers, and its security."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_origin

import msgspec

from ponty.core import PontyError, Route
from ponty.request.description.answer_types import answer_schema
from ponty.request.description.components import Components, Schema, Side
from ponty.request.description.paths import PathTemplate, segment_schema
from ponty.request.description.problems import Problems
from ponty.request.description.security import SecuritySchemes
from ponty.request.fields.base import Description, Field
from ponty.request.forms.form_type import UPLOAD
from ponty.request.parsing.definitions import definition_name
from ponty.request.parsing.parser import Parser

EnvelopeSchema = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Makes the schema of an answer from that of its value, as the `envelope` of an application makes the answer."""

_NOT_PARAMETERS = frozenset(
    {"accept", "authorization", "connection", "content-length", "content-type", "host", "transfer-encoding"}
)
"""Headers that OpenAPI describes in other places, or that belong to HTTP itself."""

_BODILESS = frozenset({101, 204, 205, 304})
_BYTES = frozenset({"application/octet-stream", "*/*"})
_URLENCODED = "application/x-www-form-urlencoded"
_FORMS = ("multipart/form-data", _URLENCODED)


class Context(msgspec.Struct, frozen=True, eq=False):
    """The context that the operations of a document share.

    Args:
        components: Collects the schemas.
        security: Collects the security schemes.
        envelope: Makes the schema of an answer in the envelope.
        problems: Makes the answers for errors.
        raises: The errors that any handler may raise.
        sent: The schemas of answers, by type, as they are used.
    """

    components: Components
    security: SecuritySchemes
    envelope: EnvelopeSchema
    problems: Problems
    raises: Sequence[type[PontyError]] = ()
    sent: dict[Any, Schema] = {}

    def answer_schema(self, tp: Any) -> Schema:
        """Return the schema of the answers of a type."""
        try:
            if tp not in self.sent:
                self.sent[tp] = self.components.add(answer_schema(tp), "output")
            return self.sent[tp]
        except TypeError:  # it has no hash
            return self.components.add(answer_schema(tp), "output")


def envelope_schema(value: Mapping[str, Any]) -> Schema:
    """Return the schema of a value in Ponty's own envelope, which applications have by default."""
    milliseconds = {"type": "integer", "minimum": 0}
    return {
        "type": "object",
        "properties": {
            "data": value,
            "elapsed": {**milliseconds, "description": "How long it took, in milliseconds."},
            "now": {**milliseconds, "description": "When it was done, in milliseconds since the epoch."},
        },
        "required": ["data", "elapsed", "now"],
    }


class _Taken(msgspec.Struct, frozen=True, eq=False):
    """A field as the description has it: its place in the request, and the type of its values."""

    said: Description
    type: Any


class _Around(msgspec.Struct, frozen=True, eq=False):
    """The parameters and answers that the middlewares of a route add, through `__ponty_describe__`."""

    parameters: list[dict[str, Any]]
    statuses: list[int]
    errors: list[type[PontyError]]


def operation(route: Route, path: PathTemplate, operation_id: str, context: Context) -> dict[str, Any]:
    """Return the operation of a route.

    Args:
        route: The route.
        path: Its path.
        operation_id: Its name in the document.
        context: The context that it shares with other operations.
    """
    binds: Any = getattr(route.handler, "__ponty_request__", None)
    taken: list[_Taken] = [] if binds is None else [*_taken(binds.cls.__plan__.steps)]
    around = _around(route)
    summary, description = _words(route)
    parts: dict[str, Any] = {
        "operationId": operation_id,
        "summary": summary,
        "description": description,
        "tags": [*route.tags],
        "deprecated": route.deprecated,
        "parameters": [*_parameters(route, path, taken, around, context.components)],
        "requestBody": _body(taken, None if binds is None else binds.media_type, context.components),
    }
    made = {name: part for name, part in parts.items() if part}
    made["responses"] = _answers(route, taken, around, context)
    if requirements := context.security.requirements(each.said for each in taken):
        made["security"] = requirements
    return made


def _taken(steps: Iterable[Any]) -> Iterator[_Taken]:
    for step in steps:
        field: Field[Any] = step.field
        if (said := step.describe()) is not None:
            yield _Taken(said, field.value_type())


def _around(route: Route) -> _Around:
    around = _Around([], [], [])
    for middleware in route.middlewares:
        if (describe := getattr(middleware, "__ponty_describe__", None)) is not None:
            parameters, statuses, errors = describe(route.method)
            around.parameters.extend(parameters)
            around.statuses.extend(statuses)
            around.errors.extend(errors)
    return around


def _words(route: Route) -> tuple[str, str]:
    """Return a summary and a description: those of the route, or the first line of its docstring and the rest."""
    text = route.description or ""
    if route.summary is not None or text != (inspect.getdoc(route.handler) or ""):
        return route.summary or "", text
    first, _, rest = text.partition("\n")
    return first.rstrip("."), rest.strip()


def _parameters(
    route: Route, path: PathTemplate, taken: Iterable[_Taken], around: _Around, components: Components
) -> Iterator[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in taken:
        if each.said.security is not None:
            continue
        for made in _parameters_of(each.said, components):
            if made["in"] == "path":
                made["name"] = path.names.get(made["name"], made["name"])
            key = (made["in"], made["name"].lower() if made["in"] == "header" else made["name"])
            if key in found:
                found[key]["required"] = found[key].get("required", False) or made.get("required", False)
            elif key[0] != "header" or key[1] not in _NOT_PARAMETERS:
                found[key] = made
    _add_parameters(found, around.parameters)
    etag = getattr(getattr(route.handler, "__ponty_answer__", None), "etag", False)
    if etag and route.method in {"GET", "HEAD"}:
        text = "The entity tag of the client's version; if it is still current, the answer is a 304."
        made = {"name": "If-None-Match", "in": "header", "description": text, "schema": {"type": "string"}}
        found.setdefault(("header", "if-none-match"), made)
    for name, pattern in path.patterns.items():
        place = found.setdefault(
            ("path", name), {"name": name, "in": "path", "required": True, "schema": segment_schema(pattern)}
        )
        place["required"] = True
    yield from (made for (place, name), made in found.items() if place != "path" or name in path.patterns)


def _add_parameters(found: dict[tuple[str, str], dict[str, Any]], further: Iterable[dict[str, Any]]) -> None:
    """Add parameters that are not those of a field; if a field has the same one, its description stays."""
    for made in further:
        known = found.setdefault((made["in"], made["name"].lower()), made)
        if made.get("required", False):
            known["required"] = True


def _parameters_of(said: Description, components: Components) -> Iterator[dict[str, Any]]:
    """Yield the parameters that a field reads outside of the body: one, or one for each property of an object."""
    if said.location == "body" or not said.name:
        return
    if said.style != "properties":
        yield _parameter(said, _without_null(said.schema), components)
        return
    definitions = {"$defs": said.schema["$defs"]} if "$defs" in said.schema else {}
    properties: Any = said.schema.get("properties", {})
    required: Any = said.schema.get("required", ())
    for name, schema in properties.items():
        part = Description(said.location, name, required=name in required)
        yield _parameter(part, {**_without_null(schema), **definitions}, components)


def _parameter(said: Description, schema: Mapping[str, Any], components: Components) -> dict[str, Any]:
    made: dict[str, Any] = {"name": said.name, "in": said.location}
    if description := said.description or schema.get("description", ""):
        made["description"] = description
    if said.required or said.location == "path":
        made["required"] = True
    if said.deprecated or schema.get("deprecated") is True:
        made["deprecated"] = True
    if said.location == "query" and schema.get("type") == "array":
        made |= {"style": "form", "explode": said.style != "comma"}
    made["schema"] = components.add(schema, "input")
    return made


def _without_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema without null: a parameter that may be None is one that may be missing."""
    members: Any = schema.get("anyOf")
    if not isinstance(members, list) or {"type": "null"} not in members:
        return schema
    others: list[Any] = [member for member in members if member != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and value is not None}
    return {**others[0], **rest} if len(others) == 1 else {**rest, "anyOf": others}


def _body(taken: Iterable[_Taken], media_type: str | None, components: Components) -> dict[str, Any] | None:
    bodies = [each for each in taken if each.said.location == "body"]
    if not bodies:
        return None
    content: dict[str, Any] = {}
    for body in bodies:
        said = body.said
        for name in (media_type,) if media_type else said.media_types or ("*/*",):
            if name in _FORMS and "properties" in said.schema:
                if (form := _form(said, name, body.type, components)) is not None:
                    content[name] = form
                continue
            known = content.setdefault(name, {})
            schema: Schema = {"type": "string", "format": "binary"} if name in _BYTES else {}
            if said.schema:
                otherwise = "".join(word.capitalize() for word in said.name.split("_"))
                schema = components.add(said.schema, "input", _name_of(body), otherwise=otherwise or "Body")
            known["schema"] = {"allOf": [known["schema"], schema]} if "schema" in known else schema
    made: dict[str, Any] = {"content": content}
    if description := "\n\n".join(body.said.description for body in bodies if body.said.description):
        made["description"] = description
    if any(body.said.required for body in bodies):
        made["required"] = True
    return made


def _form(said: Description, media_type: str, tp: Any, components: Components) -> dict[str, Any] | None:
    """Return the form for a media type; None if the form must have files, and the media type cannot have any."""
    properties: Any = said.schema["properties"]
    files = {name for name, schema in properties.items() if UPLOAD in _members(schema)}
    if media_type == _URLENCODED and files.intersection(_names(said.schema.get("required"))):
        return None
    schema: dict[str, Any] = {**said.schema}
    name = definition_name(tp) if _is_class(tp) else ""
    if files and media_type == _URLENCODED:
        schema["properties"] = {key: value for key, value in properties.items() if key not in files}
        name = name and f"{name}WithoutFiles"
    else:
        schema["properties"] = {key: _binary(value) for key, value in properties.items()}
    return {"schema": components.add(schema, "input", name)}


def _names(value: Any) -> Iterable[str]:
    return value or ()


def _binary(schema: Any) -> Any:
    """Return the schema of a part of a form, with files as OpenAPI describes them."""
    if schema == UPLOAD:
        return {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
    if isinstance(schema, dict):
        return {keyword: _binary(value) for keyword, value in schema.items()}
    return [*map(_binary, schema)] if isinstance(schema, list) else schema


def _members(schema: Mapping[str, Any]) -> list[Any]:
    members: list[Any] = [*schema.get("anyOf", [schema])]
    return [member.get("items", member) for member in members if isinstance(member, dict)]


def _name_of(body: _Taken) -> str:
    """Return the name of a body's schema: that of the class of its values, if it describes an object."""
    return definition_name(body.type) if "properties" in body.said.schema and _is_class(body.type) else ""


def _is_class(tp: Any) -> bool:
    cls = get_origin(tp) or tp
    return isinstance(cls, type) and cls.__module__ not in {"builtins", "typing"}


def _answers(route: Route, taken: Sequence[_Taken], around: _Around, context: Context) -> dict[str, Any]:
    statuses = {*around.statuses, *(status for each in taken for status in each.said.statuses)}
    problems = context.problems.answers(statuses, dict.fromkeys([*route.raises, *around.errors, *context.raises]))
    answers: dict[str, Any] = {}
    how: Any = getattr(route.handler, "__ponty_answer__", None)
    if how is None:
        answers["default"] = {"description": "The answer"}
    else:
        answers[str(how.status)] = _success(how, context)
        if getattr(how, "etag", False) and route.method in {"GET", "HEAD"}:
            answers["304"] = {"description": "Not Modified", "headers": _ETAG}
    for status, answer in problems.items():
        answers.setdefault(str(status), answer)
    return dict(sorted(answers.items()))


_ETAG: Mapping[str, Any] = {
    "ETag": {"description": "The entity tag of the value (RFC 9110 §8.8.3).", "schema": {"type": "string"}}
}
_LOCATION: Mapping[str, Any] = {
    "Location": {"description": "The address of the resource.", "schema": {"type": "string", "format": "uri-reference"}}
}


def _success(how: Any, context: Context) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": _SUCCESSES.get(how.status, "Success")}
    headers = {**(_LOCATION if how.status == 201 else {}), **(_ETAG if getattr(how, "etag", False) else {})}
    if headers:
        answer["headers"] = headers
    content_type = getattr(how, "content_type", None)
    if content_type is not None:  # a stream, of items
        made: dict[str, Any] = {"schema": {"type": "string"}}
        if how.items is not None:  # OpenAPI 3.2 calls it itemSchema
            made["x-itemSchema"] = context.answer_schema(how.items)
        answer["content"] = {content_type.partition(";")[0].strip(): made}
    elif hasattr(how, "takes"):  # a websocket, whose messages OpenAPI has no words for
        said: tuple[tuple[str, Side, Any], ...] = (("takes", "input", how.takes), ("sends", "output", how.sends))
        answer["x-messages"] = {name: _message(tp, side, context) for name, side, tp in said if tp is not None}
    elif how.status not in _BODILESS and hasattr(how, "returns"):
        schema = {} if how.returns is None else context.answer_schema(how.returns)
        answer["content"] = {"application/json": {"schema": dict(context.envelope(schema)) if how.envelope else schema}}
    return answer


def _message(tp: Any, side: Side, context: Context) -> Schema:
    """Return the schema of the messages that one side of a websocket sends."""
    if side == "output":
        return context.answer_schema(tp)
    name = definition_name(tp) if _is_class(tp) else ""
    return context.components.add(Parser(tp).schema, "input", name)


_SUCCESSES = {
    101: "Switching Protocols: a websocket",
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    205: "Reset Content",
}


def name_of_handler(route: Route) -> str:
    """Return the default name of an operation: that of its function."""
    name = getattr(route.handler, "__name__", "")
    if name.isidentifier():
        return str(name)
    return re.sub(r"[^A-Za-z0-9]+", "_", f"{route.method.lower()}_{route.path}").strip("_")
