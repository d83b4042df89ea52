"""Bodies that a handler leaves unread: of some, nothing more is read, and the connection closes.

Of three kinds: encoded ones, those of requests that were refused for who sends them, and those that their client was
not asked for.

When an answer is out and some of the request's body is not, aiohttp reads on for a while and throws away what comes, so
that the connection can take another request. It decodes what it reads, without giving way: some kilobytes that unpack
to gigabytes would hold up every other client for seconds, whatever the path, and without a login.
"""

from aiohttp import hdrs, web

_IS_REFUSED = "__ponty_leaves_body__"
"""The attribute of an error, and of the answer to it, that is for a client whose body nobody wants."""


_IS_UNASKED: web.RequestKey[bool] = web.RequestKey("ponty.core.is_unasked", bool)


def mark_unasked(request: web.Request) -> None:
    """Have `leave_unread` close the connection, since the client waits to be asked for a body, and is not asked."""
    request[_IS_UNASKED] = True


def mark_refused(error: BaseException, answer: web.StreamResponse) -> None:
    """Have `leave_unread` close the connection, if `error` says that the body is not to be read."""
    if getattr(error, _IS_REFUSED, False):
        vars(answer)[_IS_REFUSED] = True


def leave_unread(request: web.BaseRequest, answer: web.StreamResponse) -> None:
    """Close the connection after `answer` if the rest of the body of `request` is not to be skipped over.

    That is so where it would have to be decoded for that, where nobody knows the client, and where nobody asked for it.

    Args:
        request: Its handler has ended.
        answer: What is sent next, or was sent already.
    """
    content = request.content
    if not content.is_eof() and (
        _IS_REFUSED in vars(answer) or hdrs.CONTENT_ENCODING in request.headers or _IS_UNASKED in request
    ):
        answer.force_close()
        request.protocol.pause_reading()
        content.feed_eof()  # so that aiohttp finds nothing to skip
