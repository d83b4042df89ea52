"""The decorators that memoize a coroutine function, and `invalidate`.

::

    options -> cache, local -> keys (the wrapper) + flights (the memoizer) + locks + stores -> memoized

`cache` keeps values in a store of the user's own, `local` in the memory of this process. Each makes the parts of a
cache from its options. `memoized` adds the methods to the wrapper, and registers the name of the cache in the
`registry`, where `invalidate` finds it.
"""
