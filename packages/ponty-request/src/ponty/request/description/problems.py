"""The answers for errors, by status: problem documents (RFC 9457), or the application's own form of them."""

import http
import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ponty.core import PontyError, ValidationError
from ponty.request.description.answer_types import answer_schema
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
        "description": "How to authenticate (RFC 9110 §11.6.1).",
        "schema": {"type": "string"},
    }
}

_OF_SERVERS: Final = frozenset({400, 413, 415})
"""Statuses with which a server refuses a body that it cannot read, without asking the application."""


class Problems:
    """The answers for errors, each made once.

    Args:
        components: Collects the schemas.
        invalid: The status of the answer to an invalid request; 400, unless the application has another.
        own: The type of the application's own answers for errors; None for problem documents.

    Raises:
        TypeError: `own` has no form in JSON.
    """

    def __init__(self, components: Components, invalid: int = 400, own: Any = None) -> None:
        self._components = components
        self._invalid = invalid
        self._own = None if own is None else components.add(answer_schema(own), "output")
        self._known: dict[tuple[int, tuple[type[PontyError], ...]], dict[str, Any]] = {}
        self._schemas: dict[type[PontyError] | None, Schema] = {}

    def answers(self, statuses: Iterable[int], errors: Iterable[type[PontyError]]) -> dict[int, dict[str, Any]]:
        """Return the answers of a route, by status.

        Args:
            statuses: The statuses with which fields refuse a request.
            errors: The errors that the handler may raise.
        """
        kinds: dict[int, list[type[PontyError]]] = {}
        for status in statuses:
            kinds[self._invalid if status == 400 else status] = []
        for error in errors:
            is_invalid = issubclass(error, ValidationError) and error.status_code == 400
            kinds.setdefault(self._invalid if is_invalid else error.status_code, []).append(error)
        return {status: self._answer(status, tuple(kinds[status])) for status in sorted(kinds)}

    def _answer(self, status: int, errors: tuple[type[PontyError], ...]) -> dict[str, Any]:
        answer = self._known.get((status, errors))
        if answer is None:
            answer = self._known[status, errors] = self._made(status, errors)
        return answer

    def _made(self, status: int, errors: Sequence[type[PontyError]]) -> dict[str, Any]:
        answer: dict[str, Any] = {"description": "\n\n".join(map(_words, errors)) or _phrase(status)}
        if status == 401:
            answer["headers"] = _CHALLENGE
        if self._own is not None:
            answer["content"] = {"application/json": {"schema": self._own}}
            if status in _OF_SERVERS:
                answer["content"][PROBLEM_JSON] = {"schema": self._schema(None)}
            return answer
        typed = [error for error in errors if error.type != "about:blank"]
        schemas = [self._schema(error) for error in typed]
        if len(typed) < len(errors) or not errors:
            schemas.append(self._schema(None))
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
