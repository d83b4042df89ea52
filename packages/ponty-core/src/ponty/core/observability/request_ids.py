"""`request_ids`: a name for each request, the same in its answer, in each log line and in the calls it leads to."""

import logging
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Middleware

from ponty.core.errors.problems import PROBLEM_JSON
from ponty.core.lifecycle.current_request import IDENTITY, REQUEST_ID_HEADER, RequestIdentity, current_identity
from ponty.core.logs.access_log import NAMES_ATTRIBUTE
from ponty.core.middlewares.passages import Notes, Step, passage
from ponty.core.observability.trace_context import new_identity, told_identity
from ponty.core.operations.addresses import TrustedPeers
from ponty.core.responses.further_headers import FurtherHeaders, maker_of

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
    step = _Naming(TrustedPeers("request_ids", trusted))
    _name_records()
    return passage(step)


class _Naming(Step):
    """Gives a request its identity.

    Args:
        peers: Whose word is taken for it.
    """

    def __init__(self, peers: TrustedPeers) -> None:
        self._peers = peers

    def enter(self, request: web.Request, notes: Notes) -> FurtherHeaders:
        """Name the request, and return the header that tells."""
        before = current_identity.get()
        given = None if before is None else request.get(IDENTITY)  # that of its span
        if self._peers.are_any and self._peers.has_sent(request):
            identity = told_identity(request, given)
        else:
            identity = new_identity() if given is None else given
        request[IDENTITY] = identity
        current_identity.set(identity)
        notes[self] = before, identity
        return _holding(identity.id)

    def leave(self, request: web.Request, answer: web.StreamResponse, notes: Notes) -> web.StreamResponse:
        """Write the id into a problem document that is not sent yet."""
        del request
        if answer.status < 400 or answer.prepared or self not in notes:
            return answer
        return _named(answer, notes[self][1])

    def end(self, notes: Notes) -> None:
        """Let go of the identity."""
        noted = notes.get(self)
        if noted is not None:
            current_identity.set(noted[0])


_holding = maker_of(REQUEST_ID_HEADER)


class _NameRecords(logging.Filter):
    """Puts the id of the current request into each record, and lets all of them pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        identity = current_identity.get()
        if not hasattr(record, "request_id"):
            record.request_id = "-" if identity is None else identity.id
        return True


_FILTER = _NameRecords()
vars(_FILTER)[NAMES_ATTRIBUTE] = True


def _name_records() -> None:
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


def _named(answer: web.StreamResponse, identity: RequestIdentity) -> web.StreamResponse:
    member = b',"request_id":"%b"}' % identity.id.encode()
    if isinstance(answer, web.Response) and answer.content_type == PROBLEM_JSON:
        body_before = answer.body
        if isinstance(body_before, bytes) and body_before.endswith(b"}") and not body_before.startswith(b"{}"):
            answer.body = body_before[:-1] + member
    return answer
