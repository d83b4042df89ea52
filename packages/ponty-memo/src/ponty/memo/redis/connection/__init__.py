"""How this process talks with one Redis: commands and their answers, messages, and what to do without an answer.

::

    link -> circuit_breaker (is Redis there?) -> command -> slots (a free connection?) -> redis-py
    pubsub -> those who listen

`orphaned_locks` gives back what was locked while the answer was lost. `script` is a command that Redis runs whole.
"""
