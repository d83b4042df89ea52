"""Large bodies are read in slices, so that they hold nobody up.

::

    bytes -> outline -> cuts -> typed ─────────────────────────┐
                         └────> plain -> reduction (validity) ─┴-> building -> value, then release

`turns` lets others have theirs between the slices.
"""
