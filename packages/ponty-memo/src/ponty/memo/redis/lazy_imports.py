"""`redis` and `msgspec`, imported when first used; if one is missing, the error names the extra to install."""

from types import ModuleType
from typing import TYPE_CHECKING

from ponty.memo.lazy_imports import LazyModule

if TYPE_CHECKING:
    import msgspec
    from redis import asyncio as aioredis
    from redis import exceptions
else:

    class _OfExtra(LazyModule):
        def _load(self, name: str) -> ModuleType:
            try:
                return super()._load(name)
            except ModuleNotFoundError as error:
                package = name.partition(".")[0]
                if error.name != package:
                    raise
                raise ImportError(
                    f"ponty.memo over Redis needs {package}: pip install 'ponty-memo[redis]'", name=package
                ) from error

    aioredis = _OfExtra("redis.asyncio")
    exceptions = _OfExtra("redis.exceptions")
    msgspec = _OfExtra("msgspec")

__all__ = ["aioredis", "exceptions", "msgspec"]
