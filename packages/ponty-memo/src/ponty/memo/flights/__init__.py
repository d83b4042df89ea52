"""A miss: one computation per key, whoever waits for it.

::

    miss -> memoizer -> table (who computes this key?) -> flight (wait for it, or begin it) -> value or failure

`deadlocks` refuses a wait that could never end, `exception_copies` makes a failure that is raised to many,
and `invalidation` keeps a key from being computed while what it depends on is changed.
"""
