"""`request_ids`: a name for each request, the same in its answer, in each log line and in the calls it leads to."""

import logging
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ponty.core.answers.further_headers import answer_with
from ponty.core.answers.problems import PROBLEM_JSON
from ponty.core.lifecycle.current_request import IDENTITY, REQUEST_ID_HEADER, RequestIdentity, current_identity
from ponty.core.operations.addresses import TrustedPeers
from ponty.core.operations.trace_context import new_identity, told_identity

LOGGERS = ("aiohttp.access", "aiohttp.server", "ponty.core", "ponty.memo")
"""The loggers whose records have the id of their request: filters are not inherited."""


def request_ids(*, trusted: Iterable[str] = ()) -> Middleware:
    """Make a middleware that gives each request an id.

    ::

        app = build_app(middlewares=[request_ids(trusted=["127.0.0.1"])])

    The id is what `current_request_id` returns; it stands in the header `X-Request-ID` of the answer, as `request_id`
    in problem documents and in each log record of Ponty and aiohttp, and at the end of the lines of the access log.
    Clients of `http_client_provider` send it along, with a `traceparent` (W3C Trace Context), so the logs of several
    services tell one story.

    Args:
        trusted: The addresses and networks whose `X-Request-ID`, `traceparent` and `tracestate` are taken over;
            `"unix"` for whoever connects over a Unix socket. Of all others, and of an id that is no short name, a new
            one is made.

    Raises:
        ValueError: One of `trusted` is no address or network.
        TypeError: `trusted` is one of them, not a list.
    """
    peers = TrustedPeers("request_ids", trusted)
    _name_records()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.get(IDENTITY)  # that of its span
        identity = told_identity(request, given) if peers.has_sent(request) else given or new_identity()
        request[IDENTITY] = identity
        token = current_identity.set(identity)
        try:
            answer = await answer_with(request, handler, {REQUEST_ID_HEADER: identity.id})
        finally:
            current_identity.reset(token)
        return _named(answer, identity)

    return middleware


class _NameRecords(logging.Filter):
    """Puts the id of the current request into each record, and lets all of them pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        identity = current_identity.get()
        if not hasattr(record, "request_id"):
            record.request_id = "-" if identity is None else identity.id
        return True


_FILTER = _NameRecords()


def _name_records() -> None:
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


def _named(answer: web.StreamResponse, identity: RequestIdentity) -> web.StreamResponse:
    """Write the id into a problem document that is not sent yet."""
    member = b',"request_id":"%b"}' % identity.id.encode()
    if answer.status < 400 or answer.prepared:
        return answer
    if isinstance(answer, web.Response) and answer.content_type == PROBLEM_JSON:
        body_before = answer.body
        if isinstance(body_before, bytes) and body_before.endswith(b"}") and not body_before.startswith(b"{}"):
            answer.body = body_before[:-1] + member
    return answer
