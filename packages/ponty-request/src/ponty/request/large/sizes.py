"""How large the pieces are in which a large body is read; tests make them small."""

import msgspec

LARGE: int = 64 * 1024
"""A body of more bytes is read in steps, between which other requests have their turn."""

MANY: int = 4096
"""A body of more objects is read piece by piece, however few bytes it has: because of defaults, `{}` may stand for
dozens of values."""

FEW: int = 3 * MANY
"""A body of up to this many bytes cannot have as many objects."""


class Sizes(msgspec.Struct):
    """How large the pieces are.

    Args:
        sliced: A body of more bytes is read piece by piece.
        piece: About how many bytes a piece has.
        block: How many bytes are searched for brackets at once.
        seconds: For how many seconds the work goes on before other requests have their turn.
        slices: How many slices one body has before the next large one has its turn.
    """

    sliced: int = 256 * 1024
    piece: int = 96 * 1024
    block: int = 8192
    seconds: float = 0.002
    slices: int = 16


SIZES = Sizes()
"""The sizes that are in use."""
