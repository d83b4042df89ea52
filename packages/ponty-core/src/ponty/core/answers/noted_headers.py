"""Headers that a middleware sends along with whatever the handler answers, streams included.

Most answers are unsent when the middleware gets them back: the headers are added to them then, and a plain answer stays
one. A stream was begun by its handler, so the headers are noted before, and added when the stream is prepared, by a
receiver of the signal `on_response_prepare` that `build_app` connects. Under an application that was not built by it,
streams go without.
"""

import contextvars
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from ponty.core.answers.fast_response import PlainResponse
from ponty.core.answers.further_headers import FurtherHeaders


async def answer_with(request: web.Request, handler: Handler, further: FurtherHeaders) -> web.StreamResponse:
    """Have `handler` answer `request`, and send `further` headers along."""
    token = _noted.set((further, _noted.get(None)))
    try:
        answer = await handler(request)
    finally:
        _noted.reset(token)
    if type(answer) is PlainResponse:
        answer.carry(further)
    elif not answer.prepared:
        further.merge_into(answer.headers)
    return answer


async def add_noted_headers(request: web.Request, answer: web.StreamResponse) -> None:
    """Add what is noted for the request at work: the receiver of `on_response_prepare`."""
    del request
    noted = _noted.get(None)
    while noted is not None:
        further, noted = noted
        further.merge_into(answer.headers)


add_noted_headers.__ponty_for_streams__ = True  # type: ignore[attr-defined] # plain answers need not ask it

# What the innermost middleware has noted, and what was noted before it. A request has one task, and those that its
# handler starts have a copy of its context.
_noted: contextvars.ContextVar[tuple[FurtherHeaders, Any]] = contextvars.ContextVar("ponty.core.noted_headers")
