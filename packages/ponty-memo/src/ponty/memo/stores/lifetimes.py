"""How long a value is fresh, by `ttl_ms` and `jitter`."""

import math
from collections.abc import Callable
from typing import Any

from ponty.memo.event_loop import seconds


def lifetimes(who: str, ttl_ms: float | Callable[[Any], float | None], jitter: float) -> Callable[[Any], float]:
    """Return a function that returns the lifetime of a value in seconds; infinity means for ever, zero means not kept.

    A user's `ttl_ms` function may compute a lifetime from a response of another server. So a number that cannot be a
    lifetime, one that is not above zero or NaN, is not an error: such a value is not kept.
    """
    if callable(ttl_ms):
        ttl_of = ttl_ms
    elif not jitter:
        lasting = (seconds(who, "ttl_ms", ttl_ms)) or math.inf
        return lambda _: lasting
    else:
        ttl_of = lambda _: ttl_ms  # noqa: E731

    def lifetime(value: Any) -> float:
        ttl = ttl_of(value)
        if ttl is None:
            return math.inf
        try:
            lasting = ttl / 1000 if ttl > 0 else 0.0  # NaN is not above zero either
        except TypeError:
            raise TypeError(f"{who}: ttl_ms must return a number of milliseconds or None, not {ttl!r}") from None
        if not jitter or lasting == math.inf:
            return lasting
        import random  # noqa: PLC0415 - it takes long to import, and few caches use jitter

        return lasting * (1 - jitter * random.random())  # noqa: S311 - not a secret

    return lifetime
