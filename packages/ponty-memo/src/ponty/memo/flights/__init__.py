"""A cache miss: one computation per key, which all callers share (single flight).

::

    miss -> memoizer -> table (who computes this key?) -> flight (wait for it, or begin it) -> value or failure

`deadlocks` refuses a wait that could never end, `exception_copies` copies a failure for each caller, and `invalidation`
keeps a key from being computed while the data that it depends on is changed.
"""
