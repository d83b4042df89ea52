"""For how long a value is fresh: as `ttl_ms` and `jitter` say."""

import math
from collections.abc import Callable
from typing import Any

from ponty.memo.event_loop import seconds


def lifetimes(who: str, ttl_ms: float | Callable[[Any], float | None], jitter: float) -> Callable[[Any], float]:
    """Return a function that returns a value's lifetime in seconds: infinite for ever, zero where it is not kept.

    What a `ttl_ms` of the user's returns comes with the value, from a server perhaps. So a number that is no lifetime,
    because it is not above zero or not a number, is no error: such a value is not kept.
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
            raise TypeError(f"{who}: what ttl_ms returned is a number of milliseconds or None, not {ttl!r}") from None
        if not jitter or lasting == math.inf:
            return lasting
        import random  # noqa: PLC0415 - it takes long to import, and few caches draw

        return lasting * (1 - jitter * random.random())  # noqa: S311 - not a secret

    return lifetime
