"""From a client's text to a value."""

CAST_ERRORS = (ValueError, LookupError, TypeError, ArithmeticError)
"""The errors by which a function that makes a value from text may refuse the text."""

DIGITS = "a non-negative integer, in the digits 0 to 9"
"""What `parse_digits` accepts, for messages."""


def parse_digits(text: str) -> int:
    """Read ASCII digits as an int.

    Raises:
        ValueError: The text has other characters (a sign, a blank, an underscore, digits of another script), is empty,
            or has more digits than `int` takes (4,300, unless `sys.set_int_max_str_digits` says otherwise).
    """
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"not {DIGITS}")
    return int(text)
