"""Unread bodies: for some bodies that a handler leaves unread, the server stops reading and closes the connection.

These are encoded bodies, bodies of requests that were refused because of their sender, and bodies that the client was
not asked for.

If an answer is sent, but a part of the request's body is unread, aiohttp reads on for a while and throws the data away,
so that the connection can take another request. It decodes this data without pausing. So some kilobytes that unpack to
gigabytes would block all other clients for seconds, on any path, and without a login.
"""

from aiohttp import hdrs, web

_IS_REFUSED = "__ponty_leaves_body__"
"""The attribute of an error, and of its answer, which says that the rest of the body must not be read."""


_IS_UNASKED: web.RequestKey[bool] = web.RequestKey("ponty.core.is_unasked", bool)


def mark_unasked(request: web.Request) -> None:
    """Make `leave_unread` close the connection, since the client waits to be asked for its body, and is not asked."""
    request[_IS_UNASKED] = True


def mark_refused(error: BaseException, answer: web.StreamResponse) -> None:
    """Make `leave_unread` close the connection, if `error` says that the body must not be read."""
    if getattr(error, _IS_REFUSED, False):
        vars(answer)[_IS_REFUSED] = True


def leave_unread(request: web.BaseRequest, answer: web.StreamResponse) -> None:
    """Close the connection after `answer` if the rest of the body of `request` must not be read.

    This is so if the body is encoded, if the client was refused because of who it is, and if the body was not asked
    for.

    Args:
        request: The request, whose handler has ended.
        answer: The answer, which may be sent already.
    """
    content = request.content
    if not content.is_eof() and (
        _IS_REFUSED in vars(answer) or hdrs.CONTENT_ENCODING in request.headers or _IS_UNASKED in request
    ):
        answer.force_close()
        request.protocol.pause_reading()
        content.feed_eof()  # so that aiohttp finds nothing to skip
