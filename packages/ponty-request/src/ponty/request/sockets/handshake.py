"""The handshake of a websocket: whether a request asks for one, and whether it may have it.

A browser sends the cookies of a site with every handshake, whichever page asks for it, and lets that page read and
write. So the page must be one of the site itself, or one of an origin that the program lists (RFC 6455 §10.2). Programs
other than browsers send no `Origin`, and no cookies of somebody else.
"""

import base64
import binascii
from collections.abc import Collection

from aiohttp import hdrs, web
from yarl import URL

from ponty.core import PontyError, ValidationError

VERSION = "13"
"""The version of the protocol (RFC 6455 §4.1)."""


class _UpgradeRequired(PontyError):
    status_code = 426


class _OtherOrigin(PontyError):
    status_code = 403


def check_handshake(request: web.Request, origins: Collection[str]) -> None:
    """Refuse a request that asks for no websocket, or whose page may not open one.

    Args:
        request: The request.
        origins: The origins, besides that of the site, whose pages may open one; `*` among them allows any.

    Raises:
        PontyError: 426 if it asks for no websocket, or for another version; 400 if its key is not valid; 403 for
            another origin.
    """
    headers = request.headers
    upgrades = headers.get(hdrs.UPGRADE, "").strip().lower() == "websocket"
    connection = {token.strip().lower() for token in headers.get(hdrs.CONNECTION, "").split(",")}
    if request.method != hdrs.METH_GET or not upgrades or "upgrade" not in connection:
        raise _UpgradeRequired(
            detail="this is a websocket",
            headers={hdrs.UPGRADE: "websocket", hdrs.CONNECTION: "Upgrade", hdrs.SEC_WEBSOCKET_VERSION: VERSION},
        )
    if headers.get(hdrs.SEC_WEBSOCKET_VERSION, "").strip() != VERSION:
        raise _UpgradeRequired(
            detail="the version of the protocol must be 13",
            headers={hdrs.UPGRADE: "websocket", hdrs.CONNECTION: "Upgrade", hdrs.SEC_WEBSOCKET_VERSION: VERSION},
        )
    if not _is_key(headers.get(hdrs.SEC_WEBSOCKET_KEY, "")):
        raise ValidationError(detail="Sec-WebSocket-Key is not 16 bytes in base64")
    if not _may(request, origins):
        raise _OtherOrigin(detail="pages of this origin may not open this websocket")


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _may(request: web.Request, origins: Collection[str]) -> bool:
    sent = request.headers.getall(hdrs.ORIGIN, ())
    if not sent or "*" in origins:
        return True
    if len(sent) > 1:
        return False
    if sent[0] in origins:
        return True
    try:
        origin = URL(sent[0])
        # A proxy may not say whether the client speaks TLS, so the scheme, and with it the default port, is the page's.
        own = URL(f"{origin.scheme}://{request.host}")
        return bool(origin.host) and (origin.host, origin.port) == (own.host, own.port)
    except ValueError:
        return False


def check_origins(origins: Collection[str]) -> frozenset[str]:
    """Return origins as browsers write them.

    Raises:
        TypeError: `origins` is one origin, not a list.
        ValueError: One of them is no origin.
    """
    if isinstance(origins, str):
        raise TypeError(f"origins must be a list, as origins=[{origins!r}], not {origins!r}")
    for origin in origins:
        if origin != "*" and str(URL(origin).origin() if "://" in origin else "") != origin:
            raise ValueError(f"an origin must be a scheme, a host and a port, as https://mugs.example, not {origin!r}")
    return frozenset(origins)
