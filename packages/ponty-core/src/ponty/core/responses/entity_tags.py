"""Entity tags and the conditions that a request makes of them (RFC 9110 §8.8.3, §13.1).

A tag is made of the value of an answer as it is encoded. `If-None-Match` spares a client what it has already, by weak
comparison; `If-Match` keeps two clients from overwriting each other, by strong comparison.
"""

import hashlib
import re

from aiohttp import hdrs, web
from multidict import istr

from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse

ETAG = istr("ETag")
"""The header, as RFC 9110 writes it."""


def entity_tag(content: bytes) -> str:
    """Return the strong entity tag of an encoded value, as it is written in a header."""
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def etag_matches(condition: str, etag: str, *, weak: bool = False) -> bool:
    """Return whether a condition is true of what has an entity tag.

    ::

        assert etag_matches('"a", "b"', '"b"')
        assert etag_matches("*", '"b"')
        assert not etag_matches('W/"b"', '"b"')
        assert etag_matches('W/"b"', '"b"', weak=True)

    Args:
        condition: The value of the header `If-Match` or `If-None-Match`: `*`, or entity tags in a list. What is no tag
            in it matches nothing.
        etag: The entity tag of what there is now.
        weak: Compares weakly, as `If-None-Match` does; else strongly, as `If-Match` does (RFC 9110 §8.8.3.2).
    """
    if condition.strip() == "*":
        return True
    is_weak, opaque = etag.startswith("W/"), etag.removeprefix("W/")
    if is_weak and not weak:
        return False
    return any(tag == opaque and (weak or not mark) for mark, tag in _TAG.findall(condition))


def if_changed(request: web.Request, answer: PlainResponse) -> PlainResponse:
    """Return `answer`, or a 304 in its place where the client has the same already.

    Args:
        request: What may have the condition.
        answer: The answer without regard to it, with an entity tag.
    """
    answer.is_conditional = False
    if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD} or not 200 <= answer.status < 300:
        return answer
    conditions = request.headers.getall(hdrs.IF_NONE_MATCH, None)
    etag = answer.headers.get(ETAG)
    if not conditions or etag is None or not etag_matches(", ".join(conditions), etag, weak=True):
        return answer
    same = PlainResponse(head(304, None), b"")
    # What a cache keeps beside the content that it has (RFC 9110 §15.4.5), and what is not of the content.
    same.headers.extend(answer.headers)
    for name in _OF_THE_CONTENT:
        same.headers.popall(name, None)
    if answer.cookies:
        same.cookies.update(answer.cookies)
    return same


_TAG = re.compile(r'(W/)?("[^\x00-\x20\x22\x7f]*")')

_OF_THE_CONTENT = (hdrs.CONTENT_TYPE, hdrs.CONTENT_ENCODING, hdrs.CONTENT_LANGUAGE, hdrs.CONTENT_LENGTH)
