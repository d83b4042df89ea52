"""`Provided`: a value that a provider of the application has made."""

from typing import Generic, TypeVar

from aiohttp import web

from ponty.request.fields.base import UNKNOWN, Field

_T = TypeVar("_T")


class Provided(Field[_T], Generic[_T]):
    """The value that a provider has put into the application, or into an application that it is mounted in.

    ::

        PRICES = web.AppKey("PRICES", dict[str, int])

        async def prices(app: web.Application) -> AsyncIterator[None]:
            app[PRICES] = {"tea": 3}
            yield  # until the application stops

        class ShowPrice(Request):
            prices = Provided(PRICES)

        app = build_app(providers=[prices])

    An application does not start if no provider has given it the value.

    Args:
        key: The key under which the provider puts the value.

    Raises:
        TypeError: `key` is not an `aiohttp.web.AppKey`.
    """

    def __init__(self, key: web.AppKey[_T]) -> None:
        if not isinstance(key, web.AppKey):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("Provided takes the aiohttp.web.AppKey that a provider puts its value under")
        self.key: web.AppKey[_T] = key
        # The type that was passed to the key, if any.
        tp = getattr(key, "_t", None)
        self._type = UNKNOWN if tp is None or isinstance(tp, str) else tp

    def extract(self, request: web.Request) -> _T:
        """Return the value."""
        return request.config_dict[self.key]
