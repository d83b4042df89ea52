"""The answers to what cannot be done: problem documents (RFC 9457), by status."""

import http
import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ponty.core import PontyError
from ponty.request.description.components import Components, Schema

PROBLEM_JSON: Final = "application/problem+json"

_PROBLEM: Schema = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The kind of the problem; `about:blank` says no more than the status.",
        },
        "title": {"type": "string", "description": "The kind in words, the same each time."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What went wrong this time."},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {
            "type": "array",
            "maxItems": 50,
            "description": "What is wrong with the request.",
            "items": {"$ref": "#/$defs/Fault"},
        },
    },
    "required": ["type", "title", "status"],
    "$defs": {
        "Fault": {
            "type": "object",
            "properties": {
                "in": {"enum": ["path", "query", "header", "cookie", "body"]},
                "name": {"type": "string"},
                "pointer": {
                    "type": "string",
                    "description": "The place within a JSON value, as a JSON Pointer (RFC 6901).",
                },
                "detail": {"type": "string", "description": "What is wrong, and what would be right."},
                "code": {"type": "string", "description": "The kind of fault, for programs."},
            },
            "required": ["in", "name", "pointer", "detail"],
        }
    },
}

_CHALLENGE: Schema = {
    "WWW-Authenticate": {
        "description": "How to say who one is (RFC 9110 §11.6.1).",
        "schema": {"type": "string"},
    }
}


class Problems:
    """The answers to what can go wrong, each made once.

    Args:
        components: Takes the schemas.
    """

    def __init__(self, components: Components) -> None:
        self._components = components
        self._known: dict[tuple[int, tuple[type[PontyError], ...]], dict[str, Any]] = {}
        self._schemas: dict[type[PontyError] | None, Schema] = {}

    def answers(self, statuses: Iterable[int], errors: Iterable[type[PontyError]]) -> dict[int, dict[str, Any]]:
        """Return the answers of a route, by status.

        Args:
            statuses: The statuses with which fields refuse a request.
            errors: The errors that the handler may raise.
        """
        kinds: dict[int, list[type[PontyError]]] = {status: [] for status in statuses}
        for error in errors:
            kinds.setdefault(error.status_code, []).append(error)
        return {status: self._answer(status, tuple(kinds[status])) for status in sorted(kinds)}

    def _answer(self, status: int, errors: tuple[type[PontyError], ...]) -> dict[str, Any]:
        answer = self._known.get((status, errors))
        if answer is None:
            answer = self._known[status, errors] = self._made(status, errors)
        return answer

    def _made(self, status: int, errors: Sequence[type[PontyError]]) -> dict[str, Any]:
        typed = [error for error in errors if error.type != "about:blank"]
        schemas = [self._schema(error) for error in typed]
        if len(typed) < len(errors) or not errors:
            schemas.append(self._schema(None))
        answer: dict[str, Any] = {"description": "\n\n".join(map(_words, errors)) or _phrase(status)}
        if status == 401:
            answer["headers"] = _CHALLENGE
        answer["content"] = {PROBLEM_JSON: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}
        return answer

    def _schema(self, error: type[PontyError] | None) -> Schema:
        if error not in self._schemas:
            name, schema = ("Problem", _PROBLEM) if error is None else (error.__name__, _of_type(error))
            self._schemas[error] = self._components.add(schema, "output", name)
        return self._schemas[error]


def _of_type(error: type[PontyError]) -> Mapping[str, Any]:
    """Return the schema of the problem documents of a class of errors with its own type."""
    properties: Schema = {
        **_PROBLEM["properties"],
        "type": {"const": error.type},
        "status": {"const": error.status_code},
    }
    if error.title:
        properties["title"] = {"const": error.title}
    return {**_PROBLEM, "description": _words(error), "properties": properties}


def _words(error: type[PontyError]) -> str:
    """Return the meaning of an error: the first line of its docstring, or its title."""
    doc = inspect.getdoc(error) if vars(error).get("__doc__") else ""
    words = (doc or "").partition("\n")[0].rstrip(".") or error.title or _phrase(error.status_code)
    return words if error.type == "about:blank" else f"[{words}]({error.type})"


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "An answer"
