"""`deadlines`: a header of the request says how long its caller waits for the answer."""

import asyncio
import functools
import logging
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ponty.core.errors.problems import problem
from ponty.core.lifecycle.deadline_headers import ENVOY_TIMEOUT, DeadlineHeader, check_header, read_seconds
from ponty.core.operations.addresses import TrustedPeers
from ponty.core.time_left import Deadline, current_deadline, holding

logger: logging.Logger = logging.getLogger("ponty.core")


def deadlines(*, trusted: Iterable[str], header: DeadlineHeader = ENVOY_TIMEOUT) -> Middleware:
    """Make a middleware that reads the deadline of a request from a header, and enforces it.

    ::

        app = build_app(middlewares=[deadlines(trusted=["10.0.0.0/8"])])

    Use it if callers give up after a time that they send along, so that no work is done in vain. A handler that has not
    begun its answer by the deadline is cancelled, and the answer is a 504. The limit of `Limits.handler_seconds` still
    holds. `remaining_seconds` returns the time that is left; clients of `http_client_provider` and `retry` respect it.

    Args:
        trusted: The addresses and networks whose header is read; `"unix"` for connections over a Unix socket. The
            header of all others is ignored.
        header: The header that says how long the caller still waits: `X-Envoy-Expected-Rq-Timeout-Ms`, in milliseconds,
            which Envoy and service meshes based on it send; or `Grpc-Timeout`, in the form of gRPC (`250m`, `2S`).

    Raises:
        ValueError: One of `trusted` is not an address or network, or `header` is an unknown header.
        TypeError: `trusted` is a text, not a list.
    """
    peers = TrustedPeers("deadlines", trusted)
    check_header("deadlines", header)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        told = request.headers.get(header) if peers.has_sent(request) else None
        if told is None:
            return await handler(request)
        seconds = read_seconds(header, told)
        if seconds is None:
            return problem(400, detail=f"the header {header} is malformed")
        if seconds <= 0:
            return _too_late(request)
        return await _within(seconds, request, handler)

    return middleware


async def _within(seconds: float, request: web.Request, handler: Handler) -> web.StreamResponse:
    loop = asyncio.get_running_loop()
    has_begun = functools.partial(_has_begun, request)
    deadline = Deadline(loop, loop.time() + seconds, has_begun, current_deadline.get())
    limit = asyncio.timeout(None)
    try:
        async with limit:

            def look() -> None:
                if not has_begun():
                    limit.reschedule(loop.time())

            timer = loop.call_later(seconds, look)
            try:
                with holding(deadline):
                    return await handler(request)
            finally:
                timer.cancel()
    except TimeoutError:
        if not limit.expired():
            raise
        return _too_late(request)


def _has_begun(request: web.BaseRequest) -> bool:
    return bool(request.writer.output_size)


def _too_late(request: web.Request) -> web.StreamResponse:
    resource = request.match_info.route.resource
    logger.warning(
        "%s %s was cancelled: its caller no longer waits for it",
        request.method,
        "(no route)" if resource is None else resource.canonical,
    )
    return problem(504)
