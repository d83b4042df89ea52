"""Large bodies are read in slices, so that they hold nobody up.

::

    bytes -> outline -> cuts -> typed ─────────────────────────┐
                         └────> plain -> reduction (validity) ─┴-> building -> value, then release

`parser` goes this way, and `turns` lets others have theirs between the slices. `sizes` says how large a piece is, and
`weight` which bodies are read so.
"""
