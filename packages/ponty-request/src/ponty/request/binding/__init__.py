"""Binding: a handler is called with the values of its request's fields, or the request is refused.

::

    at import   class of fields, handler ── expect ── handlers (do they match?) ──> bound handler
    a request   ── reading ──┬── values ── handler ── leaving (of scopes) ──> answer
                             └── refusals ──> one error that names every fault

`handle` binds a handler to a class with an endpoint, and adds the route that the endpoint describes.
"""
