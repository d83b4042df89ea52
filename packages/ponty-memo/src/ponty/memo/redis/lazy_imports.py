"""`redis` and `msgspec`, imported when they are first used, with an error that names the extra which brings them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import msgspec
    from redis import asyncio as aioredis
    from redis import exceptions
else:
    import importlib

    class _Lazy:
        """Stands in for a module; what has been asked for once is an attribute like any other."""

        def __init__(self, name: str) -> None:
            self.__name = name

        def __getattr__(self, name: str) -> object:
            try:
                module = importlib.import_module(self.__name)
            except ModuleNotFoundError as error:
                package = self.__name.partition(".")[0]
                if error.name != package:
                    raise
                raise ImportError(
                    f"ponty.memo over Redis needs {package}: pip install 'ponty-memo[redis]'", name=package
                ) from error
            value = self.__dict__[name] = getattr(module, name)
            return value

    aioredis = _Lazy("redis.asyncio")
    exceptions = _Lazy("redis.exceptions")
    msgspec = _Lazy("msgspec")

__all__ = ["aioredis", "exceptions", "msgspec"]
