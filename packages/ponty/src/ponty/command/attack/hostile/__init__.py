"""Hostile requests: each function takes a valid request and returns a hostile variant of it.

::

    kinds (which fit an operation?) ──┬── heads ──┬──> a request that could break something
                                      └── bodies ─┘

They are of the kinds that are known to break servers: values of the wrong type, size and shape in each place, bodies
that cost more to refuse than to send, and bytes that are not a request.
"""
