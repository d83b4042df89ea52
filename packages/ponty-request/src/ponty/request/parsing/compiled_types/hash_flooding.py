"""Hash collisions that a client chose.

Python's hashes of numbers, and of what is made of numbers (UUIDs, Decimals, tuples of integers), hold no secret: a
client can send thousands of different values of one hash, and a set of n such takes n squared comparisons. Nobody does
that by chance, so such values are refused.
"""

import collections
from collections.abc import Collection

_MAX_COLLISIONS = 64
"""How many values may share a hash."""


def refuse_collisions(values: Collection[object]) -> None:
    """See that values can be put into a set or dict in linear time.

    Raises:
        ValueError: Too many of them share a hash.
    """
    if len(values) > _MAX_COLLISIONS and max(collections.Counter(map(hash, values)).values()) > _MAX_COLLISIONS:
        raise ValueError("too many values share a hash")
