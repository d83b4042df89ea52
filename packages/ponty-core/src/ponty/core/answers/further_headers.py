"""Headers that a middleware sends along with whatever the handler answers, streams included.

Most answers are unsent when the middleware gets them back: the headers are added to them then, and a plain answer stays
one. A stream was begun by its handler, so the headers are noted in the request before, and added when the stream is
prepared, by a receiver of the signal `on_response_prepare` that `build_app` connects. Under an application that was not
built by it, streams go without.
"""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from ponty.core.answers.merging import merge_headers

_Noted = list[tuple[Mapping[str, str], bool]]

_NOTED = web.RequestKey("ponty.core.further_headers", list)


async def answer_with(
    request: web.Request, handler: Handler, headers: Mapping[str, str], *, keep: bool = False
) -> web.StreamResponse:
    """Have `handler` answer, and send `headers` along.

    Args:
        request: What is asked.
        handler: What answers it.
        headers: The headers. They hold nothing that a header cannot.
        keep: Whether a header that the handler sets stays as it is.
    """
    noted: _Noted = request.get(_NOTED) or []
    request[_NOTED] = [*noted, (headers, keep)]
    answer = await handler(request)
    if not answer.prepared:
        add_headers(answer, headers, keep=keep)
    return answer


def add_headers(answer: web.StreamResponse, headers: Mapping[str, str], *, keep: bool = False) -> None:
    """Add headers to an answer that is not prepared yet."""
    merge_headers(answer.headers, headers, keep=keep)


async def add_noted_headers(request: web.Request, answer: web.StreamResponse) -> None:
    """Add what is noted in `request`: the receiver of `on_response_prepare`."""
    # What is set already is set once more, to the same.
    noted: _Noted = request.get(_NOTED) or []
    for headers, keep in reversed(noted):
        merge_headers(answer.headers, headers, keep=keep)


add_noted_headers.__ponty_for_streams__ = True  # type: ignore[attr-defined] # plain answers need not ask it
