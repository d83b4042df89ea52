"""Sends a request with its values over a session, and returns the answer."""

import re
import urllib.parse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import hdrs
from yarl import URL

from ponty.request.client.answers import Answer, Reader
from ponty.request.client.endpoint import Endpoint
from ponty.request.client.errors import NotSendable
from ponty.request.client.items import MEDIA_TYPES
from ponty.request.errors import InvalidField
from ponty.request.fields.base import Field
from ponty.request.fields.outgoing import Outgoing

if TYPE_CHECKING:
    from aiohttp.test_utils import TestClient

    Session = aiohttp.ClientSession | TestClient[Any, Any]

_PIECES = re.compile(r"\{(\w+)\}|([^{]+)")
_DOTS = re.compile(r"/\.\.?(?:/|\Z)")
_SAFE_IN_PATH = "/:@!$&'()*+,;=~"


class Caller:
    """The sender of the requests of one class.

    Args:
        place: The name of the class, for messages.
        fields: Its fields.
        endpoint: Its endpoint.
    """

    def __init__(self, place: str, fields: Mapping[str, Field[Any]], endpoint: Endpoint[Any]) -> None:
        self._place = place
        self._fields = fields
        self._endpoint = endpoint
        self._reader = Reader(endpoint)
        self._inserts = {name: field.insert for name, field in fields.items() if field.is_sent}
        self._pieces = [
            (name, urllib.parse.quote(literal, safe=_SAFE_IN_PATH)) for name, literal in _PIECES.findall(endpoint.path)
        ]
        stream = endpoint.stream
        self._accept = "application/json, application/problem+json"
        if stream is not None:
            self._accept = f"{MEDIA_TYPES[stream][0]}, application/problem+json"

    async def send(
        self,
        values: Mapping[str, Any],
        session: "Session",
        *,
        base_url: str | URL | None,
        headers: Mapping[str, str] | None,
        earlier: Answer[Any] | None,
    ) -> Any:
        """Send a request and read its answer.

        Returns:
            An `Answer`; for a stream, its `Items`.

        Raises:
            NotSendable: A value cannot be sent.
            PontyError: The answer is an error, or unexpected.
            ValueError: The address of the service is not known.
        """
        outgoing = self.outgoing(values)
        address = self._address(outgoing)
        if base_url is not None:
            base = URL(base_url)
            address = (base if base.raw_path.endswith("/") else base.with_path(f"{base.raw_path}/", encoded=True)).join(
                address
            )
        options: dict[str, Any] = {} if outgoing.body is None else {"data": outgoing.body}
        try:
            response = await session.request(
                self._endpoint.method,
                address,
                headers=self._headers(outgoing, headers, earlier),
                allow_redirects=False,
                **options,
            )
        except aiohttp.InvalidURL:
            raise ValueError(
                f"{self._place}: the session has no base_url; give one to send(), as base_url='http://orders:8080'"
            ) from None
        if self._endpoint.stream is not None:
            try:
                return await self._reader.items(response)
            except BaseException:
                response.close()
                raise
        try:
            answer = await self._reader.read(response, earlier)
        except BaseException:
            response.close()
            raise
        response.release()
        return answer

    def outgoing(self, values: Mapping[str, Any]) -> Outgoing:
        """Write values into a request.

        Raises:
            NotSendable: A value cannot be sent.
        """
        outgoing = Outgoing()
        for name, value in values.items():
            try:
                if (insert := self._inserts.get(name)) is None:
                    Field.insert(self._fields[name], value, outgoing)  # which refuses it
                else:
                    insert(value, outgoing)
            except InvalidField as invalid:
                detail = invalid.detail
                if pointer := invalid.violations[0].pointer:
                    detail = f"{detail} at {pointer}"
                raise NotSendable(self._place, name, detail) from None
        return outgoing

    def _address(self, outgoing: Outgoing) -> URL:
        """Return the address of a request, relative to the base URL of the session or the caller."""
        texts = outgoing.path
        path = "".join(texts[name] if name else literal for name, literal in self._pieces)
        if _DOTS.search(path):
            dotted = next(name for name, text in texts.items() if not text.strip("."))
            raise NotSendable(self._place, dotted, "must not be '.' or '..': that would lead to another path")
        pairs = [(name, text) for name, several in outgoing.query.items() for text in several]
        query = urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote, safe="") if pairs else ""
        return URL(f".{path}?{query}" if query else f".{path}", encoded=True)

    def _headers(
        self, outgoing: Outgoing, further: Mapping[str, str] | None, earlier: Answer[Any] | None
    ) -> dict[str, str]:
        headers = {hdrs.ACCEPT.lower(): self._accept}
        if earlier is not None and earlier.etag is not None:
            headers[hdrs.IF_NONE_MATCH.lower()] = earlier.etag
        if outgoing.media_type is not None:
            headers[hdrs.CONTENT_TYPE.lower()] = self._endpoint.mimetype or outgoing.media_type
        headers |= outgoing.headers
        if outgoing.cookies:
            headers[hdrs.COOKIE.lower()] = "; ".join(f"{name}={text}" for name, text in outgoing.cookies.items())
        for name, text in (further or {}).items():
            headers[name.lower()] = text
        return headers
