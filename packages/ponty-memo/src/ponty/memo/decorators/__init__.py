"""What a user writes above a coroutine function: the ways to say how a cache is made.

::

    options -> cache, local -> keys (the wrapper) + flights (the memoizer) + locks + stores -> memoized

`cache` is over a store of the user's own, `local` over the memory of this process. Each makes the parts of a cache from
its options, and `memoized` gives the wrapper its methods and the cache its name, by which `invalidate` finds it in the
`registry`.
"""
