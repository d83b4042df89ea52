"""The plain way: which requests may be answered in one write, without aiohttp's steps of preparing a response."""

from typing import Any

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.http import StreamWriter

from ponty.core.responses.noted_headers import add_noted_headers
from ponty.core.wire.server_writer import ServerWriter


def goes_plain(request: web.BaseRequest) -> bool:
    """Return whether an answer to `request` may be sent in one write: nothing but the answer itself decides on it."""
    writer: Any = request.writer
    kind = type(writer)
    if not (
        request.version == HttpVersion11
        and request.keep_alive
        and request.method not in _BODILESS_METHODS
        # A server that is stopping says `Connection: close` in each head.
        and (kind is StreamWriter or (kind is ServerWriter and not writer.state.is_stopping))
        # No part of another answer is written, or waits to be written.
        and not (writer.output_size or writer.chunked)
        and writer.length is None
        and (type(request) is web.Request or isinstance(request, web.Request))  # the latter is slow
    ):
        return False
    for app in request.match_info.apps:
        receivers = app.on_response_prepare
        # The same check as `has_a_say`, without a call.
        if receivers and (receivers[0] is not add_noted_headers or len(receivers) > 1):
            return False
    return True


_BODILESS_METHODS = frozenset({hdrs.METH_HEAD, hdrs.METH_CONNECT})
