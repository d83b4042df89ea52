"""How much work a body takes, which the number of its bytes does not show.

Arrays and objects take most of the time, however short they are; and so does every value if Python visits it. And there
are numbers that take a hundred times as long as others: msgspec reads one with a great exponent, such as `1e300`, in
ten microseconds. Numbers with smaller exponents may take as long if they have more digits than a float.

Counting them takes a good part of the time of reading them. So only samples are checked, at distances that change each
time: otherwise somebody would write slow values where nobody checks.
"""

import re
from random import getrandbits

from ponty.request.large.sizes import MANY, SIZES

MOST_VALUES: int = 4 * MANY
"""About how many values that take long a body may have if it is read in one go, or in a few steps."""

_NO_BRACKETS = bytes({*range(256)} - {*b"[{"})
_NO_MARKS = bytes({*range(256)} - {*b",[{"})
_is_great = re.compile(rb"[0-9][eE][-+]?0*[1-4][0-9][0-9][],} \t\n\r]").search
"""Finds the end of a number, with the character after it: without that, it would match parts of UUIDs and hashes."""
_TAKE = [re.compile(rb"(.{1,128}).{0,%d}" % passed, re.DOTALL).findall for passed in range(4000, 8000, 500)]
"""Each takes samples at one of the distances, beginning at a given place."""
_joined = b"_".join


def is_sliced(body: bytes, *, visits_values: bool) -> bool:
    """Return whether a body of more than `FEW` bytes is read piece by piece, since it is long, or takes much work."""
    return len(body) > SIZES.sliced or is_much(body, visits_values=visits_values)


def is_much(body: bytes, *, visits_values: bool) -> bool:
    """Return whether a body must be read piece by piece, however few bytes it has.

    Args:
        body: The body.
        visits_values: Whether Python visits each of its values.
    """
    samples = _samples(body)
    marks = samples.translate(None, _NO_MARKS if visits_values else _NO_BRACKETS)
    if len(marks) * len(body) > MOST_VALUES * len(samples):
        return True
    return _is_great(samples) is not None


def has_great_exponents(body: bytes) -> bool:
    """Return whether a good part of a body may be numbers with great exponents."""
    return _is_great(_samples(body)) is not None


def _samples(body: bytes) -> bytes:
    return _joined(_TAKE[getrandbits(3)](body, getrandbits(12)))
