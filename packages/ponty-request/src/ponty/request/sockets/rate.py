"""How many messages a client may send in a second."""

from collections.abc import Callable


class Rate:
    """Allows a number of messages in a second; they may come all at once.

    Args:
        per_second: The number; None for no limit.
        clock: Returns the time, in seconds.
    """

    def __init__(self, per_second: float | None, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._most = max(per_second or 0.0, 1.0)
        self._clock = clock
        self._left = self._most
        self._at = clock()

    def allows_one_more(self) -> bool:
        """Return whether one more message is allowed, and count it."""
        if self._per_second is None:
            return True
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
