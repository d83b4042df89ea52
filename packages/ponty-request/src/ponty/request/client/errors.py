"""Errors between two programs: a request that cannot be sent, and an answer that the endpoint does not have."""

from collections.abc import Mapping

from ponty.core import PontyError


class NotSendable(ValueError):
    """A request has a value that cannot be sent, or that its field would not read as the same value.

    Nothing was sent. The message does not contain the value, which may be a secret.

    Args:
        place: The class of the request.
        field: The name of the field.
        detail: What is wrong with its value.
    """

    def __init__(self, place: str, field: str, detail: str) -> None:
        super().__init__(f"{place}.{field} {detail}")
        self.field: str = field
        self.detail: str = detail


class UnexpectedAnswer(PontyError):
    """An answer is neither a value that the endpoint returns nor one of its errors; it may be a proxy's page.

    If nobody catches it, the request that is being handled is answered with 502, and the client learns nothing about
    this answer.

    Args:
        place: The method and the path of the endpoint.
        status: The status of the answer.
        why: What is unexpected about it.
        headers: Its headers.
        content: The beginning of its content, at most 1,000 bytes.
    """

    status_code = 502

    def __init__(
        self, place: str, status: int, why: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> None:
        super().__init__()
        self.place: str = place
        self.status: int = status
        self.why: str = why
        self.headers: Mapping[str, str] = headers or {}
        self.content: bytes = content[:1000]

    def __str__(self) -> str:
        return f"{self.place}: answered {self.status}, {self.why}"
