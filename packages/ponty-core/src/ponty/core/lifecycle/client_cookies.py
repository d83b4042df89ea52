"""The cookies of a shared client: only those of the program, and none that an answer sets.

All users of a program share its clients. A cookie in the answer for one user, such as a session, would be sent with the
requests for other users.
"""

import aiohttp
from aiohttp.typedefs import LooseCookies
from yarl import URL

_NOWHERE = URL()


class OwnCookies(aiohttp.CookieJar):
    """A cookie jar that only keeps cookies of the program, which are set without the URL of an answer."""

    def update_cookies(self, cookies: LooseCookies, response_url: URL = _NOWHERE) -> None:
        """Keep `cookies` unless an answer has set them."""
        if not response_url.raw_host:
            super().update_cookies(cookies)
