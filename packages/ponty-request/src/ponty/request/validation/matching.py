"""What matches the patterns of schemas: jsonschema-rs in linear time, or Python's own engine where that is safe."""

from typing import Any

from ponty.request.validation.assertions import Matches
from ponty.request.validation.patterns import UnsafePatternError, compile_bounded

speedups: Any
"""What of Ponty needs jsonschema-rs; None without it."""

try:
    from ponty.request.validation import jsonschema_rs_backend as _speedups
except ImportError:
    speedups = None
else:
    speedups = _speedups


def make_matches(pattern: str, *, fast: bool) -> Matches:
    """Compile a pattern, to be searched for.

    Args:
        pattern: A regular expression of ECMA 262.
        fast: Whether to use jsonschema-rs.

    Raises:
        ValueError: It is none, or cannot be matched in a bounded time.
    """
    if fast:
        matches: Matches = speedups.make_matches(pattern)
        return matches
    try:
        search = compile_bounded(pattern).search
    except UnsafePatternError as error:
        raise ValueError(
            f"the pattern {pattern!r} cannot be used, since {error}; ponty-request[speedups] takes any pattern "
            "without look-around and back references"
        ) from None
    return lambda text: search(text) is not None
