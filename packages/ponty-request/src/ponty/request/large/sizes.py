"""How large the pieces are in which a large body is read; tests make them small."""

import msgspec

LARGE: int = 64 * 1024
"""From how many bytes on a body is read in steps, between which other requests have their turn."""

MANY: int = 4096
"""From how many objects on a body is read piece by piece, however few bytes it has: by its defaults, `{}` may stand for
dozens of values."""

FEW: int = 3 * MANY
"""Up to how many bytes a body cannot hold as many."""


class Sizes(msgspec.Struct):
    """How large the pieces are.

    Args:
        sliced: From how many bytes on a body is read piece by piece.
        piece: About how many bytes a piece has.
        block: How many bytes are looked through for brackets at once.
        seconds: For how long there is work before others have their turn.
        slices: How many slices one body has before the next large one has some.
    """

    sliced: int = 256 * 1024
    piece: int = 96 * 1024
    block: int = 8192
    seconds: float = 0.002
    slices: int = 16


SIZES = Sizes()
"""Those that are in use."""
