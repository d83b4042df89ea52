"""`request_ids` gives each request an id, the same in its answer, its log lines, and the calls that it leads to."""

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
"""The loggers whose records get the id of their request; each needs the filter, since filters are not inherited."""


def request_ids(*, trusted: Iterable[str] = ()) -> Middleware:
    """Make a middleware that gives each request an id.

    ::

        app = build_app(middlewares=[request_ids(trusted=["127.0.0.1"])])

    `current_request_id` returns the id. It is in the header `X-Request-ID` of the answer, in problem documents and in
    log records of Ponty and aiohttp as `request_id`, and at the end of the lines of the access log. Clients of
    `http_client_provider` send it along, with a `traceparent` (W3C Trace Context), so you can follow a request through
    the logs of several services.

    Args:
        trusted: The addresses and networks whose `X-Request-ID`, `traceparent` and `tracestate` are used; `"unix"` for
            connections over a Unix socket. For all others, or if an id is too long or has other characters than those
            of a name, a new id is made.

    Raises:
        ValueError: One of `trusted` is not an address or network.
        TypeError: `trusted` is a text, not a list.
    """
    step = _Naming(TrustedPeers("request_ids", trusted))
    _name_records()
    return passage(step)


class _Naming(Step):
    """The step that gives a request its identity.

    Args:
        peers: The peers whose ids are used.
    """

    def __init__(self, peers: TrustedPeers) -> None:
        self._peers = peers

    def enter(self, request: web.Request, notes: Notes) -> FurtherHeaders:
        """Set the identity of the request, and return the header with its id."""
        before = current_identity.get()
        given = None if before is None else request.get(IDENTITY)  # the identity of its span
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
        """Restore the identity from before."""
        noted = notes.get(self)
        if noted is not None:
            current_identity.set(noted[0])


_holding = maker_of(REQUEST_ID_HEADER)


class _NameRecords(logging.Filter):
    """A filter that adds the id of the current request to each record, and passes all of them."""

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
