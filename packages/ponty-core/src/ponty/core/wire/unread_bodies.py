"""Bodies that a handler leaves unread: of some, nothing more is read, and the connection closes.

Of two kinds: encoded ones, and those of requests that were refused for who sends them.

When an answer is out and some of the request's body is not, aiohttp reads on for a while and throws away what comes, so
that the connection can take another request. It decodes what it reads, without giving way: some kilobytes that unpack
to gigabytes would hold up every other client for seconds, whatever the path, and without a login.
"""

from aiohttp import hdrs, web

_IS_REFUSED = "__ponty_leaves_body__"
"""The attribute of an error, and of the answer to it, that is for a client whose body nobody wants."""


def mark_refused(error: BaseException, answer: web.StreamResponse) -> None:
    """Have `leave_unread` close the connection, if `error` says that the body is not to be read."""
    if getattr(error, _IS_REFUSED, False):
        vars(answer)[_IS_REFUSED] = True


def leave_unread(request: web.BaseRequest, answer: web.StreamResponse) -> None:
    """Close the connection after `answer` if the rest of the body of `request` is not to be skipped over.

    That is so where it would have to be decoded for that, and where nobody knows the client.

    Args:
        request: Its handler has ended.
        answer: What is sent next, or was sent already.
    """
    content = request.content
    if not content.is_eof() and (_IS_REFUSED in vars(answer) or hdrs.CONTENT_ENCODING in request.headers):
        answer.force_close()
        request.protocol.pause_reading()
        content.feed_eof()  # so that aiohttp finds nothing to skip
