"""The headers in which one service tells another how long it still waits.

There is no standard for HTTP. Both that are in use say how much time is left, not when it is over, as clocks differ.
"""

import re
from typing import Final, Literal, get_args

DeadlineHeader = Literal["X-Envoy-Expected-Rq-Timeout-Ms", "Grpc-Timeout"]
"""A header that tells how long whoever asks still waits."""

ENVOY_TIMEOUT: Final = "X-Envoy-Expected-Rq-Timeout-Ms"

_MILLISECONDS = re.compile("[0-9]{1,10}")
_GRPC = re.compile("([0-9]{1,8})([HMSmun])")
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_MOST_GRPC = 99_999_999


def check_header(user: str, header: object) -> None:
    """Refuse a header that is none of these.

    Raises:
        ValueError: It is another.
    """
    known = get_args(DeadlineHeader)
    if header not in known:
        raise ValueError(f"{user}: the header is {' or '.join(map(repr, known))}, not {header!r}")


def read_seconds(header: DeadlineHeader, text: str) -> float | None:
    """Return the seconds that a header tells; None where it is malformed."""
    if header == ENVOY_TIMEOUT:
        return int(text) / 1000 if _MILLISECONDS.fullmatch(text) else None
    match = _GRPC.fullmatch(text)
    return int(match[1]) * _UNITS[match[2]] if match else None


def write_seconds(header: DeadlineHeader, seconds: float) -> str:
    """Return how a header tells seconds: in whole milliseconds, or in seconds where there is no room for these."""
    milliseconds = int(seconds * 1000)
    if header == ENVOY_TIMEOUT:
        return str(milliseconds)
    return f"{milliseconds}m" if milliseconds <= _MOST_GRPC else f"{min(int(seconds), _MOST_GRPC)}S"
