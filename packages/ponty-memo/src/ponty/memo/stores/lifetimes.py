"""For how long a value is fresh: as `ttl_ms` and `jitter` say."""

import math
from collections.abc import Callable
from typing import Any

from ponty.memo.event_loop import seconds


def lifetimes(who: str, ttl_ms: float | Callable[[Any], float], jitter: float) -> Callable[[Any], float]:
    """Return a function that returns a value's lifetime in seconds, for ever being infinite."""
    if callable(ttl_ms):
        ttl_of = ttl_ms
    elif not jitter:
        lasting = (ttl_ms / 1000) or math.inf
        return lambda _: lasting
    else:
        ttl_of = lambda _: ttl_ms  # noqa: E731

    def lifetime(value: Any) -> float:
        lasting = seconds(who, "what ttl_ms returned", ttl_of(value)) or math.inf
        if not jitter or lasting == math.inf:
            return lasting
        import random  # noqa: PLC0415 - it takes long to import, and few caches draw

        return lasting * (1 - jitter * random.random())  # noqa: S311 - not a secret

    return lifetime
