"""Hash collisions that a client has chosen.

Python's hashes of numbers, and of values made from numbers (UUIDs, Decimals, tuples of integers), contain no secret. So
a client can send thousands of different values with the same hash, and a set of n such values takes n squared
comparisons. That does not happen by chance, so such values are refused.
"""

import collections
from collections.abc import Collection

_MAX_COLLISIONS = 64
"""The most values that may share a hash."""


def refuse_collisions(values: Collection[object]) -> None:
    """Check that values can be put into a set or dict in linear time.

    Raises:
        ValueError: Too many of them share a hash.
    """
    if len(values) > _MAX_COLLISIONS and max(collections.Counter(map(hash, values)).values()) > _MAX_COLLISIONS:
        raise ValueError("too many values share a hash")
