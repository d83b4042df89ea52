"""Fields: each takes one part of an HTTP request, named after the place that it has there.

::

    at import   class of fields ── plan, value_types ──> the order in which they are read
    a request   request ── parameters (path, query, header, cookie) │ bodies │ guards │ raw ──> value, or InvalidField
                program ── provided │ scoped ──> value
    a client    value ── parameters │ bodies │ guards ──> outgoing

`base` is what all of them are: `Field`, which reads a part, and `Description`, which says what it takes. The folders
stand above it.
"""
