"""How much work a body is, which the number of its bytes does not tell.

Arrays and objects take most of it, however short they are; and every value does if Python looks at it. And there are
numbers that take a hundred times as long as others: msgspec reads one of a great exponent, as `1e300`, in ten
microseconds. Those of smaller ones may take as long if they have more digits than a float.

To count them takes a good part of the time of reading them. So only samples are looked at, at distances that are
others each time: or somebody would write what takes long where nobody looks.
"""

import re
from random import getrandbits

from ponty.request.large.sizes import MANY, SIZES

MOST_VALUES: int = 4 * MANY
"""Up to how many values that take long, about, a body has that is read in one go, or in a few steps."""

_NO_BRACKETS = bytes({*range(256)} - {*b"[{"})
_NO_MARKS = bytes({*range(256)} - {*b",[{"})
_is_great = re.compile(rb"[0-9][eE][-+]?0*[1-4][0-9][0-9][],} \t\n\r]").search
"""Finds the end of a number, with what comes after it: a UUID or a hash in a text may have all but that."""
_TAKE = [re.compile(rb"(.{1,128}).{0,%d}" % passed, re.DOTALL).findall for passed in range(4000, 8000, 500)]
"""Each takes samples at one of the distances, from a place on."""
_joined = b"_".join


def is_sliced(body: bytes, *, visits_values: bool) -> bool:
    """Return whether a body of more than `FEW` bytes is read piece by piece: it is long, or much work."""
    return len(body) > SIZES.sliced or is_much(body, visits_values=visits_values)


def is_much(body: bytes, *, visits_values: bool) -> bool:
    """Return whether a body is to be read piece by piece, however few bytes it has.

    Args:
        body: The body.
        visits_values: Whether Python looks at each of its values.
    """
    # As in `_samples`, without a call.
    samples = _joined(_TAKE[getrandbits(3)](body, getrandbits(12)))
    marks = samples.translate(None, _NO_MARKS if visits_values else _NO_BRACKETS)
    if len(marks) * len(body) > MOST_VALUES * len(samples):
        return True
    return _is_great(samples) is not None


def has_great_exponents(body: bytes) -> bool:
    """Return whether a good part of a body may be numbers of great exponents."""
    return _is_great(_samples(body)) is not None


def _samples(body: bytes) -> bytes:
    return _joined(_TAKE[getrandbits(3)](body, getrandbits(12)))
