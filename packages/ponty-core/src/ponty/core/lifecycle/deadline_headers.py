"""Deadline headers: a service tells another one how long it still waits.

HTTP has no standard for this. Both headers that are in use say how much time is left, not when it ends, since clocks
differ.
"""

import re
from typing import Final, Literal, get_args

DeadlineHeader = Literal["X-Envoy-Expected-Rq-Timeout-Ms", "Grpc-Timeout"]
"""The name of a header that says how long the caller still waits."""

ENVOY_TIMEOUT: Final = "X-Envoy-Expected-Rq-Timeout-Ms"

_MILLISECONDS = re.compile("[0-9]{1,10}")
_GRPC = re.compile("([0-9]{1,8})([HMSmun])")
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_MOST_GRPC = 99_999_999


def check_header(user: str, header: object) -> None:
    """Refuse the name of an unknown header.

    Raises:
        ValueError: The header is unknown.
    """
    known = get_args(DeadlineHeader)
    if header not in known:
        raise ValueError(f"{user}: the header must be {' or '.join(map(repr, known))}, not {header!r}")


def read_seconds(header: DeadlineHeader, text: str) -> float | None:
    """Return the seconds in the value of a header; None if it is malformed."""
    if header == ENVOY_TIMEOUT:
        return int(text) / 1000 if _MILLISECONDS.fullmatch(text) else None
    match = _GRPC.fullmatch(text)
    return int(match[1]) * _UNITS[match[2]] if match else None


def write_seconds(header: DeadlineHeader, seconds: float) -> str:
    """Return the value of a header for a time: in whole milliseconds, or in seconds if these have too many digits."""
    milliseconds = int(seconds * 1000)
    if header == ENVOY_TIMEOUT:
        return str(milliseconds)
    return f"{milliseconds}m" if milliseconds <= _MOST_GRPC else f"{min(int(seconds), _MOST_GRPC)}S"
