"""Encoded bodies that a handler leaves unread: the connection closes, and nothing more of them is decoded.

When an answer is out and some of the request's body is not, aiohttp reads on for a while and throws away what comes, so
that the connection can take another request. It decodes what it reads, without giving way: some kilobytes that unpack
to gigabytes would hold up every other client for seconds, whatever the path, and without a login.
"""

from aiohttp import hdrs, web


def leave_unread(request: web.BaseRequest, answer: web.StreamResponse) -> None:
    """Close the connection after `answer` if the rest of the body of `request` would have to be decoded to be skipped.

    Args:
        request: Its handler has ended.
        answer: What is sent next, or was sent already.
    """
    content = request.content
    if not content.is_eof() and hdrs.CONTENT_ENCODING in request.headers:
        answer.force_close()
        content.feed_eof()  # so that aiohttp finds nothing to skip
