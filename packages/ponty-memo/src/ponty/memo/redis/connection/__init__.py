"""How this process communicates with one Redis: commands and answers, messages, and failures.

::

    shared_links -> link -> circuit_breaker (is Redis there?) -> command -> pipeline (a free connection?) -> clients
    pubsub -> listeners

`failures` turns all errors into `Unavailable`. `orphaned_locks` releases locks that Redis may have taken although its
answer was lost. `script` is a Lua script, which Redis runs atomically.
"""
