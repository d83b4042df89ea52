"""Texts that stand for values: one function for each format, which both checks a text and reads it.

The validators check the JSON Schema `format` of the same name with the same function, so a text that they admit can be
read. The formats are those of RFC 3339, stricter than Python's: ASCII digits, no blanks, no other notation of ISO 8601.
"""

import binascii
import datetime
import decimal
import ipaddress
import re
import uuid
from collections.abc import Callable

_TIME_TEXT = r"((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.([0-9]{1,100}))?"
_OFFSET_TEXT = r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_TIME = re.compile(_TIME_TEXT + _OFFSET_TEXT + "?")
_DATE_TIME = re.compile(f"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[Tt]{_TIME_TEXT}{_OFFSET_TEXT}")
_DURATION = re.compile(
    r"(-)?P(?:([0-9]{1,10})W|(?=[0-9T])(?:([0-9]{1,10})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,10})H)?(?:([0-9]{1,10})M)?(?:([0-9]{1,12})(?:\.([0-9]{1,9}))?S)?)?)"
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_PREFIX_LENGTH = re.compile(r"/(?:0|[1-9][0-9]{0,2})\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,1000}(?:\.[0-9]{1,1000})?(?:[Ee][+-]?[0-9]{1,3})?")


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError("not of the format")
    return match


def parse_date(text: str) -> datetime.date:
    """Read a full-date (RFC 3339 §5.6)."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
        raise ValueError("not of the format")  # it may be ISO 8601, but it is not RFC 3339
    return datetime.date.fromisoformat(text)


def parse_date_time(text: str) -> datetime.datetime:
    """Read a date-time (RFC 3339 §5.6), which has an offset; digits finer than microseconds are dropped."""
    day, clock, fraction, offset = _match(_DATE_TIME, text).groups()
    read = datetime.datetime.fromisoformat(f"{day}T{_clock(clock, fraction, offset)}")
    try:
        read.astimezone(datetime.UTC)
    except OverflowError:
        raise ValueError("not a time that can be compared with others") from None
    return read


def parse_time(text: str) -> datetime.time:
    """Read a partial-time (RFC 3339 §5.6) that may have an offset."""
    return datetime.time.fromisoformat(_clock(*_match(_TIME, text).groups()))


def _clock(clock: str, fraction: str | None, offset: str | None) -> str:
    return f"{clock}.{(fraction or '')[:6]:0<6}{(offset or '').upper().replace('Z', '+00:00')}"


def parse_duration(text: str) -> datetime.timedelta:
    """Read a duration (RFC 3339 appendix A) without years and months; it may have a sign and a fraction of seconds."""
    sign, weeks, days, hours, minutes, seconds, fraction = _match(_DURATION, text).groups("")
    try:
        return datetime.timedelta(
            weeks=int(weeks or 0),
            days=int(days or 0),
            hours=int(hours or 0),
            minutes=int(minutes or 0),
            seconds=int(seconds or 0),
            microseconds=int(f"{fraction[:6]:0<6}"),
        ) * (-1 if sign else 1)
    except OverflowError:
        raise ValueError("longer than a timedelta") from None


def parse_uuid(text: str) -> uuid.UUID:
    """Read a UUID in its hyphenated form (RFC 9562 §4)."""
    return uuid.UUID(_match(_UUID, text)[0])


def parse_decimal(text: str) -> decimal.Decimal:
    """Read a decimal number: digits, a point, and an exponent of three digits at most; no NaN and no infinity."""
    return decimal.Decimal(_match(_DECIMAL, text)[0])


def parse_ipv4(text: str) -> ipaddress.IPv4Address:
    """Read an IPv4 address in four decimal numbers without leading zeros (RFC 2673 §3.2)."""
    return ipaddress.IPv4Address(text)


def parse_ipv6(text: str) -> ipaddress.IPv6Address:
    """Read an IPv6 address (RFC 4291 §2.2) without a zone."""
    if "%" in text:
        raise ValueError("a zone is of one machine alone")
    return ipaddress.IPv6Address(text)


def parse_ipv4_network(text: str) -> ipaddress.IPv4Network:
    """Read an IPv4 network: an address whose host bits are zero, and the length of the prefix (RFC 4632)."""
    return ipaddress.IPv4Network(_with_prefix_length(text))


def parse_ipv6_network(text: str) -> ipaddress.IPv6Network:
    """Read an IPv6 network: an address whose host bits are zero, and the length of the prefix."""
    return ipaddress.IPv6Network(_with_prefix_length(text))


def parse_ipv4_interface(text: str) -> ipaddress.IPv4Interface:
    """Read an IPv4 address, and the length of the prefix of its network."""
    return ipaddress.IPv4Interface(_with_prefix_length(text))


def parse_ipv6_interface(text: str) -> ipaddress.IPv6Interface:
    """Read an IPv6 address, and the length of the prefix of its network."""
    return ipaddress.IPv6Interface(_with_prefix_length(text))


def _with_prefix_length(text: str) -> str:
    if "%" in text or _PREFIX_LENGTH.search(text) is None:
        raise ValueError("not of the format")
    return text


def parse_base64(text: str) -> bytes:
    """Read base64 (RFC 4648 §4), padded and without line breaks."""
    return binascii.a2b_base64(text, strict_mode=True)


FORMATS: dict[str, Callable[[str], object]] = {
    "date": parse_date,
    "date-time": parse_date_time,
    "time": parse_time,
    "duration": parse_duration,
    "uuid": parse_uuid,
    "decimal": parse_decimal,
    "base64": parse_base64,
    "ipv4": parse_ipv4,
    "ipv6": parse_ipv6,
    "ipv4-network": parse_ipv4_network,
    "ipv6-network": parse_ipv6_network,
    "ipv4-interface": parse_ipv4_interface,
    "ipv6-interface": parse_ipv6_interface,
}
"""The formats that are enforced, and the functions that read them. Any other format is an annotation, and is not
checked."""

EXPECTED: dict[str, str] = {
    "date": "a date, as 2026-02-28",
    "date-time": "a date and time with an offset, as 2026-02-28T13:30:00Z",
    "time": "a time, as 13:30:00Z",
    "duration": "a duration, as P1DT2H30M",
    "uuid": "a UUID, as 123e4567-e89b-12d3-a456-426614174000",
    "decimal": "a decimal number, as 1.50",
    "base64": "base64 (RFC 4648 §4)",
    "ipv4": "an IPv4 address, as 192.0.2.1",
    "ipv6": "an IPv6 address, as 2001:db8::1",
    "ipv4-network": "an IPv4 network, as 192.0.2.0/24",
    "ipv6-network": "an IPv6 network, as 2001:db8::/32",
    "ipv4-interface": "an IPv4 interface, as 192.0.2.1/24",
    "ipv6-interface": "an IPv6 interface, as 2001:db8::1/32",
}
"""What a text of these formats is, for messages. The examples are valid in any schema of the format."""


def checker(name: str) -> Callable[[object], bool]:
    """Make the function by which a validator checks the format; a value that is no text always passes."""
    parse = FORMATS[name]

    def check(value: object) -> bool:
        if not isinstance(value, str):
            return True
        try:
            parse(value)
        except ValueError:
            return False
        return True

    return check
