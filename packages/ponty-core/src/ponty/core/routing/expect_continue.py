"""The Expect header of a request (RFC 9110 §10.1.1)."""

from aiohttp import HttpVersion11, hdrs, web

from ponty.core.errors.problems import problem
from ponty.core.wire.announced_bodies import announces_too_much
from ponty.core.wire.unread_bodies import leave_unread, mark_unasked


async def meet_expectation(request: web.Request) -> web.StreamResponse | None:
    """Ask a waiting client for its body with 100 Continue, or refuse an unknown expectation with a 417."""
    if request.version < HttpVersion11:
        return None
    if request.headers.get(hdrs.EXPECT, "").lower() != "100-continue":
        answer = problem(417)
        leave_unread(request, answer)
        return answer
    if announces_too_much(request):
        mark_unasked(request)
        return None  # it is refused around its handler, so that middlewares see the answer
    if getattr(request.match_info.handler, "__ponty_asks_for_body__", False):
        return None  # the handler asks for the body itself, when it knows who the client is
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # no part of the answer is written yet
    return None
