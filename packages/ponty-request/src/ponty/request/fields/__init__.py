"""Fields: each reads one part of an HTTP request, and the modules are named after these parts.

::

    at import   class of fields ── plan, value_types ──> the order in which they are read
    a request   request ── parameters (path, query, header, cookie) │ bodies │ guards │ raw ──> value, or InvalidField
                program ── provided │ scoped ──> value
    a client    value ── parameters │ bodies │ guards ──> outgoing

`base` is what all of them share: `Field`, which reads a part, and `Description`, which says what the part is. The
folders stand above it.
"""
