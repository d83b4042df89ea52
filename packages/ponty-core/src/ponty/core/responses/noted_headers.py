"""Noted headers: those that middlewares note beforehand, for answers that a handler sends itself.

A passage (`ponty.core.middlewares.passages`) notes them before it calls the handler. A stream gets them when it is
prepared, by a receiver of the signal `on_response_prepare`. An answer that the handler returns unsent gets them when it
is returned. So a plain answer does not need the receiver: if it is prepared while headers are noted, by its handler, it
takes them itself.
"""

import contextvars
from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import web

from ponty.core.responses.further_headers import FurtherHeaders

# The headers that the innermost passage has noted, and what was noted before it. A request has one task; the tasks that
# its handler starts have a copy of its context.
noted: contextvars.ContextVar[tuple[Sequence[FurtherHeaders], Any] | None] = contextvars.ContextVar("ponty.core.noted")
"""The headers for the answer that the passages around the handler have noted."""


async def add_noted_headers(request: web.Request, answer: web.StreamResponse) -> None:
    """Add the headers that are noted for the current request: the receiver of `on_response_prepare`."""
    del request
    for further in noted_sets():
        merge(further, answer)


def noted_sets() -> Iterator[Sequence[FurtherHeaders]]:
    """Iterate over the headers that are noted for the current request, those of the innermost passage first."""
    current = noted.get(None)
    while current is not None:
        further, current = current
        yield further


def merge(further: Sequence[FurtherHeaders], answer: web.StreamResponse) -> None:
    """Put sets of headers into those of an answer, the last set first."""
    for more in reversed(further):
        more.merge_into(answer.headers)


def has_a_say(app: web.Application) -> bool:
    """Return whether a program changes plain answers of `app` when they are prepared (`on_response_prepare`)."""
    receivers = app.on_response_prepare
    return bool(receivers) and (receivers[0] is not add_noted_headers or len(receivers) > 1)
