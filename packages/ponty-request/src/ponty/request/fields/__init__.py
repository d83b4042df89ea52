"""Fields: each takes one part of an HTTP request, named after the place that it has there.

::

    request ── parameters (path, query, header, cookie) │ bodies │ guards │ raw ──> value, or InvalidField
    program ── provided │ scoped ──> value

`base` is what all of them are: `Field`, which reads a part, and `Description`, which says what it takes. The folders
stand above it.
"""
