"""Where values are kept, and for how long.

::

    memoizer -> backend -> local_backend -> lru          in this process
                        -> cache_store (the user's own)  anywhere else

`lifetimes` computes how long a value is fresh.
"""
