"""Large bodies are read in slices, so that other requests need not wait for them.

::

    bytes -> outline -> cuts -> typed ─────────────────────────┐
                         └────> plain -> reduction (validity) ─┴-> building -> value, then release

`parser` goes this way, and `turns` lets other requests have their turn between the slices. `sizes` says how large a
piece is, and `weight` which bodies are read like this.
"""
