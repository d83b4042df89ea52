"""`asyncio` and `inspect`, imported when they are first used: they take longer than all of `ponty.memo`."""

from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import inspect


class LazyModule:
    """Stands in for a module; what has been asked for once is an attribute like any other."""

    def __init__(self, name: str) -> None:
        self.__name = name

    def __getattr__(self, name: str) -> object:
        value = self.__dict__[name] = getattr(self._load(self.__name), name)
        return value

    def _load(self, name: str) -> ModuleType:
        import importlib  # noqa: PLC0415 - as late as what it imports

        return importlib.import_module(name)


if not TYPE_CHECKING:
    asyncio = LazyModule("asyncio")
    inspect = LazyModule("inspect")

__all__ = ["LazyModule", "asyncio", "inspect"]
