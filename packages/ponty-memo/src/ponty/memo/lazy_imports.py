"""`asyncio` and `inspect`, imported when they are first used: they take longer than all of `ponty.memo`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import inspect
else:

    class _Lazy:
        """Stands in for a module; what has been asked for once is an attribute like any other."""

        def __init__(self, name: str) -> None:
            self.__name = name

        def __getattr__(self, name: str) -> object:
            import importlib  # noqa: PLC0415 - as late as what it imports

            value = self.__dict__[name] = getattr(importlib.import_module(self.__name), name)
            return value

    asyncio = _Lazy("asyncio")
    inspect = _Lazy("inspect")

__all__ = ["asyncio", "inspect"]
