"""What is promised of an answer: each function here says what is wrong with it, or nothing."""

import json
from typing import Any

from ponty.command.attack.requests import Case
from ponty.command.attack.wire import Answer, Exchange

Json = Any
ERROR_BYTES = 8192

PROMISES = {
    "answers": "each request that is one gets one well-formed answer, in time",
    "no 5xx": "no request makes the program fail",
    "small errors": f"an answer to an error has {ERROR_BYTES} bytes at most",
    "no echo": "an answer to an error repeats no value of the request",
    "described": "an answer is one that the description has",
    "in step": "the next request over a connection has its own answer",
    "cost": "a request costs no more than so many times a good one",
    "no holding up": "a request holds no other one up",
}
"""The promises, by what a report calls them."""


def broken(case: Case, exchange: Exchange, document: Json) -> tuple[str, str] | None:
    """Return the first promise that an answer breaks, and how.

    Args:
        case: The request.
        exchange: What came back.
        document: The description.
    """
    if exchange.answers and not exchange.fault:
        return _broken_by(case, exchange.answers[0], document)
    if case.raw and not exchange.answers:
        return None  # what is no request may be closed upon
    return "answers", exchange.fault or "the connection was closed instead"


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
    """Return whether a 5xx is what the description says, or about a method, a version or a server that is full."""
    if answer.status in {501, 505} and (case.raw or case.method != case.operation.method):
        return True
    is_head = case.method == "HEAD" and case.operation.method == "GET"  # which is answered as GET (RFC 9110 §9.3.2)
    return (is_head or case.method == case.operation.method) and str(answer.status) in case.operation.answers


def _repeated(case: Case, answer: Answer) -> str:
    """Return a text of the request that an answer has; an empty one where there is none."""
    text = _without_places(answer.body) + b"\n" + "\n".join(value for _, value in answer.headers).encode()
    return next((mark for mark in case.marks if mark.encode("utf-8", "surrogatepass") in text), "")


def _without_places(body: bytes) -> bytes:
    """Return the body of a problem document without the places of its faults: they name what is at fault."""
    try:
        whole = json.loads(body)
        faults = whole["errors"]
        for fault in faults:
            fault["pointer"] = fault["name"] = ""
    except (ValueError, LookupError, TypeError):
        return body
    return json.dumps(whole, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _undescribed(case: Case, answer: Answer, document: Json) -> str:
    """Return what the description does not say of an answer; an empty text where it says all."""
    if case.method != case.operation.method or case.method == "HEAD" or case.kind == "a hostile path":
        return ""  # another operation may have answered, or none
    answers = case.operation.answers
    said = answers.get(str(answer.status), answers.get(f"{answer.status // 100}XX", answers.get("default")))
    media_type = answer.header("content-type").partition(";")[0].strip().lower()
    if said is None:
        # Of what can go wrong with any request the description says nothing: too long a line, say (RFC 9110 §15.5).
        is_usual = answer.status in {101, 304} or (answer.status >= 400 and media_type == "application/problem+json")
        return "" if is_usual else f"it was answered {answer.status}, which is not described"
    for name, header in said.get("headers", {}).items():
        if header.get("required") and not answer.header(name.lower()):
            return f"it has no header {name}, which is described as required"
    content = said.get("content", {})
    if not content:
        return ""  # nothing is said of a body
    known = {name.partition(";")[0].strip().lower(): inner for name, inner in content.items()}
    inner = known.get(media_type, known.get(f"{media_type.partition('/')[0]}/*", known.get("*/*")))
    if inner is None:
        return f"its media type is {media_type!r}, which is not described"
    has_value = "json" in media_type and not answer.is_endless
    return _unfit(answer.body, inner.get("schema"), document) if has_value else ""


def _unfit(body: bytes, schema: Json, document: Json) -> str:
    """Return where a body is not of its schema."""
    if schema is None:
        return ""
    import jsonschema_rs  # noqa: PLC0415 - it takes long to import, and is wanted by answers in JSON alone

    try:
        value = json.loads(body)
    except ValueError:
        return "its body is not JSON"
    whole = {"components": document.get("components", {}), "allOf": [schema]}
    validator = jsonschema_rs.validator_for(whole)
    error = next(iter(validator.iter_errors(value)), None)
    return f"its body is not as described, at /{'/'.join(map(str, error.instance_path))}" if error is not None else ""
