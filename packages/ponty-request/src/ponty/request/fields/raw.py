"""`AIOHttpReq`: the whole request of aiohttp."""

from aiohttp import web

from ponty.request.fields.base import Field


class AIOHttpReq(Field[web.Request]):
    """The `aiohttp.web.Request` itself, for parts that no other field reads."""

    def extract(self, request: web.Request) -> web.Request:
        """Return the request."""
        return request
