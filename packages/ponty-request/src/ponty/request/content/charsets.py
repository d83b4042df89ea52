"""The bytes of a request's body, and the text they stand for.

A body that cannot be understood is refused by its headers, before a byte is read: aiohttp must undo its
Content-Encoding (RFC 9110 §8.4), and its charset must be in a table. All of Python's codecs would be too many: some are
no charsets (zlib, rot13), and some read the same text from several byte sequences (UTF-7).
"""

from aiohttp import compression_utils, hdrs, web

from ponty.request.content.media_types import charset, is_json
from ponty.request.content.whole_body import X_GZIP, read_whole
from ponty.request.errors import InvalidField

_ENCODINGS: tuple[str, ...] = (
    "gzip",
    "deflate",
    *(["br"] if compression_utils.HAS_BROTLI else []),
    *(["zstd"] if compression_utils.HAS_ZSTD else []),
)

_UNDONE = {"", "identity", *_ENCODINGS}

_CHARSETS: dict[str, str] = {
    label: codec
    for codec, labels in {
        "utf-8": "utf-8 utf8",
        "ascii": "us-ascii ascii ansi_x3.4-1968 iso646-us",
        "utf-16": "utf-16",
        "utf-16-le": "utf-16le",
        "utf-16-be": "utf-16be",
        "utf-32": "utf-32",
        "utf-32-le": "utf-32le",
        "utf-32-be": "utf-32be",
        "latin-1": "iso-8859-1 latin1 latin-1 l1",
        **{f"iso8859-{part}": f"iso-8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
        **{f"cp{page}": f"windows-{page} cp{page}" for page in range(1250, 1259)},
        "koi8-r": "koi8-r",
        "koi8-u": "koi8-u",
        "big5": "big5",
        "gbk": "gbk gb2312",
        "gb18030": "gb18030",
        "shift_jis": "shift_jis",
        "euc_jp": "euc-jp",
        "euc_kr": "euc-kr",
    }.items()
    for label in labels.split()
}
"""The charsets of text, by their registered names and well-known aliases, and the codecs that read them."""


def codec_of(label: str) -> str | None:
    """Return the codec of a charset, by its label in lower case; None if the charset is not in the table."""
    return _CHARSETS.get(label)


def check_encoding(request: web.Request, *, whole: bool = False) -> None:
    """Check that the Content-Encoding of the body is one that is undone.

    Args:
        request: The request.
        whole: Whether `read_whole` reads the body; it knows one more name.

    Raises:
        InvalidField: The Content-Encoding is unknown: a 415 whose Accept-Encoding lists the known ones.
    """
    encodings = request.headers.getall(hdrs.CONTENT_ENCODING, ())
    if encodings and (name := ", ".join(encodings).strip().lower()) not in _UNDONE and not (whole and name == X_GZIP):
        known = ", ".join((*_ENCODINGS, "identity"))
        raise InvalidField(
            f"must have one of the content encodings {known}",
            status=415,
            headers={hdrs.ACCEPT_ENCODING: known},
            code="content_encoding",
        )


MIMETYPE_CHECKED: web.RequestKey[bool] = web.RequestKey("ponty.request.mimetype_checked", bool)
"""Set in a request whose media type is the one that its handler requires."""


def check_json(request: web.Request) -> None:
    """Check by its headers that the body is JSON in UTF-8 (RFC 8259 §8.1); the decoder checks the bytes.

    Bodies that browsers send from any page without asking the server first do not count as JSON: text/plain, forms, and
    bodies without a media type. Otherwise any page on the web could post to an application in the name of a user who is
    logged in there.

    Raises:
        InvalidField: The headers name another media type, another charset or an unknown Content-Encoding: a 415.
    """
    headers = request.headers
    content_type = headers.get(hdrs.CONTENT_TYPE, "")
    if content_type == "application/json" and hdrs.CONTENT_ENCODING not in headers:
        return  # the usual case
    if not is_json(content_type) and MIMETYPE_CHECKED not in request:
        raise InvalidField(
            "must have the media type application/json, or one that ends in +json",
            status=415,
            headers={hdrs.ACCEPT: "application/json"},
            code="media_type",
        )
    label = charset(content_type)
    if label is not None and label not in {"utf-8", "utf8"}:
        raise InvalidField("must be in the charset UTF-8", status=415, code="charset")
    check_encoding(request, whole=True)


async def read_text(request: web.Request) -> str:
    """Return the body as text, in its charset or UTF-8.

    Raises:
        InvalidField: The charset is unknown: a 415; or the bytes are not valid in it.
        aiohttp.web.HTTPRequestEntityTooLarge: The body has more bytes than the application allows.
    """
    label = charset(request.headers.get(hdrs.CONTENT_TYPE, ""))
    codec = _CHARSETS.get("utf-8" if label is None else label)
    if codec is None:
        raise InvalidField("must be in a well-known charset, say UTF-8", status=415, code="charset")
    check_encoding(request, whole=True)
    body = await read_whole(request)
    try:
        return body.decode(codec)
    except UnicodeError:
        raise InvalidField("is not valid in its charset", code="encoding") from None
