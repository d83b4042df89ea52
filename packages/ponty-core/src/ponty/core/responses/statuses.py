"""Statuses of answers: which are valid, and their names (RFC 9110 §15)."""

import functools
import http


def check_status(status: object) -> None:
    """Refuse a value that cannot be the status of a final answer (RFC 9110 §15).

    Raises:
        ValueError: It is not a whole number from 200 to 599.
    """
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ValueError(f"the status of an answer must be from 200 to 599, not {status!r}")


@functools.cache
def title(status: int) -> str:
    """Return the registered name of `status` (RFC 9110 §15); the empty string if it is not registered."""
    if status in _RENAMED:
        return _RENAMED[status]
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


# RFC 9110 has renamed these; Python has the new names from 3.13 on.
_RENAMED = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
