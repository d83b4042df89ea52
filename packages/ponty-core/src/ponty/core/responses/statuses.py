"""The status of an answer: which there are (RFC 9110 §15), and what each is called."""

import functools
import http


def check_status(status: object) -> None:
    """Refuse what cannot be the status of a final answer (RFC 9110 §15).

    Raises:
        ValueError: It is not a whole number from 200 to 599.
    """
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ValueError(f"an answer has a status from 200 to 599, not {status!r}")


@functools.cache
def title(status: int) -> str:
    """Name `status` as its registry does (RFC 9110 §15), or not at all where it is unregistered."""
    if status in _RENAMED:
        return _RENAMED[status]
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


# What RFC 9110 calls otherwise than the RFCs before it, and Python from 3.13 on only.
_RENAMED = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
