"""How much of a form is read: each limit by its name, and the refusal of what goes beyond."""

import msgspec

from ponty.request.errors import InvalidField

MAX_NAME = 256
"""How many characters the name of a field may have."""

MAX_HEADERS = 8
"""How many headers a part may have; RFC 7578 knows three."""

MAX_HEADER = 4096
"""How many bytes a header of a part may have."""


class FormLimits(msgspec.Struct, frozen=True):
    """The limits of a form.

    Args:
        max_size: Bytes of the whole body, its content encoding undone; None for what the route allows any body.
        max_file_size: Bytes of a file; None for as many as the body may have.
        max_field_size: Bytes of the text of a field.
        max_text_size: Bytes of all texts together.
        max_parts: Fields and files together, each counted as often as it comes.

    Raises:
        ValueError: A limit is below one.
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
                raise ValueError(f"ParsedForm: {name} is at least 1, not {value!r}")


def too_large(detail: str, pointer: str = "") -> InvalidField:
    """Return the refusal of a form that goes beyond a limit: a 413."""
    return InvalidField(detail, status=413, pointer=pointer, code="too_large")
