"""The limits of a form, and the refusal of a form that exceeds one."""

import msgspec

from ponty.request.errors import InvalidField

MAX_NAME = 256
"""The most characters of a field's name."""

MAX_HEADERS = 8
"""The most headers of a part; RFC 7578 has three."""

MAX_HEADER = 4096
"""The most bytes of a part's header."""


class FormLimits(msgspec.Struct, frozen=True):
    """The limits of a form.

    Args:
        max_size: Bytes of the whole body, after its content encoding is undone; None for the limit of the route.
        max_file_size: Bytes of one file; None for as many as the body may have.
        max_field_size: Bytes of the text of one field.
        max_text_size: Bytes of all texts together.
        max_parts: Fields and files together; a name that is repeated counts each time.

    Raises:
        ValueError: A limit is below 1.
    """

    max_size: int | None = None
    max_file_size: int | None = None
    max_field_size: int = 256 * 1024
    max_text_size: int = 1024 * 1024
    max_parts: int = 1000

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"ParsedForm: {name} must be at least 1, not {value!r}")


def too_large(detail: str, pointer: str = "") -> InvalidField:
    """Return the refusal of a form that exceeds a limit: a 413."""
    return InvalidField(detail, status=413, pointer=pointer, code="too_large")
