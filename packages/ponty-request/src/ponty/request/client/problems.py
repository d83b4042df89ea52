"""The errors that an endpoint answers with, as the exceptions that the server has raised."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast, get_args

from aiohttp import hdrs
from multidict import CIMultiDictProxy

from ponty.core import DoesNotExist, Fault, Location, PontyError, ValidationError
from ponty.request.content.json_decoder import decode_json
from ponty.request.content.media_types import charset, essence, is_json
from ponty.request.errors import InvalidField

_PROBLEM = "application/problem+json"
_UNTYPED = "about:blank"
_OWN = ("type", "title", "status", "detail", "instance", "errors")
_LOCATIONS = get_args(Location)
_MAX_FAULTS = 50
_HANDED_ON = (hdrs.RETRY_AFTER,)
"""The headers that are about the error itself, and not about the connection or the client."""


def error_of(
    status: int, headers: CIMultiDictProxy[str], content: bytes, raises: Sequence[type[PontyError]]
) -> PontyError | None:
    """Return the error that an answer stands for; None if it is no error of the endpoint.

    Args:
        status: The status of the answer.
        headers: Its headers.
        content: Its content.
        raises: The classes that the endpoint lists.
    """
    content_type = headers.get(hdrs.CONTENT_TYPE, "")
    try:
        if essence(content_type) == _PROBLEM:
            error = _of_document(status, decode_json(content), raises)
        else:
            error = _of_its_own(status, content_type, content, raises)
    except (InvalidField, UnicodeError, LookupError):
        return None
    if error is not None and (told := {name: headers[name] for name in _HANDED_ON if name in headers}):
        error.options["headers"] = told
    return error


def _of_document(status: int, document: Any, raises: Sequence[type[PontyError]]) -> PontyError | None:
    if not isinstance(document, dict):
        return None
    members = cast("dict[str, Any]", document)
    kind, title = _text(members, "type") or _UNTYPED, _text(members, "title")
    cls = _class_of(kind, status, raises)
    # The class's own `__init__` takes the arguments of its program, and no document.
    error = cls.__new__(cls)
    PontyError.__init__(
        error,
        detail=_text(members, "detail"),
        instance=_text(members, "instance"),
        members={name: value for name, value in members.items() if name not in _OWN},
        faults=[*_faults(members.get("errors"))],
    )
    _set_status(error, status)
    if cls.type != kind:
        error.type, error.title = kind, title or ""
    return error


def _of_its_own(
    status: int, content_type: str, content: bytes, raises: Sequence[type[PontyError]]
) -> PontyError | None:
    """Return an error that was raised with a text or a body, if only one class has its status."""
    classes = [cls for cls in raises if cls.status_code == status and cls.type == _UNTYPED]
    if len(classes) != 1:
        return None
    error = classes[0].__new__(classes[0])
    if is_json(content_type):
        PontyError.__init__(error, body=decode_json(content))
    elif essence(content_type) == "text/plain":
        PontyError.__init__(error, text=content.decode(charset(content_type) or "utf-8"))
    else:
        return None
    return error


def _class_of(kind: str, status: int, raises: Sequence[type[PontyError]]) -> type[PontyError]:
    if kind != _UNTYPED:
        return next((cls for cls in raises if cls.type == kind), PontyError)
    known: tuple[type[PontyError], ...] = (*raises, DoesNotExist, ValidationError)
    return next((cls for cls in known if cls.type == kind and cls.status_code == status), PontyError)


def _set_status(error: PontyError, status: int) -> None:
    if error.status_code != status:
        error.status_code = status


def _text(members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) else None


def _faults(errors: Any) -> Iterable[Fault]:
    """Yield the faults of a request that a document lists; other entries are ignored."""
    for fault in errors[:_MAX_FAULTS] if isinstance(errors, list) else ():
        told = (
            {name: fault.get(name, "") for name in ("in", "name", "detail", "pointer", "code")}
            if isinstance(fault, dict)
            else {}
        )
        if told and all(isinstance(text, str) for text in told.values()) and told["in"] in _LOCATIONS:
            yield Fault(told["in"], told["name"], told["detail"], told["pointer"], told["code"])
