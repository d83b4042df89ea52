"""`deadlines`: how long the caller of a request waits for its answer, as it says itself."""

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
    """Make a middleware that keeps the deadline which the caller of a request tells in a header.

    ::

        app = build_app(middlewares=[deadlines(trusted=["10.0.0.0/8"])])

    It is never longer than `Limits.handler_seconds`. A handler that has not begun its answer by then is cancelled: 504.
    `remaining_seconds` says what is left of it; clients of `http_client_provider` and `retry` heed it.

    Args:
        trusted: The addresses and networks whose header counts; `"unix"` for whoever connects over a Unix socket. That
            of all others is passed over.
        header: The header that says how long the caller still waits: `X-Envoy-Expected-Rq-Timeout-Ms`, in milliseconds,
            which Envoy and the meshes built of it write; or `Grpc-Timeout`, as gRPC writes it (`250m`, `2S`).

    Raises:
        ValueError: One of `trusted` is no address or network, or `header` is another.
        TypeError: `trusted` is one of them, not a list.
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
        "%s %s was cancelled: its caller waits no longer",
        request.method,
        "(no route)" if resource is None else resource.canonical,
    )
    return problem(504)
