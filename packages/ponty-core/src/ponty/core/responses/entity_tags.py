"""Entity tags and conditional requests (RFC 9110 §8.8.3, §13.1).

A tag is made from the encoded value of an answer. With `If-None-Match`, a client does not get again what it has
already; this is a weak comparison. With `If-Match`, two clients do not overwrite each other's changes; this is a strong
comparison.
"""

import hashlib
import re

from aiohttp import hdrs, web
from multidict import istr

from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse

ETAG = istr("ETag")
"""The name of the header, spelled as in RFC 9110."""


def entity_tag(content: bytes) -> str:
    """Return the strong entity tag of an encoded value, with its quotes."""
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def etag_matches(condition: str, etag: str, *, weak: bool = False) -> bool:
    """Return whether an entity tag matches the condition of a request.

    Use it to refuse a change with a 412 if the client's version is not the current one.

    ::

        assert etag_matches('"a", "b"', '"b"')
        assert etag_matches("*", '"b"')
        assert not etag_matches('W/"b"', '"b"')
        assert etag_matches('W/"b"', '"b"', weak=True)

    Args:
        condition: The value of the header `If-Match` or `If-None-Match`: `*`, or a list of entity tags. Parts that are
            not entity tags match nothing.
        etag: The entity tag of the current version.
        weak: Whether to compare weakly, as for `If-None-Match`. By default the comparison is strong, as for `If-Match`
            (RFC 9110 §8.8.3.2).
    """
    if condition.strip() == "*":
        return True
    is_weak, opaque = etag.startswith("W/"), etag.removeprefix("W/")
    if is_weak and not weak:
        return False
    return any(tag == opaque and (weak or not mark) for mark, tag in _TAG.findall(condition))


def if_changed(request: web.Request, answer: PlainResponse) -> PlainResponse:
    """Return `answer`, or a 304 if the client has the same already.

    Args:
        request: The request, which may have an `If-None-Match`.
        answer: The answer to a request without a condition, with an entity tag.
    """
    answer.is_conditional = False
    if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD} or not 200 <= answer.status < 300:
        return answer
    conditions = request.headers.getall(hdrs.IF_NONE_MATCH, None)
    etag = answer.headers.get(ETAG)
    if not conditions or etag is None or not etag_matches(", ".join(conditions), etag, weak=True):
        return answer
    same = PlainResponse(head(304, None), b"")
    # A 304 has the headers that update a cache (RFC 9110 §15.4.5), but none that describe the content.
    same.headers.extend(answer.headers)
    for name in _OF_THE_CONTENT:
        same.headers.popall(name, None)
    if answer.cookies:
        same.cookies.update(answer.cookies)
    return same


_TAG = re.compile(r'(W/)?("[^\x00-\x20\x22\x7f]*")')

_OF_THE_CONTENT = (hdrs.CONTENT_TYPE, hdrs.CONTENT_ENCODING, hdrs.CONTENT_LANGUAGE, hdrs.CONTENT_LENGTH)
