"""The cookies of a shared client: those its program gives it, and none that an answer sets.

The users of a program share its clients. What a server sets on the answer to one of them, a session perhaps, would be
sent with the request made for the next.
"""

import aiohttp
from aiohttp.typedefs import LooseCookies
from yarl import URL

_NOWHERE = URL()


class OwnCookies(aiohttp.CookieJar):
    """A jar that keeps what is put into it without an answer's address."""

    def update_cookies(self, cookies: LooseCookies, response_url: URL = _NOWHERE) -> None:
        """Keep `cookies`, unless an answer has set them."""
        if not response_url.raw_host:
            super().update_cookies(cookies)
