"""Headers that are noted for an answer while its request is on its way, for answers that a handler begins itself.

A passage (`ponty.core.middlewares.passages`) notes them before its handler is called. A stream gets them when it is
prepared, by a receiver of the signal `on_response_prepare`. An answer that comes back unsent gets them then. So a plain
one need not ask that receiver: it takes what is noted when it is prepared, which is nothing unless a handler does that.
"""

import contextvars
from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import web

from ponty.core.responses.further_headers import FurtherHeaders

# What the innermost passage has noted, and what was noted before it. A request has one task, and those that its handler
# starts have a copy of its context.
noted: contextvars.ContextVar[tuple[Sequence[FurtherHeaders], Any] | None] = contextvars.ContextVar("ponty.core.noted")
"""Headers for the answer, by the passages that the request is in."""


async def add_noted_headers(request: web.Request, answer: web.StreamResponse) -> None:
    """Add what is noted for the request at work: the receiver of `on_response_prepare`."""
    del request
    for further in noted_sets():
        merge(further, answer)


def noted_sets() -> Iterator[Sequence[FurtherHeaders]]:
    """Iterate over what is noted for the request at work, by the innermost passage first."""
    current = noted.get(None)
    while current is not None:
        further, current = current
        yield further


def merge(further: Sequence[FurtherHeaders], answer: web.StreamResponse) -> None:
    """Put sets of headers among those of an answer, of which the last comes first."""
    for more in reversed(further):
        more.merge_into(answer.headers)


def has_a_say(app: web.Application) -> bool:
    """Return whether a program changes plain answers of `app` when they are prepared (`on_response_prepare`)."""
    receivers = app.on_response_prepare
    return bool(receivers) and (receivers[0] is not add_noted_headers or len(receivers) > 1)
