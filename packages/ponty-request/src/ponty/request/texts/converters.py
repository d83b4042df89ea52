"""From a client's text to a value."""

CAST_ERRORS = (ValueError, LookupError, TypeError, ArithmeticError)
"""What a function that makes a value of text may raise to refuse it."""

DIGITS = "a non-negative integer, in the digits 0 to 9"
"""What `parse_digits` takes, for messages."""


def parse_digits(text: str) -> int:
    """Read ASCII digits as an int.

    Raises:
        ValueError: There is something else (a sign, a blank, an underscore, digits of another script), nothing, or more
            digits than `int` takes (4,300, unless `sys.set_int_max_str_digits` says otherwise).
    """
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"not {DIGITS}")
    return int(text)
