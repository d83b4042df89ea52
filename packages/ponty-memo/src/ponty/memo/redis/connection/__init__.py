"""How this process talks with one Redis: commands and their answers, messages, and what to do without an answer.

::

    shared_links -> link -> circuit_breaker (is Redis there?) -> command -> pipeline (a free connection?) -> clients
    pubsub -> those who listen

`failures` tells what goes wrong as one error. `orphaned_locks` gives back what was locked while the answer was lost.
`script` is a command that Redis runs whole.
"""
