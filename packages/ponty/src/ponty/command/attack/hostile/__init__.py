"""What is hostile about a request: each function takes a valid one, and makes it one of its kind.

::

    kinds (which fit an operation?) ──┬── heads ──┬──> a request that could break something
                                      └── bodies ─┘

They are made to find what is known to break servers: values of the wrong type, size and shape in each place, bodies
that cost more to refuse than to send, and bytes that are no request.
"""
