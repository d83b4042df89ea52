"""The field that is the whole of aiohttp's request."""

from aiohttp import web

from ponty.request.fields.base import Field


class AIOHttpReq(Field[web.Request]):
    """The `aiohttp.web.Request` itself, for what no other field reads."""

    def extract(self, request: web.Request) -> web.Request:
        """Return the request."""
        return request
