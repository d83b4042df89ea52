"""`asyncio` and `inspect`, imported when first used: importing them takes longer than all of `ponty.memo`."""

from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import inspect


class LazyModule:
    """Stands in for a module and imports it at the first access; a name that was read once is an ordinary attribute."""

    def __init__(self, name: str) -> None:
        self.__name = name

    def __getattr__(self, name: str) -> object:
        value = self.__dict__[name] = getattr(self._load(self.__name), name)
        return value

    def _load(self, name: str) -> ModuleType:
        import importlib  # noqa: PLC0415 - as late as the modules that it imports

        return importlib.import_module(name)


if not TYPE_CHECKING:
    asyncio = LazyModule("asyncio")
    inspect = LazyModule("inspect")

__all__ = ["LazyModule", "asyncio", "inspect"]
