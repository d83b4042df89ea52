"""The field that is what a provider of the application has made."""

from typing import Generic, TypeVar

from aiohttp import web

from ponty.request.fields.base import UNKNOWN, Field

_T = TypeVar("_T")


class Provided(Field[_T], Generic[_T]):
    """The value that a provider has put into the application, or into one that it is mounted in.

    ::

        PRICES = web.AppKey("PRICES", dict[str, int])

        async def prices(app: web.Application) -> AsyncIterator[None]:
            app[PRICES] = {"tea": 3}
            yield  # until the application stops

        class ShowPrice(Request):
            prices = Provided(PRICES)

        app = build_app(providers=[prices])

    An application that no provider has given the value does not start.

    Args:
        key: The key that the value stands under.
    """

    def __init__(self, key: web.AppKey[_T]) -> None:
        if not isinstance(key, web.AppKey):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("Provided takes the aiohttp.web.AppKey that a provider puts its value under")
        self.key: web.AppKey[_T] = key
        # What was written behind the name of the key, if there is something.
        tp = getattr(key, "_t", None)
        self._type = UNKNOWN if tp is None or isinstance(tp, str) else tp

    def extract(self, request: web.Request) -> _T:
        """Return the value."""
        return request.config_dict[self.key]
