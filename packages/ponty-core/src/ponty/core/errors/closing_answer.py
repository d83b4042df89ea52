"""The last answer of a connection, written directly, so that nothing can fail or change it.

It answers bytes that are not a request, and requests that are refused before they are complete. It also answers errors
that occur while an answer is prepared, since another answer would cause the same error again.
"""

from collections.abc import Mapping

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from ponty.core.errors.problems import PROBLEM_JSON, problem_body
from ponty.core.responses.statuses import title
from ponty.core.wire.server_state import SERVER_NAME


def closing_bytes(
    status: int,
    *,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    server: str | None = SERVER_NAME,
    body: bool = True,
) -> bytes:
    """Encode a problem document (RFC 9457) as a whole HTTP answer, after which the connection closes.

    Args:
        status: The HTTP status.
        detail: What went wrong, in words that repeat nothing from the client.
        headers: Further headers.
        server: The name of the server; None to send no name.
        body: Whether to send the body after the head; False for HEAD.
    """
    document = problem_body(status, detail)
    lines = [
        f"HTTP/1.1 {status} {title(status)}",
        f"{hdrs.CONTENT_TYPE}: {PROBLEM_JSON}",
        f"{hdrs.CONTENT_LENGTH}: {len(document)}",
        f"{hdrs.CONNECTION}: close",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
        *([] if server is None else [f"{hdrs.SERVER}: {server}"]),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (document if body else b"")


class ClosingAnswer(web.StreamResponse):
    """A problem document that closes its connection, without a signal to the application.

    Args:
        status: The HTTP status.
        detail: What went wrong, in words that repeat nothing from the client.
        headers: Further headers.
        server: The name of the server; None to send no name.
    """

    def __init__(
        self,
        status: int,
        *,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        server: str | None = SERVER_NAME,
    ) -> None:
        super().__init__(status=status)
        self.force_close()
        self._detail = detail
        self._further = headers
        self._name = server
        self._request: web.BaseRequest | None = None
        self._sent = 0

    @property
    def prepared(self) -> bool:
        """Whether it is about to be sent."""
        return self._request is not None

    @property
    def body_length(self) -> int:
        """How many bytes were sent."""
        return self._sent

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Remember the request; nothing is sent yet."""
        self._request = request
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the whole answer.

        Raises:
            ConnectionResetError: The client has left.
        """
        del data
        request = self._request
        if request is None or request.transport is None or request.transport.is_closing():
            raise ConnectionResetError("the client has left")
        if self._sent:
            return
        answer = closing_bytes(
            self.status,
            detail=self._detail,
            headers=self._further,
            server=self._name,
            body=request.method != hdrs.METH_HEAD,
        )
        self._sent = len(answer)
        request.transport.write(answer)
