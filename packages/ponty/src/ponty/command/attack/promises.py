"""The promises that each answer is checked against."""

import json
from typing import Any

from ponty.command.attack.requests import Case
from ponty.command.attack.wire import Answer, Exchange

Json = Any
ERROR_BYTES = 8192

PROMISES = {
    "answers": "each valid HTTP request gets exactly one well-formed answer, in time",
    "no 5xx": "no request makes the program fail",
    "small errors": f"an error response has at most {ERROR_BYTES} bytes",
    "no echo": "an error response repeats no value of the request",
    "described": "each answer fits the OpenAPI description",
    "in step": "the next request on a connection gets its own answer",
    "cost": "a request costs no more than a multiple of a good one (--times)",
    "no holding up": "no request makes another one wait for long (--hold)",
}
"""The promises by their names in the report."""


def broken(case: Case, exchange: Exchange, document: Json) -> tuple[str, str] | None:
    """Return the first promise that an answer breaks, and how.

    Args:
        case: The request.
        exchange: The answers to it.
        document: The OpenAPI document.
    """
    if exchange.answers and not exchange.fault:
        return _broken_by(case, exchange.answers[0], document)
    if case.raw and not exchange.answers:
        return None  # a server may close the connection on bytes that are not a request
    return "answers", exchange.fault or "the connection was closed without an answer"


def _broken_by(case: Case, answer: Answer, document: Json) -> tuple[str, str] | None:
    if answer.status >= 500 and not _is_expected(case, answer):
        return "no 5xx", f"it was answered {answer.status}"
    if answer.status >= 400:
        if answer.size > ERROR_BYTES:
            return "small errors", f"the answer has {answer.size} bytes"
        if mark := _repeated(case, answer):
            return "no echo", f"the answer repeats {mark!r}"
    if not case.raw:
        words = _undescribed(case, answer, document)
        if words:
            return "described", words
    return None


def _is_expected(case: Case, answer: Answer) -> bool:
    """Return whether a 5xx is in the description, or is about an unknown method or HTTP version."""
    if answer.status in {501, 505} and (case.raw or case.method != case.operation.method):
        return True
    is_head = case.method == "HEAD" and case.operation.method == "GET"  # HEAD is answered like GET (RFC 9110 §9.3.2)
    return (is_head or case.method == case.operation.method) and str(answer.status) in case.operation.answers


def _repeated(case: Case, answer: Answer) -> str:
    """Return a text of the request that an answer repeats, or an empty string."""
    text = _without_places(answer.body) + b"\n" + "\n".join(value for _, value in answer.headers).encode()
    return next((mark for mark in case.marks if mark.encode("utf-8", "surrogatepass") in text), "")


def _without_places(body: bytes) -> bytes:
    """Return the body of a problem document without the places of its faults, which may name parts of the request."""
    try:
        whole = json.loads(body)
        faults = whole["errors"]
        for fault in faults:
            fault["pointer"] = fault["name"] = ""
    except (ValueError, LookupError, TypeError):
        return body
    return json.dumps(whole, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _undescribed(case: Case, answer: Answer, document: Json) -> str:
    """Return how an answer differs from the description, or an empty string."""
    if case.method != case.operation.method or case.method == "HEAD" or case.kind == "a hostile path":
        return ""  # another operation, or none, may have answered
    answers = case.operation.answers
    said = answers.get(str(answer.status), answers.get(f"{answer.status // 100}XX", answers.get("default")))
    media_type = answer.header("content-type").partition(";")[0].strip().lower()
    if said is None:
        # The description need not list errors that any request can meet, such as a URI too long (RFC 9110 §15.5).
        is_usual = answer.status in {101, 304} or (answer.status >= 400 and media_type == "application/problem+json")
        return "" if is_usual else f"the answer has the status {answer.status}, which is not in the description"
    for name, header in said.get("headers", {}).items():
        if header.get("required") and not answer.header(name.lower()):
            return f"the answer lacks the header {name}, which the description requires"
    content = said.get("content", {})
    if not content:
        return ""  # the description says nothing about a body
    known = {name.partition(";")[0].strip().lower(): inner for name, inner in content.items()}
    inner = known.get(media_type, known.get(f"{media_type.partition('/')[0]}/*", known.get("*/*")))
    if inner is None:
        return f"the answer has the media type {media_type!r}, which is not in the description"
    has_value = "json" in media_type and not answer.is_endless
    return _unfit(answer.body, inner.get("schema"), document) if has_value else ""


def _unfit(body: bytes, schema: Json, document: Json) -> str:
    """Return where a body does not fit its schema, or an empty string."""
    if schema is None:
        return ""
    import jsonschema_rs  # noqa: PLC0415 - it takes long to import, and only answers in JSON need it

    try:
        value = json.loads(body)
    except ValueError:
        return "the body of the answer is not JSON"
    whole = {"components": document.get("components", {}), "allOf": [schema]}
    validator = jsonschema_rs.validator_for(whole)
    error = next(iter(validator.iter_errors(value)), None)
    if error is None:
        return ""
    return f"the body of the answer does not fit its schema at /{'/'.join(map(str, error.instance_path))}"
